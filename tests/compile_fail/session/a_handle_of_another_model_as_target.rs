use orm_core::prelude::*;
use tests::queries::*;

fn categorize(db: &mut Session, product: Handle<Product>, user: Handle<User>) {
    db.set(product, Product::CATEGORY, user);
}

fn main() {
    let _ = categorize;
}
