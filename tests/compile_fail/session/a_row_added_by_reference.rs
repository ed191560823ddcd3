use orm_core::prelude::*;
use tests::queries::*;

fn add(db: &mut Session, user: User) {
    db.add(&user);
}

fn main() {
    let _ = add;
}
