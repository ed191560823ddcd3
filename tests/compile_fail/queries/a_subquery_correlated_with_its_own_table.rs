use orm_core::prelude::*;
use tests::queries::*;

fn main() {
    let _ = User::query().correlate::<User>().filter(User::ID.gt(1));
}
