use orm_core::prelude::*;
use tests::queries::*;

fn swap(db: &mut Session, one: Handle<User>, other: Handle<User>) {
    std::mem::swap(&mut db[one].email, &mut db[other].email);
}

fn main() {
    let _ = swap;
}
