use orm_core::prelude::*;
use tests::queries::*;

fn main() {
    let _ = User::query().join(User::ORDERS).having(count(Order::ID).gt(3));
}
