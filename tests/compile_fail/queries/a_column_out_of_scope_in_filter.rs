use orm_core::prelude::*;
use tests::queries::*;

fn main() {
    let _ = User::query().filter(Order::STATUS.eq(OrderStatus::Pending));
}
