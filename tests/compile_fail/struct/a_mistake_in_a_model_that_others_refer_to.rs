use orm_core::Model;

#[derive(Model, Debug, Clone)]
#[orm(has_many(products: Product, via = category), tabel = "categories")]
struct Category {
    #[orm(primary_key)]
    id: i32,
}

#[derive(Model, Debug, Clone)]
struct Product {
    #[orm(primary_key)]
    id: i32,
    #[orm(belongs_to(category: Category))]
    category_id: i32,
}

fn main() {
    let _ = (Category::PRODUCTS, Product::CATEGORY);
    let _ = |db: &mut orm_core::session::Session| db.add(Product::create().category_id(1));
}
