use orm_core::Model;
use orm_core::model::Model as _;

type Name = String;
type Maybe = Option<i32>;
type Id = i32;

#[derive(Model, Debug, Clone)]
struct Product {
    #[orm(primary_key, identity)]
    id: Id,
    #[orm(length = 10)]
    name: Name,
    // A column is required in `create()` unless its type is written as an `Option`.
    size: Maybe,
    #[orm(fixed_length = 2)]
    codes: Vec<String>,
}

fn main() {
    assert!(Product::TABLE.columns[2].nullable);
    assert_eq!(Product::TABLE.columns[3].declared, Some("char(2)[]"));
    let _ = ::orm_core::model::Insertable::into_new(Product::create().name("x").size(None).codes(["de"]));
}
