use orm_core::prelude::*;
use tests::queries::*;

async fn names(db: &mut Session) {
    let _ = db.query(User::ALL);
}

fn main() {
    let _ = names;
}
