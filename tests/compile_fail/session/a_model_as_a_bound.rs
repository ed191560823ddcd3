use orm_core::prelude::*;

async fn all<M: Model>(db: &mut Session) -> orm_core::Result<Vec<Handle<M>>> {
    orm_core::query::entity::<M>().all(db).await
}

fn main() {}
