use tests::queries::*;

fn main() {
    let _ = User::query().left_join(Product::TAGS);
}
