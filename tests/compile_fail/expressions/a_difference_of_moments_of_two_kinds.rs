use orm_core::prelude::*;
use tests::queries::*;

fn main() {
    let _ = Order::query().select(Order::CREATED_AT.since(chrono::NaiveDate::MIN));
}
