use orm_core::prelude::*;
use tests::queries::*;

fn cheaper(db: &mut Session, user: Handle<User>) {
    db[user].stock_quantity = 0;
}

fn main() {
    let _ = cheaper;
}
