use tests::queries::*;

fn main() {
    let _ = Product::query().with(Product::CATEGORY.limit(1));
}
