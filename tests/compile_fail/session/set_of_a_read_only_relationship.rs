use orm_core::prelude::*;

#[derive(Model, Debug, Clone)]
#[orm(has_many(orders: Order, via = user), has_one(open_order: Order, via = user, filter = open, read_only))]
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

fn open() -> Filter<Order> {
    Order::ID.gt(100).for_model()
}

fn choose(db: &mut Session, user: Handle<User>, order: Handle<Order>) {
    db.set(user, User::OPEN_ORDER, order);
}

fn main() {}
