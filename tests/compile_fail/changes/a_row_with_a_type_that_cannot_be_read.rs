use orm_core::FromRow;

struct Money(i64);

#[derive(FromRow)]
struct Report {
    name: String,
    total: Money,
}

fn main() {}
