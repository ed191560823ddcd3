use orm_core::Model;

#[derive(Model, Debug, Clone)]
struct Product {
    #[orm(primary_key)]
    id: i32,
    #[orm(length = 100, sql_type = "citext")]
    name: String,
}

fn main() {}
