use orm_core::prelude::*;
use tests::queries::*;

async fn ids(db: &mut Session, users: &[Handle<User>]) -> orm_core::Result<()> {
    db.aggregate(users, User::ORDERS, Order::ID).await?;
    Ok(())
}

fn main() {
    let _ = ids;
}
