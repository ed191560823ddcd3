use orm_core::Model;

#[derive(Model, Clone)]
struct Product;

fn main() {}
