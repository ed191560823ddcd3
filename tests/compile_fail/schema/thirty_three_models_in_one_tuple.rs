use orm_core::Model;
use orm_core::schema::schema_sql;

#[derive(Model, Debug, Clone)]
struct P {
    #[orm(primary_key)]
    id: i32,
}

fn main() {
    schema_sql::<(P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P)>();
}
