use orm_core::prelude::*;

#[derive(Model, Debug, Clone)]
#[orm(has_many(tags: Tag, via = post, filter = "short", read_only))]
struct Post {
    #[orm(primary_key)]
    id: i32,
}

#[derive(Model, Debug, Clone)]
struct Tag {
    #[orm(primary_key)]
    id: i32,
    word: String,
    #[orm(belongs_to(post: Post))]
    post_id: i32,
}

fn main() {
    let _ = Post::TAGS;
}
