use orm_core::Model;

#[derive(Model, Debug, Clone)]
struct Product {
    #[orm(primary_key)]
    id: i32,
    #[orm(computed = "price * 2", default = 0)]
    double: i32,
}

fn main() {}
