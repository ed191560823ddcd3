//! [`Computed`]: a value that is computed from a row and what it leads to, once in Rust and once in SQL, and the check that
//! the two agree. SQLAlchemy: a hybrid property.

use std::collections::{HashMap, HashSet};
use std::fmt;

use super::{Loadable, Session, View};
use crate::error::{Error, Result};
use crate::expr::{Expr, Expression, Item, Node, Of, Select, TableRef};
use crate::model::{Model, RowReader};
use crate::query::render;
use crate::types::SqlType;

/// A value computed from a row: as a method over loaded rows, and as an expression of a query.
///
/// The two are written down side by side, because neither can be made of the other: Rust closures aren't SQL, and SQL's
/// functions aren't Rust's. So that they don't drift apart, [`Session::disagreements`] computes both for rows of a real
/// database and compares; a test that calls it is three lines.
///
/// ```
#[doc = include_str!("example_shop.txt")]
/// use orm_core::expr::{Expr, Of};
/// use orm_core::session::{Computed, View};
///
/// /// What an order's items cost together.
/// struct TotalAmount;
///
/// impl Computed for TotalAmount {
///     type Model = Order;
///     type Value = i64;
///
///     fn value(order: View<'_, Order>) -> orm_core::Result<i64> {
///         Ok(order.related(Order::ITEMS)?.map(|item| i64::from(item.price * item.quantity)).sum())
///     }
///
///     fn sql() -> Expr<i64, Of<Order>> {
///         func::coalesce(Order::ITEMS.sum(OrderItem::PRICE * OrderItem::QUANTITY), 0).of_model()
///     }
/// }
///
/// // Over rows that are loaded: the order, with its items.
/// let orders = Order::query().with(Order::ITEMS).order_by(Order::ID).all(&mut db).await?;
/// assert_eq!(TotalAmount::value(db.view(orders[0]))?, 30);
///
/// // Inside a query, where nothing has to be loaded.
/// let dear = Order::query().filter(TotalAmount::sql().ge(20)).order_by(TotalAmount::sql().desc());
/// assert_eq!(dear.all(&mut db).await?, orders[..2]);
///
/// // In a test: the two agree.
/// assert!(db.disagreements::<TotalAmount>(&orders).await?.is_empty());
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "testing"))] fn main() {}
/// ```
pub trait Computed {
    /// The model that it is a value of.
    type Model: Model;
    /// The type of the value, in Rust and in SQL.
    type Value: SqlType + PartialEq;

    /// The value, from a row and its loaded relationships.
    ///
    /// # Errors
    /// [`Error::NotLoaded`] where a relationship that it needs isn't loaded.
    fn value(row: View<'_, Self::Model>) -> Result<Self::Value>;

    /// The value as an expression of the row: `.of_model()` gives it this type.
    fn sql() -> Expr<Self::Value, Of<Self::Model>>;
}

/// A row for which the two forms of a [`Computed`] value differ.
///
/// ```
#[doc = include_str!("../guide/shop.txt")]
/// use orm_core::expr::{Expr, Of};
/// use orm_core::session::{Computed, View};
///
/// struct InStock;
///
/// impl Computed for InStock {
///     type Model = Product;
///     type Value = bool;
///
///     fn value(product: View<'_, Product>) -> orm_core::Result<bool> {
///         Ok(product.stock >= 5)
///     }
///
///     fn sql() -> Expr<bool, Of<Product>> {
///         Product::STOCK.gt(5).of_model() // one of the two is wrong
///     }
/// }
///
/// let products = Product::query().all(&mut db).await?;
/// let wrong = db.disagreements::<InStock>(&products).await?;
/// assert_eq!((wrong[0].key, wrong[0].in_rust, wrong[0].in_sql), (1, true, false));
/// # Ok(())
/// # }
/// ```
#[non_exhaustive]
pub struct Disagreement<C: Computed> {
    /// The primary key of the row.
    pub key: <C::Model as Model>::Key,
    /// What the method computes.
    pub in_rust: C::Value,
    /// What the expression computes.
    pub in_sql: C::Value,
}

impl<C: Computed> fmt::Debug for Disagreement<C>
where
    C::Value: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Disagreement")
            .field("key", &self.key)
            .field("in_rust", &self.in_rust)
            .field("in_sql", &self.in_sql)
            .finish()
    }
}

/// Names the row, and no values: those are in the fields.
impl<C: Computed> fmt::Display for Disagreement<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = std::any::type_name::<C>();
        let name = name.rsplit("::").next().unwrap_or(name);
        write!(
            f,
            "`{name}` of the `{}` with the key {:?} is another value in SQL than in Rust",
            C::Model::TABLE.model,
            self.key
        )
    }
}

impl Session {
    /// Computes a value in both of its forms for some entities, and gives those for which they differ: none, if the two
    /// agree. What the method reads must be loaded. One statement; flushes first, if anything is pending, so that both see
    /// the same rows.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// use orm_core::expr::{Expr, Of};
    /// use orm_core::session::{Computed, View};
    ///
    /// /// What all pieces of a product are worth.
    /// struct Worth;
    ///
    /// impl Computed for Worth {
    ///     type Model = Product;
    ///     type Value = i32;
    ///
    ///     fn value(product: View<'_, Product>) -> orm_core::Result<i32> {
    ///         Ok(product.price * product.stock)
    ///     }
    ///
    ///     fn sql() -> Expr<i32, Of<Product>> {
    ///         (Product::PRICE * (Product::STOCK + 1)).of_model() // wrong
    ///     }
    /// }
    ///
    /// let air = db.get::<Product>(1).await?.expect("it is there");
    /// let wrong = db.disagreements::<Worth>(air).await?;
    /// assert_eq!((wrong[0].in_rust, wrong[0].in_sql), (499_500, 599_400));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::NotLoaded`] where the method needs a relationship that isn't loaded; [`Error::NotFound`] where a row is gone;
    /// [`Error::Detached`], [`Error::Pending`] where autoflush is off, what the server refuses.
    pub async fn disagreements<C: Computed>(
        &mut self,
        handles: impl Loadable<C::Model>,
    ) -> Result<Vec<Disagreement<C>>> {
        let mut handles = handles.handles();
        let mut different = HashSet::new();
        handles.retain(|handle| different.insert(*handle));
        let rows = self.rows_of(handles.clone()).await?;
        let table = C::Model::TABLE;
        let keys = rows.iter().map(|row| self.key_at(*row, table.primary_key));
        let keys: Vec<_> = keys.flatten().collect();
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let from = TableRef::of(table);
        let mut select = Select::from(from);
        let columns = table.primary_key.iter();
        let columns = columns.map(|column| Node::Column(from, *column));
        select.items = columns
            .chain([C::sql().into_node()])
            .map(Item::Expr)
            .collect();
        select
            .filters
            .push(self.is_one_of(from, table.primary_key, &keys));
        let mut in_sql = HashMap::new();
        for row in &self.send(&render::select(&select)).await? {
            let mut reader = RowReader::new(row);
            let key = C::Model::read_key(&mut reader)?;
            in_sql.insert(key, reader.value::<C::Value>()?);
        }
        let mut found = Vec::new();
        for handle in handles {
            let row = self.view(handle);
            let (key, in_rust) = (row.key(), C::value(row)?);
            let in_sql = in_sql.remove(&key).ok_or_else(|| Error::NotFound {
                what: format!("the row of this `{}`, to compute a value of", table.model),
            })?;
            if in_sql != in_rust {
                found.push(Disagreement {
                    key,
                    in_rust,
                    in_sql,
                });
            }
        }
        Ok(found)
    }
}
