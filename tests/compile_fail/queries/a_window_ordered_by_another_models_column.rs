use orm_core::prelude::*;
use tests::queries::*;

fn main() {
    let place = row_number().over(window().order_by(Order::CREATED_AT));
    let _ = Product::query().select((Product::ID, place));
}
