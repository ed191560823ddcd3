use orm_core::prelude::*;
use tests::queries::*;

fn give(db: &mut Session, user: Handle<User>, product: Handle<Product>) {
    db.push(user, User::ORDERS, product);
}

fn main() {
    let _ = give;
}
