use orm_core::prelude::*;
use tests::queries::*;

async fn run(db: &mut Session) -> orm_core::Result<()> {
    let orders = Order::query().correlate::<User>().filter(Order::USER_ID.eq(User::ID));
    orders.count(db).await?;
    Ok(())
}

fn main() {}
