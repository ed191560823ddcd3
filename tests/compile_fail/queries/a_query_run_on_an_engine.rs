use orm_core::engine::Connection;
use orm_core::prelude::*;
use tests::queries::*;

async fn run(on: &mut Connection) {
    let _ = User::query().all(&mut on.engine().clone()).await;
}

fn main() {
    let _ = run;
}
