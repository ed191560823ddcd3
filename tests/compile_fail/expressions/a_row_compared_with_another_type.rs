use orm_core::prelude::*;
use tests::queries::*;

fn main() {
    let _ = User::query().filter(row((User::ID, User::USERNAME)).gt((1, 2)));
}
