use orm_core::prelude::*;
use tests::queries::*;

fn main() {
    let orders = Order::query().correlate::<User>().filter(Order::USER_ID.eq(User::ID));
    let _ = Product::query().filter(exists(orders));
}
