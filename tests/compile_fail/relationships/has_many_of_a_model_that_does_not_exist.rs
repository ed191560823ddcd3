use orm_core::Model;

#[derive(Model, Debug, Clone)]
#[orm(has_many(tags: Tagg, via = post, order_by = word))]
struct Post {
    #[orm(primary_key)]
    id: i32,
}

fn main() {}
