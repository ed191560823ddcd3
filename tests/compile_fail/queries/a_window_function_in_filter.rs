use orm_core::prelude::*;
use tests::queries::*;

fn main() {
    let place = row_number().over(window().order_by(Product::PRICE));
    let _ = Product::query().filter(place.le(3));
}
