use orm_core::prelude::*;
use tests::queries::*;

async fn add(engine: Engine) -> orm_core::Result<()> {
    engine
        .transaction(|db| async {
            db.add(User::create().username("ann").email("ann@example.org"));
            Ok(())
        })
        .await
}

fn main() {
    let _ = add;
}
