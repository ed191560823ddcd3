use tests::queries::*;

fn main() {
    let _ = Product::query().select(Product::CATEGORY.count());
}
