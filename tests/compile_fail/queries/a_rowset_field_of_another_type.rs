use orm_core::prelude::*;
use tests::queries::*;

#[derive(Rowset)]
struct Row {
    id: i32,
    name: i64,
}

fn main() {
    let _ = User::query().select((User::ID, User::USERNAME)).as_table::<Row>();
}
