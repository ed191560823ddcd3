use orm_core::prelude::*;
use tests::queries::*;

fn main() {
    let _ = Employee::query().select((Employee::ALL, Boss::NAME));
}
