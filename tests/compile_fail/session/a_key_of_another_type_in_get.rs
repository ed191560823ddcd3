use orm_core::prelude::*;
use tests::queries::*;

async fn user(db: &mut Session) {
    let _ = db.get::<User>("1").await;
}

fn main() {
    let _ = user;
}
