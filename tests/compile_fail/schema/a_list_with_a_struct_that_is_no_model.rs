use orm_core::{Engine, Model};

#[derive(Model, Debug, Clone)]
struct Product {
    #[orm(primary_key)]
    id: i32,
}

struct Basket;

async fn start(engine: Engine) -> orm_core::Result<()> {
    engine.create_all::<(Product, Basket)>().await
}

fn main() {}
