use orm_core::prelude::*;
use tests::queries::*;

async fn store(db: &mut Session) -> orm_core::Result<()> {
    db.merge(User::create().username("ann").email("ann@example.org")).await?;
    Ok(())
}

fn main() {
    let _ = store;
}
