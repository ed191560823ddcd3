use orm_core::Model;
use orm_core::types::Json;

#[derive(Model, Debug, Clone)]
struct Product {
    #[orm(primary_key)]
    id: Json<i32>,
}

fn main() {}
