use orm_core::prelude::*;
use tests::queries::*;

fn take(db: &mut Session, user: Handle<User>) -> User {
    db[user]
}

fn main() {
    let _ = take;
}
