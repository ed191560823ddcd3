use orm_core::Model;

#[derive(Model, Debug)]
struct Product {
    #[orm(primary_key)]
    id: i32,
}

fn main() {}
