use orm_core::prelude::*;
use tests::queries::*;

async fn try_out(db: &mut Session) -> orm_core::Result<()> {
    let savepoint = db.begin_nested().await?;
    let _ = User::query().all(db).await?;
    savepoint.commit().await
}

fn main() {
    let _ = try_out;
}
