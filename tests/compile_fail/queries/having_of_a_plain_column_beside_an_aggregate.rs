use orm_core::prelude::*;
use tests::queries::*;

fn main() {
    let _ = User::query().select(count_all()).having(User::ID.gt(1));
}
