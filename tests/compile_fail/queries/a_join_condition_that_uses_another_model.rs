use orm_core::prelude::*;
use tests::queries::*;

fn main() {
    let _ = User::query().join_on(Order::ALL, Order::USER_ID.eq(Address::USER_ID));
}
