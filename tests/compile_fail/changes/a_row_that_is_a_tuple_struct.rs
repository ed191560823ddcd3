use orm_core::FromRow;

#[derive(FromRow)]
struct Report(String, i64);

fn main() {}
