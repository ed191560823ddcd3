use orm_core::prelude::*;
use tests::queries::*;

async fn names(db: &mut Session) -> orm_core::Result<()> {
    for user in User::query().all(db).await? {
        println!("{}", user.username);
    }
    Ok(())
}

fn main() {
    let _ = names;
}
