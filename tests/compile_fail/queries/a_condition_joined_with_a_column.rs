use orm_core::prelude::*;
use tests::queries::*;

fn main() {
    let _ = User::query().filter(User::IS_ACTIVE.and(User::USERNAME));
}
