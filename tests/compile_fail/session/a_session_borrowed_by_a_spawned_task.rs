use orm_core::prelude::*;
use tests::queries::*;

async fn in_the_background(engine: &Engine) {
    let mut db = engine.session();
    tokio::spawn(async { User::query().all(&mut db).await });
}

fn main() {
    let _ = in_the_background;
}
