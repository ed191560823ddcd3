use tests::queries::*;
#[allow(unused_imports)]
use orm_core::prelude::*;

fn main() {
    let _ = User::query().left_join(User::ORDERS).delete();
}
