use orm_core::prelude::*;
use tests::queries::*;

fn main() {
    let orders = Order::query().select(Order::ID);
    let _ = Order::query().filter(Order::ID.not_in(orders));
}
