use orm_core::prelude::*;
use tests::queries::*;

async fn rename(db: &mut Session, user: Handle<User>) -> orm_core::Result<()> {
    let row = &mut db[user];
    row.username = "ann".to_owned();
    db.flush().await?;
    row.email = "ann@example.org".to_owned();
    Ok(())
}

fn main() {
    let _ = rename;
}
