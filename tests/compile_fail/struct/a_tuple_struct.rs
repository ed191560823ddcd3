use orm_core::Model;

#[derive(Model, Clone)]
struct Product(i32, String);

fn main() {
    let _ = Product::query();
}
