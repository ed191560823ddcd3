use orm_core::prelude::*;
use tests::queries::*;

fn main() {
    let _ = User::query().select(count_all().filter(count(User::ID).gt(1)));
}
