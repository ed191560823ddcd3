use orm_core::Model;

#[derive(Model, Debug, Clone)]
struct Product {
    #[orm(primary_key)]
    id: i32,
    #[orm(default = Vec::<)]
    tags: Vec<String>,
}

fn main() {
    let _ = Product::query();
    let _ = Product::ID;
    orm_core::session::add(Product::create());
}
