use orm_core::prelude::*;
use tests::queries::*;

fn main() {
    let _ = Tag::insert(Tag::create().name("new"));
}
