use orm_core::prelude::*;
use tests::queries::*;

async fn load(db: &mut Session, user: Handle<User>) {
    db.load(user, Product::CATEGORY).await.unwrap();
}

fn main() {
    let _ = load;
}
