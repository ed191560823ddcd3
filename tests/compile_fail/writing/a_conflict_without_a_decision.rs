use tests::queries::*;
#[allow(unused_imports)]
use orm_core::prelude::*;

fn main() {
    let _ = Tag::insert([Tag::create().name("a")]).on_conflict(Tag::ID).to_sql();
}
