use orm_core::prelude::*;
use tests::queries::*;

fn main() {
    let _ = User::query().select(User::USERNAME.get("a"));
}
