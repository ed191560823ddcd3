use orm_core::prelude::*;
use tests::queries::*;

fn main() {
    let _ = User::query().select(case_of(User::ID).when("ann", 1).end());
}
