use orm_core::prelude::*;
use tests::queries::*;

fn give(db: &mut Session, user: Handle<User>, order: Handle<Order>) {
    db.set(user, User::ORDERS, [order]);
}

fn main() {
    let _ = give;
}
