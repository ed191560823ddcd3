use orm_core::prelude::*;
use tests::queries::*;

async fn name(db: &mut Session) -> orm_core::Result<()> {
    let user = db.get::<User>(1).await?;
    println!("{}", db[user].username);
    Ok(())
}

fn main() {
    let _ = name;
}
