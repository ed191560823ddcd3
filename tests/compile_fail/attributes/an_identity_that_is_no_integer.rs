use orm_core::Model;

#[derive(Model, Debug, Clone)]
struct Product {
    #[orm(primary_key, identity)]
    code: String,
}

fn main() {}
