use orm_core::Model;

#[derive(orm_core::DbEnum, Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    Old,
}

#[derive(Model, Debug, Clone)]
struct Product {
    #[orm(primary_key)]
    id: i32,
    #[orm(default)]
    state: State,
}

fn main() {}
