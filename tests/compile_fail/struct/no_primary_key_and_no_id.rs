use orm_core::Model;

#[derive(Model, Debug, Clone)]
struct Product {
    name: String,
    price: i32,
}

fn main() {}
