use orm_core::prelude::*;
use tests::queries::*;

fn main() {
    let _ = User::query().join(User::ORDERS).select((User::ALL, count(Order::ID)));
}
