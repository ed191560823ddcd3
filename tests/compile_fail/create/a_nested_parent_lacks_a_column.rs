use orm_core::prelude::*;

#[derive(Model, Debug, Clone)]
#[orm(has_many(items: Item, via = order), has_one(note: Note, via = order))]
struct Order {
    #[orm(primary_key)]
    id: i32,
}

#[derive(Model, Debug, Clone)]
struct Item {
    #[orm(primary_key)]
    id: i32,
    quantity: i32,
    #[orm(belongs_to(order: Order))]
    order_id: i32,
    #[orm(belongs_to(product: Product))]
    product_id: i32,
}

#[derive(Model, Debug, Clone)]
struct Product {
    #[orm(primary_key)]
    id: i32,
    name: String,
}

#[derive(Model, Debug, Clone)]
struct Note {
    #[orm(primary_key)]
    id: i32,
    #[orm(belongs_to(order: Order))]
    order_id: i32,
}

fn main() {
    let _ = Item::create().quantity(2).product(Product::create());
}
