use orm_core::Model;

#[derive(Model, Debug, Clone)]
struct Similar {
    #[orm(primary_key, belongs_to(one: Product))]
    one_id: i32,
    #[orm(primary_key, belongs_to(other: Product))]
    other_id: i32,
}

#[derive(Model, Debug, Clone)]
#[orm(many_to_many(similar: Product, through = Similar))]
struct Product {
    #[orm(primary_key)]
    id: i32,
}

fn main() {}
