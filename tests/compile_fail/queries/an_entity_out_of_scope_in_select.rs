use tests::queries::*;

fn main() {
    let _ = User::query().select((User::ALL, Order::ALL));
}
