use orm_core::Model;

#[derive(Model, Debug, Clone)]
struct Product {
    #[orm(primary_key)]
    id: i32,
    price: Option<Decimall>,
}

fn main() {}
