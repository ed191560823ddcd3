//! Columns of types whose features are off: `messages.txt` has what is said of them, and `tests/compile_fail.rs` compares.

use chrono::{DateTime, NaiveDate, Utc};
use orm_core::{FromRow, Model};
use rust_decimal::Decimal;
use uuid::Uuid;

#[derive(Model, Debug, Clone)]
struct Order {
    #[orm(primary_key, default = Uuid::nil())]
    id: Uuid,
    total: Decimal,
    placed_at: DateTime<Utc>,
    due: Option<NaiveDate>,
    details: serde_json::Value,
    seen_by: Vec<Uuid>,
}

#[derive(FromRow)]
struct Report {
    revenue: Option<Decimal>,
}

#[derive(Model, Debug, Clone)]
struct Invoice {
    #[orm(primary_key)]
    id: i32,
    #[orm(belongs_to(order: Order))]
    order_id: Uuid,
}

fn main() {}
