use orm_core::engine::Connection;
use tests::queries::*;

async fn run(on: &mut Connection) {
    let q = User::query().left_join(User::ORDERS).select((User::ID, Order::STATUS));
    let _: Vec<(i32, OrderStatus)> = q.all(on).await.unwrap();
}

fn main() {
    let _ = run;
}
