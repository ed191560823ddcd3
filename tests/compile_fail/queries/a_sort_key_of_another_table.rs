use tests::queries::*;

fn main() {
    let _ = User::query().sort_by("name", |keys| keys.key("name", Product::NAME));
}
