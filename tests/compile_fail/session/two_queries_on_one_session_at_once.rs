use orm_core::prelude::*;
use tests::queries::*;

async fn both(db: &mut Session) {
    let _ = tokio::join!(User::query().all(db), Order::query().all(db));
}

fn main() {
    let _ = both;
}
