use orm_core::Model;

#[derive(Model, Debug, Clone)]
struct Product {
    #[orm(primary_key)]
    id: i32,
    #[orm(precision = 10, scale = 2)]
    price: f64,
}

fn main() {}
