use orm_core::prelude::*;
use tests::queries::*;

async fn greet(db: &mut Session, user: Handle<User>) -> orm_core::Result<()> {
    let row = &db[user];
    let others = User::query().filter(User::ID.ne(row.id)).all(db).await?;
    println!("{} and {} others", row.username, others.len());
    Ok(())
}

fn main() {
    let _ = greet;
}
