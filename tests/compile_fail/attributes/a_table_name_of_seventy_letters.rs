use orm_core::Model;

#[derive(Model, Debug, Clone)]
#[orm(table = "products_products_products_products_products_products_products_products_")]
struct Product {
    #[orm(primary_key)]
    id: i32,
}

fn main() {}
