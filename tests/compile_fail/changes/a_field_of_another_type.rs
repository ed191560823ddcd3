use orm_core::{Changes, Model};

#[derive(Model, Debug, Clone)]
struct Product {
    #[orm(primary_key)]
    id: i32,
    name: String,
    price: i32,
    description: Option<String>,
}

#[derive(Changes)]
#[orm(model = Product)]
struct ProductPatch {
    price: Option<i64>,
}

fn main() {}
