use orm_core::Model;

#[derive(Model, Debug, Clone)]
struct Tag {
    #[orm(primary_key)]
    id: i32,
}

#[derive(Model, Debug, Clone)]
#[orm(many_to_many(tags: Tag))]
struct Product {
    #[orm(primary_key)]
    id: i32,
}

fn main() {}
