use orm_core::Model;

#[derive(Model, Debug, Clone)]
struct Product<const N: usize> {
    #[orm(primary_key)]
    id: i32,
}

fn main() {}
