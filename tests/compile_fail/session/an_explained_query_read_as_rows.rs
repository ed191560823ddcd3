use orm_core::prelude::*;
use tests::queries::User;

async fn users(db: &mut Session) -> orm_core::Result<Vec<Handle<User>>> {
    User::query().explain(db).await
}

fn main() {
    let _ = users;
}
