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
    let _ = |db: &mut orm_core::session::Session| db.add(Product::create());
}
