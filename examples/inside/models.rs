//! The three tables of the story, and the rows that are there when it begins.

#![allow(
    unreachable_pub,
    reason = "models are written as those of an application are"
)]

use orm_core::prelude::*;

/// The tables.
pub type All = (User, Order, Item);

/// Somebody who orders.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "users", has_many(orders: Order, via = user))]
pub struct User {
    #[orm(primary_key)]
    pub id: i32,
    pub name: String,
}

/// An order. Its items go with it.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "orders", has_many(items: Item, via = order, cascade(delete, delete_orphan)))]
pub struct Order {
    #[orm(primary_key)]
    pub id: i32,
    pub total: i32,
    #[orm(belongs_to(user: User))]
    pub user_id: i32,
}

/// A line of an order.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "items")]
pub struct Item {
    #[orm(primary_key)]
    pub id: i32,
    pub product: String,
    pub quantity: i32,
    #[orm(belongs_to(order: Order))]
    pub order_id: i32,
}

/// Ann has two orders.
pub async fn fill(engine: &Engine) -> orm_core::Result<()> {
    let mut db = engine.session();
    let ann = db.add(User::create().name("Ann"));
    let item = |product: &str, quantity| Item::create().product(product).quantity(quantity);
    let orders = [
        (30, vec![item("tea", 2), item("cup", 1)]),
        (12, vec![item("spoon", 6)]),
    ];
    for (total, items) in orders {
        db.add(Order::create().total(total).user(ann).items(items));
    }
    db.commit().await
}
