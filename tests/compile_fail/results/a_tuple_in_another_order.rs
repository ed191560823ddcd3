use orm_core::prelude::*;
use tests::queries::*;

async fn names(db: &mut Session) {
    let _: Vec<(String, i32)> = User::query().select((User::ID, User::USERNAME)).all(db).await.unwrap();
}

fn main() {
    let _ = names;
}
