use orm_core::Model;

#[derive(Model, Clone)]
struct Product<T> {
    #[orm(primary_key)]
    id: i32,
    value: T,
}

fn main() {}
