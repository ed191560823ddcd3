use orm_core::prelude::*;
use tests::queries::*;

fn main() {
    let _ = User::query().select(raw::<i32>("length(?)").bind(Product::NAME));
}
