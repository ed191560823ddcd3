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
    name: String,
    price: i32,
    description: Option<String>,
    #[orm(belongs_to(category: Category))]
    category_id: i32,
}

fn main() {
    let _ = |db: &mut orm_core::session::Session| db.add(Product::create());
}
