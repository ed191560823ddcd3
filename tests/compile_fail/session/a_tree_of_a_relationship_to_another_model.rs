use orm_core::prelude::*;
use tests::queries::*;

async fn tree(db: &mut Session, category: Handle<Category>) {
    let _ = db.load(category, Category::PRODUCTS.recursive()).await;
}

fn main() {
    let _ = tree;
}
