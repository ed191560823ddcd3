use orm_core::prelude::*;
use tests::queries::*;

fn main() {
    let _ = User::query().with(User::ORDERS.filter(OrderItem::QUANTITY.gt(1)));
}
