use orm_core::prelude::*;
use tests::queries::*;

fn names(db: &Session, users: &[Handle<User>]) {
    for user in users {
        println!("{}", db[user].username);
    }
}

fn main() {
    let _ = names;
}
