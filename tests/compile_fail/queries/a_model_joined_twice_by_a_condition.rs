use orm_core::prelude::*;
use tests::queries::*;

fn main() {
    let _ = User::query()
        .left_join(User::ORDERS)
        .join_on(Order::ALL, Order::USER_ID.eq(User::ID))
        .select(Order::ID);
}
