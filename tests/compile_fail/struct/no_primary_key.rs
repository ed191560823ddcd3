use orm_core::Model;

#[derive(Model, Debug, Clone)]
struct Product {
    id: i32,
    name: String,
}

fn main() {
    let _ = Product::query();
    let _ = Product::ID;
    orm_core::session::add(Product::create().name("Air"));
}
