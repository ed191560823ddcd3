use orm_core::Model;

#[derive(Model, Clone, Copy)]
union Product {
    id: i32,
    other: u32,
}

fn main() {}
