use orm_core::Model;

#[derive(Model, Debug, Clone)]
struct Category {
    #[orm(primary_key)]
    id: i32,
    #[orm(unique)]
    code: String,
}

#[derive(Model, Debug, Clone)]
struct Product {
    #[orm(primary_key)]
    id: i32,
    #[orm(belongs_to(category: Category, references(code)))]
    category_code: i32,
}

fn main() {}
