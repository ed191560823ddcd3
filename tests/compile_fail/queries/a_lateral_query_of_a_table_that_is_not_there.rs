use orm_core::prelude::*;
use tests::queries::*;

fn main() {
    let products = Product::query().correlate::<Category>().filter(Product::CATEGORY_ID.eq(Category::ID)).limit(3);
    let _ = User::query().join_lateral(products).select(Product::ID);
}
