use tests::queries::*;

fn main() {
    let _ = User::query().group_by_rollup((User::ID, Order::STATUS));
}
