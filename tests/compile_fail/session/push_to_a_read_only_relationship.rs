use orm_core::prelude::*;

#[derive(Model, Debug, Clone)]
#[orm(has_many(orders: Order, via = user), has_many(recent_orders: Order, via = user, filter = recent, read_only))]
struct User {
    #[orm(primary_key)]
    id: i32,
}

#[derive(Model, Debug, Clone)]
struct Order {
    #[orm(primary_key)]
    id: i32,
    #[orm(belongs_to(user: User))]
    user_id: i32,
}

fn recent() -> Filter<Order> {
    Order::ID.gt(100).for_model()
}

fn move_order(db: &mut Session, user: Handle<User>, order: Handle<Order>) {
    db.push(user, User::RECENT_ORDERS, order);
}

fn main() {}
