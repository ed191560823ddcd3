use orm_core::prelude::*;
use tests::queries::User;

async fn users(db: &mut Session) -> orm_core::Result<Vec<User>> {
    User::query().plain().with(User::ORDERS).all(db).await
}

fn main() {
    let _ = users;
}
