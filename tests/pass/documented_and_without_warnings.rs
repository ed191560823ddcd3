//! The derived code passes the strictest lints of its user's crate.
#![deny(missing_docs, warnings, unreachable_pub, missing_debug_implementations, unused, nonstandard_style)]

pub mod models {
    //! Models, public ones and private ones.
    use orm_core::{Changes, DbEnum, FromRow, Model};

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
    struct Product {
        #[orm(primary_key)]
        id: i32,
        #[orm(belongs_to(category: Category))]
        category_id: i32,
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
        (product.id + product.category_id) as usize
    }
}

fn main() {
    let _ = models::touch();
    let _ = models::Category::create().name("x").secret(None::<String>);
}
