mod shop {
    #[derive(orm_core::Model, Debug, Clone)]
    pub struct Product {
        #[orm(primary_key)]
        pub id: i32,
        cost: i32,
    }
}

fn main() {
    let _ = shop::Product::query().order_by(shop::Product::COST);
}
