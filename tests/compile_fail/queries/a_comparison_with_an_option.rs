use orm_core::prelude::*;
use tests::queries::*;

fn main() {
    let name: Option<String> = None;
    let _ = User::query().filter(User::FULL_NAME.eq(name));
}
