use orm_core::Model;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    Old,
}

#[derive(Model, Debug, Clone)]
struct Product {
    #[orm(primary_key)]
    id: i32,
    state: State,
}

fn main() {}
