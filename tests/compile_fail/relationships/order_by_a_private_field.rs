use orm_core::Model;

mod tags {
    #[derive(orm_core::Model, Debug, Clone)]
    pub struct Tag {
        #[orm(primary_key)]
        pub id: i32,
        word: String,
        #[orm(belongs_to(post: super::Post))]
        pub post_id: i32,
    }
}

#[derive(Model, Debug, Clone)]
#[orm(has_many(tags: tags::Tag, via = post, order_by = word))]
struct Post {
    #[orm(primary_key)]
    id: i32,
}

fn main() {}
