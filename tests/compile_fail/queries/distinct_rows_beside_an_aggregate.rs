use orm_core::prelude::*;
use tests::queries::*;

fn main() {
    let _ = User::query().select(count_all()).distinct_on(User::IS_ACTIVE);
}
