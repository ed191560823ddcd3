//! Aggregates that depend on an order: `string_agg` and `array_agg` with ORDER BY inside, `percentile_cont` and `mode` WITHIN
//! GROUP.

use super::{
    Agg, Aggregate, AggregateCall, Each, Expr, Expression, InScope, KindOf, No, Node, OrderList,
    OrderNode, RowLevel, WindowFree,
};
use crate::types::{Element, Param, SqlType};

type Base<E> = <<E as Expression>::Type as SqlType>::Base;

/// What an aggregate uses that takes its rows in any order, `Agg<U>`: also in one that uses `Other`.
///
/// ```
/// use orm_core::expr::{Agg, AnyOrder, Of};
/// # use guide_shop::*;
///
/// fn can_be_ordered<Uses: AnyOrder<Other>, Other>() {}
/// can_be_ordered::<Agg<Of<Product>>, Of<Category>>();
/// ```
#[diagnostic::on_unimplemented(
    message = "only an aggregate takes its rows in an order",
    label = "an order for `func::array_agg(..)`, `func::string_agg(..)` ..; it stands behind something else",
    note = "`func::mode()` and the percentiles have their order from `within_group(..)`; the rows of a query are ordered by the query's `order_by`"
)]
pub trait AnyOrder<Other> {
    /// The same, and what else is used.
    type With;
}

#[diagnostic::do_not_recommend]
impl<U, Other> AnyOrder<Other> for Agg<U> {
    type With = Agg<(U, Other)>;
}

impl<T, Uses> Expr<T, Uses> {
    /// Gives the rows to the aggregate in an order, which matters to `string_agg` and `array_agg`: a column, an expression, an
    /// `.asc()` or `.desc()` of one, or a tuple of these. Of an expression that is made of an aggregate, it is the aggregate
    /// inside that gets them so. SQLAlchemy: `aggregate_order_by`.
    ///
    /// ```
    /// use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "users")]
    /// # struct User { #[orm(primary_key)] id: i32, name: String, age: Option<i32> }
    /// let q = User::query().select(func::string_agg(User::NAME, ", ").order_by(User::AGE.desc()));
    /// assert_eq!(q.to_sql(), "SELECT string_agg(users.name, $1 ORDER BY users.age DESC) FROM users");
    /// ```
    pub fn order_by<O, With>(self, order: O) -> Expr<T, With>
    where
        Uses: AnyOrder<O::Uses, With = With>,
        O: OrderList,
        O::Uses: RowLevel,
    {
        let mut node = self.into_untyped();
        let mut parts = Vec::new();
        order.push_list(&mut parts);
        node.each_aggregate_call(&mut |call| call.order_by.extend_from_slice(&parts));
        Expr::new(node)
    }

    /// Gives equal values to the aggregate once: `count(DISTINCT x)`, `array_agg(DISTINCT x)`. Of an expression that is
    /// made of an aggregate, it is the aggregate inside. SQLAlchemy: `func.array_agg(distinct(x))`.
    ///
    /// ```
    /// use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "users")]
    /// # struct User { #[orm(primary_key)] id: i32, name: String, age: Option<i32> }
    /// let q = User::query().select(func::array_agg(User::NAME).distinct());
    /// assert_eq!(q.to_sql(), "SELECT array_agg(DISTINCT users.name) FROM users");
    /// ```
    #[must_use]
    pub fn distinct(self) -> Self
    where
        Uses: AnyOrder<()>,
    {
        let mut node = self.into_untyped();
        node.each_aggregate_call(&mut |call| call.distinct = true);
        Expr::new(node)
    }
}

fn aggregated<T, Uses>(call: AggregateCall) -> Expr<T, Agg<Uses>> {
    Expr::new(Node::Aggregate(Box::new(call)))
}

/// `string_agg(text, separator)`: the texts one after the other, without the NULLs; NULL where there is none.
/// SQLAlchemy: `func.string_agg(..)`.
///
/// ```
/// use orm_core::prelude::*;
/// # #[derive(Model, Clone)] #[orm(table = "users")]
/// # struct User { #[orm(primary_key)] id: i32, name: String, age: Option<i32> }
/// let q = User::query().select(func::string_agg(User::NAME, ", "));
/// assert_eq!(q.to_sql(), "SELECT string_agg(users.name, $1) FROM users");
/// ```
pub fn string_agg<E: Expression>(
    text: E,
    separator: impl Into<String>,
) -> Expr<Option<String>, Agg<E::Uses>>
where
    Base<E>: super::Text,
{
    let separator = Node::Param(Param::new(&separator.into()));
    aggregated(Node::aggregate(
        "string_agg",
        vec![text.into_node(), separator],
    ))
}

/// `array_agg(expression)`: the values as a list, NULLs too; NULL where there is no row. SQLAlchemy: `func.array_agg(..)`.
///
/// ```
/// use orm_core::prelude::*;
/// # #[derive(Model, Clone)] #[orm(table = "users")]
/// # struct User { #[orm(primary_key)] id: i32, name: String, age: Option<i32> }
/// let q = User::query().select(func::array_agg(User::ID).order_by(User::NAME));
/// assert_eq!(q.to_sql(), "SELECT array_agg(users.id ORDER BY users.name) FROM users");
/// # async fn typed(db: &mut Session) -> orm_core::Result<()> {
/// # let q = User::query().select(func::array_agg(User::ID));
/// let ids: Option<Vec<i32>> = q.one(db).await?;
/// # Ok(())
/// # }
/// ```
///
/// The elements of a column that can be NULL are `Option`s. A column that is NULL for want of a partner in a LEFT JOIN is none
/// of these: it does not compile, and [`array_agg_not_null`] leaves the missing rows out.
pub fn array_agg<E: Expression>(
    expression: E,
) -> Expr<Option<Vec<E::Type>>, Agg<Each<E::Uses, E::Type>>>
where
    E::Type: Element,
{
    aggregated(Node::aggregate(
        "array_agg",
        vec![expression.into_node().typed(true)],
    ))
}

/// `array_agg(expression) FILTER (WHERE expression IS NOT NULL)`: the values as a list, without the NULLs; NULL where there is
/// no other. SQLAlchemy: `func.array_agg(x).filter(x.is_not(None))`.
///
/// ```
/// use orm_core::prelude::*;
/// # #[derive(Model, Clone)] #[orm(table = "users", has_many(orders: Order, via = user))]
/// # struct User { #[orm(primary_key)] id: i32, name: String }
/// # #[derive(Model, Clone)] #[orm(table = "orders")]
/// # struct Order { #[orm(primary_key)] id: i32, #[orm(belongs_to(user: User))] user_id: i32 }
/// let q = User::query()
///     .left_join(User::ORDERS)
///     .group_by(User::NAME)
///     .select((User::NAME, func::array_agg_not_null(Order::ID)));
/// assert_eq!(
///     q.to_sql(),
///     "SELECT users.name, array_agg(orders.id) FILTER (WHERE orders.id IS NOT NULL) FROM users \
///      LEFT JOIN orders ON orders.user_id = users.id GROUP BY users.name"
/// );
/// # async fn typed(db: &mut Session, q: orm_core::query::Query<(orm_core::query::Value<String>, orm_core::query::Value<Option<Vec<i32>>>), (User, ())>) -> orm_core::Result<()> {
/// let orders: Vec<(String, Option<Vec<i32>>)> = q.all(db).await?;
/// # Ok(())
/// # }
/// ```
pub fn array_agg_not_null<E: Expression>(expression: E) -> Expr<Option<Vec<Base<E>>>, Agg<E::Uses>>
where
    Base<E>: Element,
{
    let value = expression.into_node();
    let mut call = Node::aggregate("array_agg", vec![value.clone().typed(true)]);
    call.filter = Some(Node::postfix(value, "IS NOT NULL"));
    aggregated(call)
}

/// `mode()`: the value that comes most often, [`within_group`](WithinGroup::within_group) of an expression.
/// SQLAlchemy: `func.mode(..)`.
///
/// ```
/// use orm_core::prelude::*;
/// # #[derive(Model, Clone)] #[orm(table = "users")]
/// # struct User { #[orm(primary_key)] id: i32, name: String, age: Option<i32> }
/// let q = User::query().select(func::mode().within_group(User::AGE));
/// assert_eq!(q.to_sql(), "SELECT mode() WITHIN GROUP (ORDER BY users.age) FROM users");
/// ```
pub fn mode() -> WithinGroup<Mode> {
    WithinGroup::new("mode", Vec::new())
}

/// `percentile_cont(fraction)`: the value below which this part of the values lies, between two of them if need be. `0.5` is the
/// median. [`within_group`](WithinGroup::within_group) says of what; of a number of any type it is an `f64`.
/// SQLAlchemy: `func.percentile_cont(..)`.
///
/// ```
/// use orm_core::prelude::*;
/// # #[derive(Model, Clone)] #[orm(table = "users")]
/// # struct User { #[orm(primary_key)] id: i32, name: String, age: Option<i32> }
/// let q = User::query().select(func::percentile_cont(0.5).within_group(User::AGE));
/// assert_eq!(
///     q.to_sql(),
///     "SELECT percentile_cont($1) WITHIN GROUP (ORDER BY users.age) FROM users"
/// );
/// ```
pub fn percentile_cont(fraction: f64) -> WithinGroup<Continuous> {
    let fraction = Node::Param(Param::new(&fraction));
    WithinGroup::new("percentile_cont", vec![fraction])
}

/// `percentile_disc(fraction)`: the first of the values at or above this part of them.
/// SQLAlchemy: `func.percentile_disc(..)`.
///
/// ```
/// use orm_core::prelude::*;
/// # #[derive(Model, Clone)] #[orm(table = "users")]
/// # struct User { #[orm(primary_key)] id: i32, name: String, age: Option<i32> }
/// let q = User::query().select(func::percentile_disc(0.9).within_group(User::NAME));
/// assert_eq!(
///     q.to_sql(),
///     "SELECT percentile_disc($1) WITHIN GROUP (ORDER BY users.name) FROM users"
/// );
/// ```
pub fn percentile_disc(fraction: f64) -> WithinGroup<Mode> {
    let fraction = Node::Param(Param::new(&fraction));
    WithinGroup::new("percentile_disc", vec![fraction])
}

/// An ordered-set aggregate that still has to be told what to aggregate: see [`percentile_cont`] and [`mode`].
#[derive(Debug)]
#[must_use = "say of what: `.within_group(User::AGE)`"]
pub struct WithinGroup<Kind> {
    call: AggregateCall,
    kind: std::marker::PhantomData<fn() -> Kind>,
}

/// Gives one of the values: `mode`, `percentile_disc`.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::expr::{Mode, WithinGroup};
///
/// let commonest: WithinGroup<Mode> = func::mode();
/// # let _ = commonest.within_group(Product::PRICE);
/// ```
#[derive(Debug)]
pub struct Mode;
/// Calculates a value: `percentile_cont`.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::expr::{Continuous, WithinGroup};
///
/// let median: WithinGroup<Continuous> = func::percentile_cont(0.5);
/// # let _ = median.within_group(Product::PRICE);
/// ```
#[derive(Debug)]
pub struct Continuous;

impl<Kind> WithinGroup<Kind> {
    fn new(function: &'static str, arguments: Vec<Node>) -> Self {
        let mut call = Node::aggregate(function, arguments);
        call.within_group = true;
        WithinGroup {
            call,
            kind: std::marker::PhantomData,
        }
    }

    /// `WITHIN GROUP (ORDER BY expression)`: what is aggregated; NULL where it is NULL in every row. SQLAlchemy:
    /// `within_group(..)`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let q = Product::query().select(func::percentile_cont(0.5).within_group(Product::PRICE));
    /// assert_eq!(q.to_sql(), "SELECT percentile_cont($1) WITHIN GROUP (ORDER BY products.price) FROM products");
    /// ```
    pub fn within_group<E, T>(self, expression: E) -> Expr<Option<T>, InOrder<E::Uses>>
    where
        E: Expression,
        E::Uses: RowLevel,
        Kind: OfValues<E::Type, Result = T>,
    {
        self.of::<E::Type, _, _>(expression.into_node(), false)
    }

    /// As [`within_group`](WithinGroup::within_group), counted from the greatest value down.
    ///
    /// ```
    /// use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "users")]
    /// # struct User { #[orm(primary_key)] id: i32, name: String, age: Option<i32> }
    /// let q = User::query().select(func::percentile_disc(0.1).within_group_desc(User::AGE));
    /// assert_eq!(
    ///     q.to_sql(),
    ///     "SELECT percentile_disc($1) WITHIN GROUP (ORDER BY users.age DESC) FROM users"
    /// );
    /// ```
    pub fn within_group_desc<E, T>(self, expression: E) -> Expr<Option<T>, InOrder<E::Uses>>
    where
        E: Expression,
        E::Uses: RowLevel,
        Kind: OfValues<E::Type, Result = T>,
    {
        self.of::<E::Type, _, _>(expression.into_node(), true)
    }

    fn of<By: SqlType, T, Uses>(mut self, node: Node, descending: bool) -> Expr<T, InOrder<Uses>> {
        self.call.order_by = vec![OrderNode {
            node,
            ty: Some(By::TYPE),
            descending,
            nulls_first: None,
        }];
        Expr::new(Node::Aggregate(Box::new(self.call)))
    }
}

/// What an ordered-set aggregate uses. It is an aggregate that has its order already, and no window: so it has `filter`, and
/// neither `order_by`, `distinct` nor `over`. See [`mode`].
#[derive(Debug)]
pub struct InOrder<U>(std::marker::PhantomData<fn() -> U>);

impl<U> KindOf for InOrder<U> {
    type Kind = Aggregate;
}

impl<U: WindowFree> WindowFree for InOrder<U> {}

impl<Scope, U: InScope<Scope, I>, I> InScope<Scope, I> for InOrder<U> {
    type Null = No;
}

/// What an ordered-set aggregate makes of values of type `T`.
///
/// ```
/// use orm_core::expr::{Continuous, Mode, OfValues};
///
/// fn gives<Kind: OfValues<i32, Result = R>, R>() {}
/// gives::<Mode, i32>(); // one of the values
/// gives::<Continuous, f64>(); // a calculated one
/// ```
#[diagnostic::on_unimplemented(
    message = "this aggregate has no value for `{T}`",
    label = "`percentile_cont` needs a number; `percentile_disc` and `mode` take anything that has an order"
)]
pub trait OfValues<T> {
    /// The type of the result.
    type Result: SqlType<Base = Self::Result>;
}

impl<T: SqlType> OfValues<T> for Mode {
    type Result = T::Base;
}

impl<T: SqlType> OfValues<T> for Continuous
where
    T::Base: crate::types::Numeric,
{
    type Result = f64;
}
