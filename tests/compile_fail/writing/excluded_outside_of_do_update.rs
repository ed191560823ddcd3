use tests::queries::*;
#[allow(unused_imports)]
use orm_core::prelude::*;

fn main() {
    let _ = Tag::query().filter(Tag::NAME.eq(excluded(Tag::NAME)));
}
