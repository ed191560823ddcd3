use orm_core::Model;

#[derive(Debug, Clone)]
struct Note;

#[derive(Model, Debug, Clone)]
struct Product {
    #[orm(primary_key)]
    id: i32,
    #[orm(skip)]
    note: Note,
}

fn main() {}
