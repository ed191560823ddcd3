//! Sorting by what a request asks for: names are looked up in a list of allowed ones, and never reach SQL.

use std::fmt;
use std::marker::PhantomData;

use super::Query;
use crate::error::{Error, Result};
use crate::expr::{OrderNode, OrdersBy, Ungrouped};

/// The names that a request may sort by, and what each stands for: a typed whitelist, for the tables of one query.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// let error = Product::query()
///     .sort_by("secret", |keys| keys.key("name", Product::NAME).key("price", Product::PRICE)) // `SortKeys` for the query
///     .unwrap_err();
/// assert!(error.to_string().contains("cannot sort by `secret`; there is name, price"));
/// ```
pub struct SortKeys<Scope, G = Ungrouped> {
    keys: Vec<(&'static str, Vec<OrderNode>)>,
    #[allow(clippy::type_complexity)]
    types: PhantomData<fn() -> (Scope, G)>,
}

impl<Scope, G> SortKeys<Scope, G> {
    /// Allows a name. It stands for a column or an expression of the query's tables, or a tuple of these, each with or
    /// without a direction of its own; a request for descending order turns each around.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let q = Product::query().sort_by("-worth", |keys| {
    ///     keys.key("name", Product::NAME).key("worth", Product::PRICE * Product::STOCK)
    /// })?;
    /// assert!(q.to_sql().ends_with(" ORDER BY products.price * products.stock DESC"));
    /// # Ok::<(), orm_core::Error>(())
    /// ```
    #[must_use]
    pub fn key<O, I>(mut self, name: &'static str, order: O) -> Self
    where
        O: OrdersBy<Scope, I, G>,
    {
        let mut parts = Vec::new();
        order.push_to(&mut parts);
        self.keys.push((name, parts));
        self
    }

    fn find(&self, name: &str) -> Result<&[OrderNode]> {
        let found = self.keys.iter().find(|(known, _)| *known == name);
        found.map(|(_, parts)| parts.as_slice()).ok_or_else(|| {
            let names: Vec<_> = self.keys.iter().map(|(name, _)| *name).collect();
            Error::invalid(format!(
                "cannot sort by `{}`; there is {}",
                name.escape_debug(),
                names.join(", ")
            ))
        })
    }
}

impl<Scope, G> fmt::Debug for SortKeys<Scope, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.keys.iter().map(|(name, _)| name))
            .finish()
    }
}

impl<Sel, Scope, G> Query<Sel, Scope, G> {
    /// Orders by what a request asks for, `"-price,name"`: names of the whitelist with commas between them, a `-` before a
    /// name for descending order. An empty request orders by nothing. Behind what the query is ordered by already.
    ///
    /// SQLAlchemy code does this with `getattr(Product, name)`, which lets a request name any attribute.
    ///
    /// ```
    /// use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "categories")]
    /// # struct Category { #[orm(primary_key)] id: i32, name: String }
    /// # #[derive(Model, Clone)] #[orm(table = "products")]
    /// # struct Product { #[orm(primary_key)] id: i32, price: i32, #[orm(belongs_to(category: Category))] category_id: i32 }
    /// let q = Product::query().join(Product::CATEGORY).select(Product::ID);
    /// let sorted = |request| {
    ///     q.clone().sort_by(request, |keys| {
    ///         keys.key("price", Product::PRICE)
    ///             .key("category", (Category::NAME, Product::ID.desc()))
    ///     })
    /// };
    /// assert!(sorted("-price")?.to_sql().ends_with(" ORDER BY products.price DESC"));
    /// assert!(sorted("category,price")?.to_sql().ends_with(" ORDER BY categories.name, products.id DESC, products.price"));
    /// assert_eq!(
    ///     sorted("password").unwrap_err().to_string(),
    ///     "cannot sort by `password`; there is price, category"
    /// );
    /// # Ok::<(), orm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Invalid`] for a name that is not in the list; the message has those that are.
    pub fn sort_by(
        mut self,
        request: &str,
        keys: impl FnOnce(SortKeys<Scope, G>) -> SortKeys<Scope, G>,
    ) -> Result<Self> {
        let keys = keys(SortKeys {
            keys: Vec::new(),
            types: PhantomData,
        });
        let names = request.split(',').map(str::trim);
        for name in names.filter(|name| !name.is_empty()) {
            let (name, descending) = match name.strip_prefix('-') {
                Some(name) => (name, true),
                None => (name, false),
            };
            for part in keys.find(name)? {
                let mut part = part.clone();
                if descending {
                    part.descending = !part.descending;
                    part.nulls_first = part.nulls_first.map(|first| !first);
                }
                self.select.order_by.push(part);
            }
        }
        Ok(self)
    }
}
