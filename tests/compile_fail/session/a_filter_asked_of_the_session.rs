use orm_core::prelude::*;
use tests::queries::*;

async fn names(db: &mut Session) {
    let _ = db.filter(User::USERNAME.eq("ann"));
}

fn main() {
    let _ = names;
}
