use tests::queries::*;

fn main() {
    let _ = Product::query().select(Product::NAME + 1);
}
