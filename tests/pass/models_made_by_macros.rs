use orm_core::Model;
use orm_core::model::Model as _;

macro_rules! model {
    ($vis:vis $name:ident, $table:literal, $key:ty, $length:expr, $target:path, $default:expr) => {
        #[derive(Model, Debug, Clone)]
        #[orm(table = $table)]
        $vis struct $name {
            #[orm(primary_key)]
            id: $key,
            #[orm(length = $length)]
            name: String,
            #[orm(default = $default)]
            count: Option<i32>,
            #[orm(belongs_to(parent: $target))]
            parent_id: Option<$key>,
        }
    };
}

model!(pub Product, "products", i32, 100, Category, 1 + 1);
model!(pub(crate) Category, "categories", i32, 20, Product, 5);

fn main() {
    assert_eq!(Product::TABLE.columns[1].declared, Some("varchar(100)"));
    assert!(Product::TABLE.columns[0].identity);
    let new = ::orm_core::model::Insertable::into_new(Product::create().name("Air"));
    assert_eq!(new.draft.count, Some(Some(2)));
}
