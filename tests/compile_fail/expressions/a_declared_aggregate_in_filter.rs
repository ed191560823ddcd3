use orm_core::prelude::*;
use tests::queries::*;

orm_core::sql_function! {
    #[aggregate]
    fn product(factor: f64) -> Option<f64>;
}

fn main() {
    let _ = Number::query().filter(product(Number::DOUBLE).gt(1.0));
}
