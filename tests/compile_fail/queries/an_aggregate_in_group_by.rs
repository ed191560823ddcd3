use orm_core::prelude::*;
use tests::queries::*;

fn main() {
    let _ = User::query().group_by(count(User::ID));
}
