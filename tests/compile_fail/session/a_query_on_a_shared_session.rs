use orm_core::prelude::*;
use tests::queries::*;

async fn users(db: &Session) {
    let _ = User::query().all(db).await;
}

fn main() {
    let _ = users;
}
