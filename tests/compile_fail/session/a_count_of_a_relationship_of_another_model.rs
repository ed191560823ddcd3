use orm_core::prelude::*;
use tests::queries::*;

async fn count(db: &mut Session, users: &[Handle<User>]) -> orm_core::Result<Vec<i64>> {
    db.count_of(users, Order::ITEMS).await
}

fn main() {
    let _ = count;
}
