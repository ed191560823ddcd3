use orm_core::engine::Connection;
use orm_core::prelude::*;
use tests::queries::*;

async fn run(on: &mut Connection) {
    let q = OrderItem::query().select(sum(OrderItem::TOTAL_PRICE));
    let _: rust_decimal::Decimal = q.one(on).await.unwrap();
}

fn main() {
    let _ = run;
}
