use orm_core::Model;

#[derive(Model, Debug, Clone)]
struct Product {
    #[orm(primary_key)]
    id: i32,
    name: String,
    #[orm(column = "name")]
    title: String,
}

fn main() {}
