use orm_core::Model;

#[derive(Debug, Clone)]
struct Order {
    product_id: i32,
}

#[derive(Model, Debug, Clone)]
#[orm(has_many(orders: Order, via = product))]
struct Product {
    #[orm(primary_key)]
    id: i32,
}

fn main() {}
