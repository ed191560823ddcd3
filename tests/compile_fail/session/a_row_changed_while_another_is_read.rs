use orm_core::prelude::*;
use tests::queries::*;

fn copy(db: &mut Session, one: Handle<User>, other: Handle<User>) {
    let from = &db[one];
    db[other].email.clone_from(&from.email);
}

fn main() {
    let _ = copy;
}
