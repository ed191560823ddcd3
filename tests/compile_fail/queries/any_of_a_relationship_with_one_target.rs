use orm_core::prelude::*;
use tests::queries::*;

fn main() {
    let _ = Product::query().filter(Product::CATEGORY.any(Category::NAME.eq("Laptops")));
}
