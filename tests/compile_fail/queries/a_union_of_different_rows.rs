use tests::queries::*;

fn main() {
    let names = Product::query().select(Product::NAME);
    let _ = User::query().select(User::ID).union(names);
}
