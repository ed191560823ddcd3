use tests::queries::*;
#[allow(unused_imports)]
use orm_core::prelude::*;

fn main() {
    let _ = Tag::insert_from(Category::NAME, Category::query().select(Category::NAME));
}
