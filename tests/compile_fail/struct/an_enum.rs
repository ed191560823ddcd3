use orm_core::Model;

#[derive(Model, Clone)]
#[orm(table = "products")]
enum Product {
    Laptop,
    Phone,
}

fn main() {
    let _ = Product::query();
}
