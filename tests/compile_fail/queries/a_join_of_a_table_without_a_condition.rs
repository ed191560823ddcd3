use tests::queries::*;

fn main() {
    let _ = User::query().join(Order::ALL);
}
