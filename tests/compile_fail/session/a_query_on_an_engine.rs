use orm_core::prelude::*;
use tests::queries::*;

async fn users(mut engine: Engine) {
    let _ = User::query().all(&mut engine).await;
}

fn main() {
    let _ = users;
}
