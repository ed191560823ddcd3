use orm_core::prelude::*;
use tests::queries::*;

fn main() {
    let _ = Order::query().filter(value(1).eq_any(Order::TAGS));
}
