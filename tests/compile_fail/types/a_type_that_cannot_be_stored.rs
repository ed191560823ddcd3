use orm_core::Model;

#[derive(Debug, Clone)]
struct Size {
    width: i32,
}

#[derive(Model, Debug, Clone)]
struct Product {
    #[orm(primary_key)]
    id: i32,
    size: Size,
}

fn main() {
    let _ = (Product::query(), Product::SIZE);
    let _ = |db: &mut orm_core::session::Session| db.add(Product::create().size(Size { width: 1 }));
}
