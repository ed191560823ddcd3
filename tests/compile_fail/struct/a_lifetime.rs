use orm_core::prelude::*;

#[derive(Model, Clone)]
struct Product<'a> {
    #[orm(primary_key)]
    id: i32,
    name: &'a str,
    stock: i32,
}

fn main() {
    let _ = Product::query().filter(Product::STOCK.gt(1)).order_by(Product::ID);
}
