use tests::queries::*;

fn main() {
    let _ = User::query().join(User::ORDERS).left_join(Order::USER).select(User::USERNAME);
}
