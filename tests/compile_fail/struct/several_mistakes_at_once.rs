use orm_core::Model;

#[derive(Model, Debug, Clone)]
struct Category {
    #[orm(primary_key)]
    id: i32,
}

#[derive(Model, Debug, Clone)]
struct Order {
    #[orm(primary_key)]
    id: i32,
}

#[derive(Model, Debug, Clone)]
#[orm(unique(nmae), has_many(orders: Order))]
struct Product {
    #[orm(primary_key, lenght = 10)]
    id: i32,
    #[orm(length = "10")]
    name: String,
    #[orm(precision = 10, scale = 12)]
    price: rust_decimal::Decimal,
    #[orm(belongs_to(category: Category, on_delete = "set null"))]
    category_id: i32,
}

fn main() {
    let _ = Product::query();
    let _ = (Product::PRICE, Product::CATEGORY, Product::ORDERS);
    let _ = |db: &mut orm_core::session::Session| db.add(Product::create().name("Air"));
}
