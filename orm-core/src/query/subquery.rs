//! Subqueries: a query as a value, on the right of IN, ANY and ALL, and in EXISTS; and `correlate`, which lets it look at
//! the row of the query around it.

use super::{Query, Value};
use crate::expr::{Correlate, Expr, Expression, Inside, Node, NotIn, Quantified, Select, Solid};
use crate::types::SqlType;

impl<Sel, Scope, G> Query<Sel, Scope, G> {
    /// Lets the query look at a table of the query that it will stand in: its columns may be used from here on, and what
    /// the subquery becomes part of has to have that table. SQLAlchemy: `correlate(User)`.
    ///
    /// A query that looks at the table of its own model needs an alias of one of the two: `Boss::query()`.
    ///
    /// ```
    /// use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "users")]
    /// # struct User { #[orm(primary_key)] id: i32, name: String }
    /// # #[derive(Model, Clone)] #[orm(table = "orders")]
    /// # struct Order { #[orm(primary_key)] id: i32, user_id: i32, total: i32 }
    /// let largest = Order::query()
    ///     .correlate::<User>()
    ///     .filter(Order::USER_ID.eq(User::ID))
    ///     .select(max(Order::TOTAL));
    /// let q = User::query().select((User::NAME, largest.as_scalar()));
    /// assert_eq!(
    ///     q.to_sql(),
    ///     "SELECT users.name, (SELECT max(orders.total) FROM orders WHERE orders.user_id = users.id) FROM users"
    /// );
    /// ```
    pub fn correlate<S>(self) -> Query<Sel, Scope::With, G>
    where
        S: NotIn<Scope>,
        Scope: Correlate<S>,
    {
        self.retyped()
    }

    /// The query as a value, NULL where it gives no row: `(SELECT ..)`. It must select one column. The server refuses one
    /// that gives several rows. SQLAlchemy: `scalar_subquery()`.
    ///
    /// ```
    /// use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "products")]
    /// # struct Product { #[orm(primary_key)] id: i32, price: i32 }
    /// let dearest = Product::query().select(max(Product::PRICE)).as_scalar();
    /// let q = Product::query().filter(Product::PRICE.eq(dearest)).select(Product::ID);
    /// assert_eq!(
    ///     q.to_sql(),
    ///     "SELECT products.id FROM products WHERE products.price = (SELECT max(products.price) FROM products)"
    /// );
    /// ```
    pub fn as_scalar<T>(self) -> Expr<Option<T::Base>, <Self as Subquery>::Uses>
    where
        Self: OneColumn<Type = T>,
        T: SqlType,
    {
        Expr::new(Node::Subquery(Box::new(self.into_select())))
    }

    /// The query's values, one of which a comparison must hold for: `price.gt(query.as_any())`. SQLAlchemy: `any_(..)`.
    ///
    /// ```
    /// use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "products")]
    /// # struct Product { #[orm(primary_key)] id: i32, price: i32, old: bool }
    /// let old = Product::query().filter(Product::OLD).select(Product::PRICE);
    /// let q = Product::query().filter(Product::PRICE.gt(old.as_any())).select(Product::ID);
    /// assert_eq!(
    ///     q.to_sql(),
    ///     "SELECT products.id FROM products WHERE products.price > ANY \
    ///      (SELECT products.price FROM products WHERE products.old)"
    /// );
    /// ```
    pub fn as_any<T>(self) -> Quantified<T, <Self as Subquery>::Uses>
    where
        Self: OneColumn<Type = T>,
        T: SqlType,
    {
        Quantified::new("ANY", Node::Subquery(Box::new(self.into_select())))
    }

    /// The query's values, all of which a comparison must hold for: `price.gt(query.as_all())`. It holds for none, too.
    /// SQLAlchemy: `all_(..)`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let old = Product::query().filter(Product::STOCK.eq(0)).select(Product::PRICE);
    /// let q = Product::query().filter(Product::PRICE.gt(old.as_all())).select(Product::ID);
    /// assert!(q.to_sql().contains("products.price > ALL (SELECT products.price "));
    /// ```
    pub fn as_all<T>(self) -> Quantified<T, <Self as Subquery>::Uses>
    where
        Self: OneColumn<Type = T>,
        T: SqlType,
    {
        Quantified::new("ALL", Node::Subquery(Box::new(self.into_select())))
    }
}

/// A query that can stand in another.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::query::Subquery;
///
/// let select = Tag::query().filter(Tag::ID.gt(7)).into_select(); // what `exists(..)` takes, without its types
/// assert_eq!((select.from.table.name, select.filters.len()), ("tags", 1));
/// ```
#[diagnostic::on_unimplemented(
    message = "this is not a query",
    label = "expected a query, found `{Self}`"
)]
pub trait Subquery {
    /// The tables of the query around it that it looks at.
    type Uses;

    /// The query without its types.
    fn into_select(self) -> Select;
}

#[diagnostic::do_not_recommend]
impl<Sel, Scope: Inside, G> Subquery for Query<Sel, Scope, G> {
    type Uses = Scope::Uses;

    fn into_select(self) -> Select {
        self.select
    }
}

/// A query that selects one column.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::query::OneColumn;
///
/// fn takes<Q: OneColumn<Type = T>, T>(_: &Q) {}
/// takes(&Tag::query().select(Tag::WORD)); // `Type` is `String`
/// ```
#[diagnostic::on_unimplemented(
    message = "a subquery that stands for a value has to select one column",
    label = "expected a query with `.select(one column)`"
)]
pub trait OneColumn: Subquery {
    /// The column's type.
    type Type: SqlType;
}

#[diagnostic::do_not_recommend]
impl<T: SqlType, Scope: Inside, G> OneColumn for Query<Value<T>, Scope, G> {
    type Type = T;
}

/// Whether a query gives any row: `EXISTS (..)`. SQLAlchemy: `exists(..)`.
///
/// ```
/// use orm_core::prelude::*;
/// # #[derive(Model, Clone)] #[orm(table = "users")]
/// # struct User { #[orm(primary_key)] id: i32, email: String }
/// # #[derive(Model, Clone)] #[orm(table = "visits")]
/// # struct Visit { #[orm(primary_key)] id: i32, email: String }
/// let visits = Visit::query().correlate::<User>().filter(Visit::EMAIL.eq(User::EMAIL));
/// let q = User::query().filter(exists(visits)).select(User::ID);
/// assert_eq!(
///     q.to_sql(),
///     "SELECT users.id FROM users WHERE EXISTS (SELECT visits.id, visits.email FROM visits WHERE visits.email = users.email)"
/// );
/// ```
///
/// Along a relationship there is `User::VISITS.any(..)`.
pub fn exists<Q: Subquery>(query: Q) -> Expr<bool, Solid<Q::Uses>> {
    Expr::new(Node::Exists(Box::new(query.into_select())))
}

/// Whether a query gives no row. SQLAlchemy: `~exists(..)`.
///
/// ```
/// use orm_core::prelude::*;
/// # #[derive(Model, Clone)] #[orm(table = "users")]
/// # struct User { #[orm(primary_key)] id: i32, email: String }
/// # #[derive(Model, Clone)] #[orm(table = "visits")]
/// # struct Visit { #[orm(primary_key)] id: i32, email: String }
/// let visits = Visit::query().correlate::<User>().filter(Visit::EMAIL.eq(User::EMAIL)).select(Visit::ID);
/// let q = User::query().filter(not_exists(visits)).select(User::ID);
/// assert_eq!(
///     q.to_sql(),
///     "SELECT users.id FROM users WHERE NOT EXISTS (SELECT visits.id FROM visits WHERE visits.email = users.email)"
/// );
/// ```
pub fn not_exists<Q: Subquery>(query: Q) -> Expr<bool, Solid<Q::Uses>> {
    let exists = Node::Exists(Box::new(query.into_select()));
    Expr::new(Node::Prefix("NOT", Box::new(exists)))
}

type Base<E> = <<E as Expression>::Type as SqlType>::Base;
/// The type of a comparison: `bool`, or `Option<bool>` where a side can be NULL.
type Truth<E, T> = <<E as Expression>::Type as SqlType>::Nullify<<T as SqlType>::Nullify<bool>>;

/// The operators that take a query. In the prelude.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// let sold = || OrderItem::query().select(OrderItem::PRODUCT_ID);
/// let (some, none) = (Product::ID.in_query(sold()), Product::ID.not_in_query(sold()));
/// assert!(Product::query().filter(some).to_sql().contains("products.id IN (SELECT order_items.product_id "));
/// assert!(Product::query().filter(none).to_sql().contains("products.id NOT IN (SELECT "));
/// ```
#[allow(clippy::type_complexity)]
pub trait QueryOperators: Expression {
    /// Whether the value is among those that a query gives: `IN (SELECT ..)`. SQLAlchemy: `in_(select(..))`.
    ///
    /// ```
    /// use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "users")]
    /// # struct User { #[orm(primary_key)] id: i32, name: String }
    /// # #[derive(Model, Clone)] #[orm(table = "orders")]
    /// # struct Order { #[orm(primary_key)] id: i32, user_id: i32, total: i32 }
    /// let buyers = Order::query().filter(Order::TOTAL.gt(100)).select(Order::USER_ID);
    /// let q = User::query().filter(User::ID.in_query(buyers)).select(User::NAME);
    /// assert_eq!(
    ///     q.to_sql(),
    ///     "SELECT users.name FROM users WHERE users.id IN (SELECT orders.user_id FROM orders WHERE orders.total > $1)"
    /// );
    /// ```
    fn in_query<Q, T>(self, query: Q) -> Expr<Truth<Self, T>, (Self::Uses, Q::Uses)>
    where
        Q: OneColumn<Type = T>,
        T: SqlType + SameAs<Base<Self>>,
    {
        among(self, "IN", query)
    }

    /// Whether the value is not among those that a query gives: `NOT IN (SELECT ..)`. A query that gives a NULL makes this
    /// NULL or false for every value, so filter NULLs out of it, or use [`not_exists`]. SQLAlchemy: `not_in(select(..))`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let sold = OrderItem::query().select(OrderItem::PRODUCT_ID);
    /// let q = Product::query().filter(Product::ID.not_in_query(sold)).select(Product::ID);
    /// assert!(q.to_sql().ends_with("products.id NOT IN (SELECT order_items.product_id FROM order_items)"));
    /// ```
    fn not_in_query<Q, T>(self, query: Q) -> Expr<Truth<Self, T>, (Self::Uses, Q::Uses)>
    where
        Q: OneColumn<Type = T>,
        T: SqlType + SameAs<Base<Self>>,
    {
        among(self, "NOT IN", query)
    }
}

impl<E: Expression> QueryOperators for E {}

fn among<E: Expression, Q: Subquery, T: SqlType, Uses>(
    value: E,
    operator: &'static str,
    query: Q,
) -> Expr<T, Uses> {
    let rows = Node::Subquery(Box::new(query.into_select()));
    Expr::new(Node::infix(value.into_node(), operator, rows))
}

/// Whether values of this type, NULLs aside, can be compared with those of `T`.
///
/// ```
/// use orm_core::query::SameAs;
///
/// fn takes<Selected: SameAs<T>, T>() {}
/// takes::<Option<i32>, i32>(); // NULLs aside, the same
/// ```
#[diagnostic::on_unimplemented(
    message = "the query gives `{Self}`, and is compared with `{T}`",
    label = "expected a query that selects a `{T}`"
)]
pub trait SameAs<T> {}

#[diagnostic::do_not_recommend]
impl<T: SqlType<Base = T>> SameAs<T> for T {}
#[diagnostic::do_not_recommend]
impl<T: SqlType<Base = T>> SameAs<T> for Option<T> {}
