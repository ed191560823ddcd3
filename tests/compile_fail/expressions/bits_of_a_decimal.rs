use tests::queries::*;

fn main() {
    let _ = Product::query().select(Product::PRICE & Product::PRICE);
}
