use orm_core::prelude::*;
use tests::queries::*;

fn store(db: &mut Session, user: User) -> orm_core::Result<Handle<User>> {
    db.attach(user)
}

fn main() {
    let _ = store;
}
