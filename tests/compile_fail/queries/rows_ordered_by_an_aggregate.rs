use orm_core::prelude::*;
use tests::queries::*;

fn main() {
    let _ = User::query().join(User::ORDERS).order_by(count(Order::ID).desc());
}
