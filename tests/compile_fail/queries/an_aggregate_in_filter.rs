use orm_core::prelude::*;
use tests::queries::*;

fn main() {
    let _ = User::query().join(User::ORDERS).filter(count(Order::ID).gt(3));
}
