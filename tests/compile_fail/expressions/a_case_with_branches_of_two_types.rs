use orm_core::prelude::*;
use tests::queries::*;

fn main() {
    let _ = User::query().select(case().when(User::IS_ACTIVE, "one").otherwise(2));
}
