use orm_core::prelude::*;
use tests::queries::*;

fn main() {
    let _ = User::query().filter(User::ID.range_overlaps(User::ID));
}
