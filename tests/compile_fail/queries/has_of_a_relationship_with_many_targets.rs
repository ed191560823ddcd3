use orm_core::prelude::*;
use tests::queries::*;

fn main() {
    let _ = User::query().filter(User::ORDERS.has(Order::STATUS.eq(OrderStatus::Pending)));
}
