use tests::queries::*;

fn orders(product: &Product) {
    let _ = Order::query().filter(User::ORDERS.with_parent(product));
}

fn main() {
    let _ = orders;
}
