use tests::queries::*;

fn main() {
    let _ = User::query().join(User::ORDERS).select(Order::ALL).delete();
}
