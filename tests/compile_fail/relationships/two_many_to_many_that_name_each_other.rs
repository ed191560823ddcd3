use orm_core::Model;

#[derive(Model, Debug, Clone)]
#[orm(many_to_many(tags: Tag, via = posts))]
struct Post {
    #[orm(primary_key)]
    id: i32,
}

#[derive(Model, Debug, Clone)]
#[orm(many_to_many(posts: Post, via = tags))]
struct Tag {
    #[orm(primary_key)]
    id: i32,
}

fn main() {
    let _ = Post::TAGS;
}
