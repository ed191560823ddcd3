use orm_core::Model;

#[derive(Model, Debug, Clone)]
#[orm(index(nmae), unique(name, name))]
struct Product {
    #[orm(primary_key)]
    id: i32,
    name: String,
}

fn main() {}
