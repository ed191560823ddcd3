use orm_core::Model;

#[derive(Model, Debug, Clone)]
struct Product {
    #[orm(primary_key = true)]
    id: i32,
}

fn main() {}
