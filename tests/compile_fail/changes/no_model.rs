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
struct ProductPatch {
    name: Option<String>,
}

fn main() {}
