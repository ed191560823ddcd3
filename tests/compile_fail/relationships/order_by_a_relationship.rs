use orm_core::Model;

#[derive(Model, Debug, Clone)]
#[orm(has_many(tags: Tag, via = post, order_by = post))]
struct Post {
    #[orm(primary_key)]
    id: i32,
}

#[derive(Model, Debug, Clone)]
struct Tag {
    #[orm(primary_key)]
    id: i32,
    #[orm(belongs_to(post: Post))]
    post_id: i32,
}

fn main() {}
