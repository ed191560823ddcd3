use orm_core::prelude::*;
use tests::queries::*;

fn main() {
    let _ = Product::query().select(func::extract(func::Year, Product::NAME));
}
