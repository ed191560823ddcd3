use orm_core::prelude::*;
use tests::queries::*;

fn main() {
    let _ = User::query().select(count(User::ID)).order_by(User::USERNAME);
}
