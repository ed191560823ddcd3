use tests::queries::*;

fn main() {
    let orders = Order::query().select(Order::USER_ID);
    let _ = User::query().join_on(orders, User::IS_ACTIVE);
}
