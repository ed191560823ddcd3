use orm_core::Model;

#[derive(Model, Debug, Clone)]
struct Product {
    #[orm(primary_key)]
    id: i32,
    #[orm(scale = 2)]
    price: rust_decimal::Decimal,
}

fn main() {}
