use orm_core::Model;

#[derive(Model, Clone)]
struct Product<'a> {
    #[orm(primary_key)]
    id: i32,
    name: &'a str,
}

fn main() {}
