use orm_core::prelude::*;
use tests::queries::*;

async fn names(mut engine: Engine) {
    let _ = User::query().select((User::ID, User::USERNAME)).to_map(&mut engine).await;
}

fn main() {
    let _ = names;
}
