use orm_core::Model;

#[derive(Model, Debug, Clone)]
#[orm(has_many(Order, via = product))]
struct Product {
    #[orm(primary_key)]
    id: i32,
}

fn main() {}
