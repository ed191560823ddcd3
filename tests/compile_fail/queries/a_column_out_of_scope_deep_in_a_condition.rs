use orm_core::prelude::*;
use tests::queries::*;

fn main() {
    let _ = User::query().filter(User::ID.gt(1).and(User::IS_ACTIVE.or(Order::USER_ID.eq(User::ID))));
}
