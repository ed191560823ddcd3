use tests::queries::*;
#[allow(unused_imports)]
use orm_core::prelude::*;

fn main() {
    let _ = Tag::insert_from(Tag::NAME, Category::query().select(Category::ID));
}
