use tests::queries::*;

fn main() {
    let _ = User::query().select(User::ORDERS.sum(OrderItem::QUANTITY));
}
