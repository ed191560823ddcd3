use orm_core::Model;

#[derive(Model, Debug, Clone)]
#[orm(primary_key)]
struct Product {
    #[orm(primary_key)]
    id: i32,
}

fn main() {}
