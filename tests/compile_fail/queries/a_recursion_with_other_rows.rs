use orm_core::prelude::*;
use tests::queries::*;

#[derive(Rowset)]
struct Tree {
    id: i32,
    depth: i32,
}

fn main() {
    let _ = Category::query().select((Category::ID, value(0))).recursive::<Tree, _, _, _>(|tree| {
        Category::query().join_on(tree, Category::ID.eq(Tree::ID)).select((Category::ID, Category::NAME))
    });
}
