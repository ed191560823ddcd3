use orm_core::Model;

#[derive(Model, Debug, Clone)]
#[orm(index(parent), index(title))]
struct Product {
    #[orm(primary_key)]
    id: i32,
    #[orm(belongs_to(parent: Product))]
    parent_id: Option<i32>,
    #[orm(column = "title")]
    name: String,
}

fn main() {}
