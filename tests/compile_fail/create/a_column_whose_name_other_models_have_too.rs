use orm_core::prelude::*;

#[derive(Model, Debug, Clone)]
struct Category {
    #[orm(primary_key)]
    id: i32,
    name: String,
}

#[derive(Model, Debug, Clone)]
struct Product {
    #[orm(primary_key)]
    id: i32,
    name: String,
    #[orm(belongs_to(category: Category))]
    category_id: i32,
}

fn main() {
    let _ = |db: &mut Session| {
        db.add(Category::create().name("Laptops"));
        db.add(Product::create().category_id(1));
    };
}
