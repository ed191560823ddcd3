use orm_core::Model;

#[derive(Model, Debug, Clone)]
#[orm(has_many(parts: Part, via = product))]
struct Product {
    #[orm(primary_key)]
    id: u64,
}

#[derive(Model, Debug, Clone)]
struct Part {
    #[orm(primary_key)]
    id: i32,
    #[orm(belongs_to(product: Product))]
    product_id: i64,
}

fn main() {
    let _ = Product::query();
}
