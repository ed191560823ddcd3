use orm_core::Model;

pub mod shop {
    pub mod catalogue {
        #[derive(orm_core::Model, Debug, Clone)]
        #[orm(has_many(orders: super::orders::Order, via = product))]
        pub struct Product {
            #[orm(primary_key)]
            pub id: i32,
            #[orm(belongs_to(category: crate::Category))]
            pub(in crate::shop) category_id: i32,
        }
    }
    pub(crate) mod orders {
        use super::catalogue::Product as Article;
        #[derive(orm_core::Model, Debug, Clone)]
        pub(super) struct Order {
            #[orm(primary_key)]
            pub(super) id: i32,
            #[orm(belongs_to(product: Article))]
            product_id: i32,
        }
        pub(super) fn new() {
            let _ = ::orm_core::model::Insertable::into_new(Order::create().product_id(1));
        }
    }
    pub fn check() {
        orders::new();
        let _ = orders::Order::PRODUCT;
        let _ = catalogue::Product::create().category_id(5);
    }
}

#[derive(Model, Debug, Clone)]
struct Category {
    #[orm(primary_key)]
    id: i32,
}

fn main() {
    #[derive(Model, Debug, Clone)]
    struct Local {
        #[orm(primary_key)]
        id: i32,
        name: String,
    }
    shop::check();
    let _ = ::orm_core::model::Insertable::into_new(Local::create().name("x"));
    let _ = (Category { id: 1 }.id, Local { id: 1, name: String::new() }.name);
}
