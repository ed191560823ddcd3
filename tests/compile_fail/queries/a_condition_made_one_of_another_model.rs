use orm_core::prelude::*;
use tests::queries::*;

fn main() {
    let _: Filter<User> = Order::USER_ID.is_null().for_model();
}
