use orm_core::Model;

#[derive(Model, Debug, Clone)]
#[orm(has_many(items: Item, via = order))]
struct Order {
    #[orm(primary_key)]
    id: i32,
}

#[derive(Model, Debug, Clone)]
struct Item {
    #[orm(primary_key)]
    id: i32,
    #[orm(belongs_to(order: Order))]
    order_id: i32,
}

fn main() {
    let _ = Order::create().items(Item::create());
}
