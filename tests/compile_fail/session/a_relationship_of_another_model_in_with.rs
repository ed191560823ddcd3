use orm_core::prelude::*;
use tests::queries::*;

async fn products(db: &mut Session) {
    let _ = User::query().with(Product::CATEGORY).all(db).await;
}

fn main() {
    let _ = products;
}
