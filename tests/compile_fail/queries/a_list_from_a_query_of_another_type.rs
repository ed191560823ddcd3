use orm_core::prelude::*;
use tests::queries::*;

fn main() {
    let names = Product::query().select(Product::NAME);
    let _ = User::query().filter(User::ID.in_query(names));
}
