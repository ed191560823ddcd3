use orm_core::Model;

#[derive(Model, Debug, Clone)]
struct Line {
    #[orm(primary_key)]
    order_id: i32,
    #[orm(primary_key)]
    line_no: i16,
}

#[derive(Model, Debug, Clone)]
#[orm(belongs_to(line: Line, columns(order_id, lineno)))]
struct Product {
    #[orm(primary_key)]
    id: i32,
    order_id: i32,
    line_no: i16,
}

fn main() {}
