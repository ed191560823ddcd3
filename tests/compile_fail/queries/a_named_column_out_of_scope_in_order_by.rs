use tests::queries::*;

fn main() {
    let column = Order::column("created_at").unwrap();
    let _ = User::query().order_by(column);
}
