use orm_core::prelude::*;
use tests::queries::*;

fn main() {
    let _ = User::query().select(case().when(User::USERNAME, 1).end());
}
