use orm_core::prelude::*;
use tests::queries::*;

async fn add(engine: Engine) -> orm_core::Result<()> {
    engine
        .transaction(async |db| {
            db.add(User::create().username("ann").email("ann@example.org"));
            Ok(())
        })
        .await?;
    Ok(())
}

fn main() {
    let _ = add;
}
