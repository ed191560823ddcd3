use orm_core::prelude::*;
use tests::queries::*;

#[derive(Rowset)]
struct Row {
    id: i32,
}

fn main() {
    let _ = User::query().filter(User::ID.eq(Row::ID));
}
