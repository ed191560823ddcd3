use orm_core::Model;

#[derive(Model, Debug, Clone)]
struct Product {
    #[orm(primarykey)]
    id: i32,
}

#[derive(Model, Debug, Clone)]
struct Category {
    #[orm(pk)]
    id: i32,
}

fn main() {
    let _ = Product::query();
}
