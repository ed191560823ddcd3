use orm_core::Model;

#[derive(Model, Debug, Clone)]
struct Category {
    #[orm(primary_key)]
    id: i32,
}

#[derive(Model, Debug, Clone)]
struct Product {
    #[orm(primary_key)]
    id: i32,
    #[orm(belongs_to(category: Category, cascade(delete_orphan)))]
    category_id: i32,
}

fn main() {}
