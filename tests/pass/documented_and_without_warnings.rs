//! The derived code passes the strictest lints of its user's crate.
#![deny(missing_docs, warnings, unreachable_pub, missing_debug_implementations, unused, nonstandard_style)]

pub mod models {
    //! Models, public ones and private ones.
    use orm_core::{Changes, DbEnum, FromRow, Model, Rowset};

    /// A category.
    #[derive(Model, Debug, Clone)]
    #[orm(has_many(products: Product, via = category))]
    pub struct Category {
        /// The key.
        #[orm(primary_key)]
        pub id: i32,
        /// The name.
        pub name: String,
        pub(crate) secret: Option<String>,
        hidden: Option<State>,
    }

    #[derive(Model, Debug, Clone)]
    #[orm(many_to_many(tags: Tag, table = "product_tags"), has_one(label: Label, via = product))]
    struct Product {
        #[orm(primary_key)]
        id: i32,
        #[orm(belongs_to(category: Category))]
        category_id: i32,
    }

    /// A tag.
    #[derive(Model, Debug, Clone)]
    #[orm(many_to_many(products: Product, via = tags))]
    pub struct Tag {
        /// The key.
        #[orm(primary_key)]
        pub id: i32,
    }

    #[derive(Model, Debug, Clone)]
    struct Label {
        #[orm(primary_key)]
        id: i32,
        #[orm(belongs_to(product: Product))]
        product_id: Option<i32>,
    }

    #[derive(DbEnum, Debug, Clone, Copy, PartialEq, Eq)]
    enum State {
        Old,
    }

    /// A report.
    #[derive(FromRow, Debug)]
    pub struct Report {
        /// The name.
        pub name: String,
    }

    /// What was spent.
    #[derive(Rowset, Debug)]
    pub struct Spent {
        /// By whom.
        pub name: String,
        /// How much.
        pub total: Option<i64>,
    }

    /// A patch.
    #[derive(Changes, Debug)]
    #[orm(model = Category)]
    pub struct Patch {
        /// The name.
        pub name: Option<String>,
    }

    /// Uses what would be unused.
    pub fn touch() -> usize {
        let product = Product { id: 1, category_id: State::Old as i32 };
        let label = Label { id: 1, product_id: None };
        (product.id + product.category_id + label.id + label.product_id.unwrap_or(0)) as usize
    }
}

fn main() {
    let _ = models::touch();
    let _ = models::Category::create().name("x").secret(None::<String>);
}
