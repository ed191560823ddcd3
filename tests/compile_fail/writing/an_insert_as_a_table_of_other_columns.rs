use orm_core::prelude::*;
use tests::queries::User;

#[derive(Rowset)]
struct Added {
    id: i64,
    username: String,
}

fn main() {
    let new = User::insert([User::create().username("ann").email("ann@example.org")]);
    let _ = new.as_cte::<Added, _, _, _, _>((User::ID, User::USERNAME));
}
