use orm_core::prelude::*;
use tests::queries::*;

async fn total(db: &mut Session, users: &[Handle<User>]) -> orm_core::Result<()> {
    db.aggregate(users, User::ORDERS, sum(OrderItem::QUANTITY)).await?;
    Ok(())
}

fn main() {
    let _ = total;
}
