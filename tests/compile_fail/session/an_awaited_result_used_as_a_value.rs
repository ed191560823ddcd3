use orm_core::prelude::*;
use tests::queries::*;

async fn users(db: &mut Session) -> orm_core::Result<usize> {
    Ok(User::query().all(db)?.len())
}

fn main() {
    let _ = users;
}
