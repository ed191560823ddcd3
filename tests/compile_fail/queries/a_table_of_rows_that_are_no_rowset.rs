use tests::queries::*;

struct Spent {
    id: i32,
}

fn main() {
    let _ = User::query().select(User::ID).as_table::<Spent>();
    let _ = Spent { id: 1 }.id;
}
