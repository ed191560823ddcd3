use orm_core::prelude::*;
use tests::queries::*;

fn main() {
    let _ = User::query().filter(User::USERNAME.contains(5));
}
