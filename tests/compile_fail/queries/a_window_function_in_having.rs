use orm_core::prelude::*;
use tests::queries::*;

fn main() {
    let place = rank().over(window().order_by(count_all()));
    let _ = Product::query().group_by(Product::CATEGORY_ID).having(place.le(3));
}
