use orm_core::prelude::*;
use tests::queries::*;

fn categorize(db: &mut Session, product: Handle<Product>, category: Handle<Category>) {
    db.push(product, Product::CATEGORY, category);
}

fn main() {
    let _ = categorize;
}
