use orm_core::prelude::*;
use tests::queries::*;

fn main() {
    let q = User::query().select(count_all());
    let _ = q.sort_by("name", |keys| keys.key("name", User::USERNAME));
}
