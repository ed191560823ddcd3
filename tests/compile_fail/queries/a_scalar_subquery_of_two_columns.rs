use tests::queries::*;

fn main() {
    let _ = Product::query().select((Product::ID, Product::PRICE)).as_scalar();
}
