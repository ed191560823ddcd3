use orm_core::prelude::*;

#[derive(Model, Clone)]
struct Product<T> {
    #[orm(primary_key)]
    id: i32,
    name: String,
    value: T,
}

fn main() {
    let _ = Product::<i32>::query().filter(Product::<i32>::ID.eq(1));
    let _ = Product::<i32>::create().name("Air");
}
