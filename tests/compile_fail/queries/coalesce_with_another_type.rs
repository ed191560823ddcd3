use orm_core::prelude::*;
use tests::queries::*;

fn main() {
    let _ = User::query().select(func::coalesce(User::FULL_NAME, 5));
}
