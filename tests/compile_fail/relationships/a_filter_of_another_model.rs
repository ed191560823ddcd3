use orm_core::prelude::*;

#[derive(Model, Debug, Clone)]
#[orm(has_many(tags: Tag, via = post, filter = first, read_only))]
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

fn first() -> Filter<Post> {
    Post::ID.eq(1).for_model()
}

fn main() {
    let _ = Post::TAGS;
}
