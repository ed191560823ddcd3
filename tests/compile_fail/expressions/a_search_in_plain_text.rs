use orm_core::prelude::*;
use tests::queries::*;

fn main() {
    let _ = User::query().filter(User::USERNAME.search(func::plainto_tsquery("english", "a")));
}
