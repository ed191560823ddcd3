use orm_core::prelude::*;
use tests::queries::*;

fn main() {
    let _ = func::lower(User::USERNAME).order_by(User::ID);
}
