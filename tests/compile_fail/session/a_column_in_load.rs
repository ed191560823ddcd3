use orm_core::prelude::*;
use tests::queries::*;

async fn load(db: &mut Session, user: Handle<User>) -> orm_core::Result<()> {
    db.load(user, User::USERNAME).await
}

fn main() {
    let _ = load;
}
