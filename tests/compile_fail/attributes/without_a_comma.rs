use orm_core::Model;

#[derive(Model, Debug, Clone)]
struct Product {
    #[orm(primary_key column = "product_id")]
    id: i32,
}

fn main() {}
