use orm_core::prelude::*;
use tests::queries::User;

async fn rename(db: &mut Session) -> orm_core::Result<()> {
    let mut users = User::query().stream(db).await?;
    while let Some(user) = users.try_next().await? {
        let same = User::query().filter(User::USERNAME.eq(&user.username)).count(db).await?;
        println!("{same} of {}", user.username);
    }
    Ok(())
}

fn main() {
    let _ = rename;
}
