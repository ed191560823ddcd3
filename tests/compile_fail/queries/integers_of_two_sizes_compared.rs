use orm_core::prelude::*;
use tests::queries::*;

fn main() {
    let _ = User::query().filter(User::ID.eq(1_i64));
}
