use orm_core::prelude::*;
use tests::queries::*;

fn category(db: &Session, user: Handle<User>) {
    let _ = db.related(user, Product::CATEGORY);
}

fn main() {
    let _ = category;
}
