use orm_core::Model;

#[derive(Model, Debug, Clone)]
#[orm(table = "")]
struct Product {
    #[orm(primary_key)]
    id: i32,
}

fn main() {}
