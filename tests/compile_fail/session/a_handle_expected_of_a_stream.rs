use orm_core::prelude::*;
use tests::queries::User;

async fn rename(db: &mut Session) -> orm_core::Result<()> {
    let mut users = User::query().stream(db).await?;
    if let Some(user) = users.try_next().await? {
        let handle: Handle<User> = user;
        drop(users);
        db[handle].username = "Ann".to_owned();
    }
    Ok(())
}

fn main() {
    let _ = rename;
}
