use orm_core::prelude::*;
use tests::queries::*;

fn main() {
    let _ = User::query().order_by((User::ID, Order::CREATED_AT.desc()));
}
