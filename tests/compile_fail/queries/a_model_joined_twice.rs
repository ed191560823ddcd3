use tests::queries::*;

fn main() {
    let q = Order::query().join(Order::SHIPPING_ADDRESS).join(Order::BILLING_ADDRESS);
    let _ = q.select(Address::CITY);
}
