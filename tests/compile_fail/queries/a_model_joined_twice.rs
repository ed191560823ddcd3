use tests::queries::*;

fn main() {
    let _ = Order::query().join(Order::SHIPPING_ADDRESS).join(Order::BILLING_ADDRESS);
}
