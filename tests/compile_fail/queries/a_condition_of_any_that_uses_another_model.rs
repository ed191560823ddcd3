use orm_core::prelude::*;
use tests::queries::*;

fn main() {
    let _ = User::query().filter(User::ORDERS.any(Product::NAME.eq("Air")));
}
