use orm_core::Model;

#[derive(Model, Debug, Clone)]
struct Product {
    id: i32,
    name: String,
}

fn main() {
    let _ = Product::query();
    let _ = Product::ID;
    let _ = |db: &mut orm_core::session::Session| db.add(Product::create().name("Air"));
}
