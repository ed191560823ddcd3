use orm_core::prelude::*;
use tests::queries::*;

fn main() {
    let _ = func::percentile_cont(0.5)
        .within_group(Product::PRICE)
        .order_by(Product::ID);
}
