use tests::queries::*;

fn main() {
    let _ = User::query().select(OrderItem::QUANTITY + 1);
}
