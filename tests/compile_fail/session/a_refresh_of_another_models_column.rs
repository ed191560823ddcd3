use orm_core::prelude::*;
use tests::queries::*;

async fn reread(db: &mut Session, user: Handle<User>) -> orm_core::Result<()> {
    db.refresh(user).columns(Order::STATUS).await?;
    Ok(())
}

fn main() {
    let _ = reread;
}
