use orm_core::prelude::*;
use tests::queries::*;

fn main() {
    let _ = func::lower(User::USERNAME).filter(User::IS_ACTIVE);
}
