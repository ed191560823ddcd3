use tests::queries::*;

fn main() {
    let _ = User::query().with(User::ORDERS.order_by(User::USERNAME));
}
