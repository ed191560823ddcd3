use orm_core::Model;

#[derive(Model, Debug, Clone)]
struct Author {
    #[orm(primary_key)]
    id: i32,
}

#[derive(Model, Debug, Clone)]
struct Book {
    #[orm(primary_key)]
    id: i32,
    author: Author,
}

fn main() {}
