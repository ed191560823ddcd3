use orm_core::prelude::*;
use tests::queries::*;

async fn names(db: &mut Session) -> orm_core::Result<Vec<String>> {
    User::query().order_by(User::USERNAME).all(db).await
}

fn main() {
    let _ = names;
}
