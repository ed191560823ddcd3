use orm_core::prelude::*;
use tests::queries::*;

async fn names(mut engine: Engine) {
    let _ = User::query().select((User::IS_ACTIVE, User::USERNAME)).to_ordered_groups(&mut engine).await;
}

fn main() {
    let _ = names;
}
