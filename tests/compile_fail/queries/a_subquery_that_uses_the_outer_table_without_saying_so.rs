use orm_core::prelude::*;
use tests::queries::*;

fn main() {
    let orders = Order::query().filter(Order::USER_ID.eq(User::ID));
    let _ = User::query().filter(exists(orders));
}
