use orm_core::Model;
use orm_core::session::Session;

#[derive(Model, Debug, Clone)]
struct Product {
    #[orm(primary_key)]
    id: i32,
    name: String,
}

async fn insert(db: &mut Session) -> orm_core::Result<()> {
    let _ = db.insert(Product::create()).await?;
    Ok(())
}

fn main() {
    let _ = insert;
}
