use orm_core::Model;

#[derive(Model, Debug, Clone)]
struct Product {
    #[orm(primary_key, autoincrement)]
    id: i32,
    #[orm(nullable)]
    name: String,
    #[orm(foreign_key = "categories.id")]
    category_id: i32,
}

fn main() {}
