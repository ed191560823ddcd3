use orm_core::prelude::*;
use tests::queries::*;

fn main() {
    let _ = Product::query().update(Product::STOCK_QUANTITY.set(max(Product::STOCK_QUANTITY)));
}
