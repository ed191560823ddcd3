use orm_core::Model;

#[derive(Model, Debug, Clone)]
struct Product {
    #[orm(primary_key)]
    id: i32,
    size: Option<char>,
}

fn main() {}
