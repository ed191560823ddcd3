use orm_core::prelude::*;
use tests::queries::*;

async fn load(db: &mut Session) -> orm_core::Result<u64> {
    Tag::copy_in([Category::create().name("a")], db).await
}

fn main() {
    let _ = load;
}
