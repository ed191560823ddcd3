use orm_core::prelude::*;

#[derive(Model, Debug, Clone)]
#[orm(tab)]
struct Product {
    #[orm(primary_key)]
    id: i32,
    #[orm(leng)]
    name: String,
    #[orm(default = )]
    stock: i32,
    #[orm(belongs_to())]
    category_id: i32,
    #[orm(belongs_to(supplier:))]
    supplier_id: i32,
    #[orm()]
    note: Option<String>,
}

// All fields are known in spite of it, so that an editor goes on completing them.
fn main() {
    let _ = Product::query()
        .filter(Product::NAME.eq("Air"))
        .filter(Product::STOCK.gt(1))
        .filter(Product::CATEGORY_ID.eq(Product::SUPPLIER_ID))
        .order_by(Product::NOTE);
    let _ = Product::create().name("Air").stock(1).category_id(1).supplier_id(2);
}
