//! Aggregates: one value for many rows. Those with an order or an argument of their own are in `ordered_set`.

use super::{Agg, Condition, Expr, Expression, InOrder, Node, PerRow};
use crate::types::{Numeric, SqlType};

fn aggregate<T, Uses>(function: &'static str, operand: Node) -> Expr<T, Agg<Uses>> {
    Expr::new(Node::Aggregate(Box::new(Node::aggregate(
        function,
        vec![operand],
    ))))
}

/// What an aggregate uses, `Agg<U>` or `InOrder<U>`: it chooses its rows by itself, by a condition that uses `Other`.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::expr::{Agg, Of, OfAggregate};
///
/// fn can_be_filtered<Uses: OfAggregate<Other>, Other>() {}
/// can_be_filtered::<Agg<Of<Product>>, Of<Category>>();
/// ```
#[diagnostic::on_unimplemented(
    message = "only an aggregate has rows to choose from",
    label = "a condition of `count(..)`, `sum(..)`, `func::array_agg(..)` ..; it stands behind something else",
    note = "of a calculation with an aggregate it stands inside: `count_all().filter(..) + 1`; the rows of a query are chosen by the query's `filter`"
)]
pub trait OfAggregate<Other> {
    /// The same, and what else is used.
    type With;
}

#[diagnostic::do_not_recommend]
impl<U, Other> OfAggregate<Other> for Agg<U> {
    type With = Agg<(U, Other)>;
}

#[diagnostic::do_not_recommend]
impl<U, Other> OfAggregate<Other> for InOrder<U> {
    type With = InOrder<(U, Other)>;
}

impl<T, Uses> Expr<T, Uses> {
    /// Aggregates only the rows for which a condition is true. It stands on the aggregate itself, before a
    /// calculation with it; with an earlier one, both must hold. SQLAlchemy: `func.count(x).filter(..)`.
    ///
    /// ```
    /// use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "users")]
    /// # struct User { #[orm(primary_key)] id: i32, name: String, age: Option<i32> }
    /// let q = User::query().select((count_all(), count_all().filter(User::AGE.ge(18))));
    /// assert_eq!(
    ///     q.to_sql(),
    ///     "SELECT count(*), count(*) FILTER (WHERE users.age >= $1) FROM users"
    /// );
    /// ```
    pub fn filter<C, With>(self, condition: C) -> Expr<T, With>
    where
        Uses: OfAggregate<C::Uses, With = With>,
        C: Condition + PerRow,
    {
        let mut node = self.into_untyped();
        node.filter_aggregates(&condition.into_node());
        Expr::new(node)
    }
}

/// `count(expression)`: the number of rows in which it is not NULL. SQLAlchemy: `func.count(x)`.
///
/// ```
/// # use orm_core::prelude::*;
/// # #[derive(Model, Clone)] #[orm(table = "users")]
/// # struct User { #[orm(primary_key)] id: i32, name: String, age: Option<i32> }
/// assert_eq!(User::query().select(count(User::AGE)).to_sql(), "SELECT count(users.age) FROM users");
/// ```
pub fn count<E: Expression>(expression: E) -> Expr<i64, Agg<E::Uses>> {
    aggregate("count", expression.into_node())
}

/// `count(*)`: the number of rows. SQLAlchemy: `func.count()`.
///
/// ```
/// # use orm_core::prelude::*;
/// # #[derive(Model, Clone)] #[orm(table = "users")]
/// # struct User { #[orm(primary_key)] id: i32, name: String, age: Option<i32> }
/// assert_eq!(User::query().select(count_all()).to_sql(), "SELECT count(*) FROM users");
/// ```
pub fn count_all() -> Expr<i64, Agg<()>> {
    aggregate("count", Node::Word("*"))
}

/// `count(DISTINCT expression)`: the number of different values. SQLAlchemy: `func.count(distinct(x))`.
///
/// ```
/// # use orm_core::prelude::*;
/// # #[derive(Model, Clone)] #[orm(table = "users")]
/// # struct User { #[orm(primary_key)] id: i32, name: String, age: Option<i32> }
/// assert_eq!(User::query().select(count_distinct(User::NAME)).to_sql(), "SELECT count(DISTINCT users.name) FROM users");
/// ```
pub fn count_distinct<E: Expression>(expression: E) -> Expr<i64, Agg<E::Uses>> {
    let mut call = Node::aggregate("count", vec![expression.into_node()]);
    call.distinct = true;
    Expr::new(Node::Aggregate(Box::new(call)))
}

/// `sum(expression)`; NULL where there is no row. The type is PostgreSQL's: an `i32` sums to an `i64`, an `i64` to a
/// `Decimal`. SQLAlchemy: `func.sum(..)`.
///
/// ```
/// # use orm_core::prelude::*;
/// # #[derive(Model, Clone)] #[orm(table = "users")]
/// # struct User { #[orm(primary_key)] id: i32, name: String, age: Option<i32> }
/// assert_eq!(User::query().select(sum(User::AGE)).to_sql(), "SELECT sum(users.age) FROM users");
/// ```
pub fn sum<E: Expression, T: SqlType>(expression: E) -> Expr<Option<T>, Agg<E::Uses>>
where
    <E::Type as SqlType>::Base: Summed<Sum = T>,
{
    aggregate("sum", expression.into_node())
}

/// `avg(expression)`; NULL where there is no row. The type is PostgreSQL's: integers average to a `Decimal`, floats to an
/// `f64`. SQLAlchemy: `func.avg(..)`.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// let q = Product::query().select(avg(Product::PRICE));
/// assert_eq!(q.to_sql(), "SELECT avg(products.price) FROM products");
/// ```
pub fn avg<E: Expression, T: SqlType>(expression: E) -> Expr<Option<T>, Agg<E::Uses>>
where
    <E::Type as SqlType>::Base: Averaged<Average = T>,
{
    aggregate("avg", expression.into_node())
}

/// `min(expression)`; NULL where there is no row. SQLAlchemy: `func.min(..)`.
///
/// ```
/// # use orm_core::prelude::*;
/// # #[derive(Model, Clone)] #[orm(table = "users")]
/// # struct User { #[orm(primary_key)] id: i32, name: String, age: Option<i32> }
/// assert_eq!(User::query().select(min(User::AGE)).to_sql(), "SELECT min(users.age) FROM users");
/// ```
pub fn min<E: Expression>(expression: E) -> Expr<Option<<E::Type as SqlType>::Base>, Agg<E::Uses>> {
    aggregate("min", expression.into_node())
}

/// `max(expression)`; NULL where there is no row. SQLAlchemy: `func.max(..)`.
///
/// ```
/// # use orm_core::prelude::*;
/// # #[derive(Model, Clone)] #[orm(table = "users")]
/// # struct User { #[orm(primary_key)] id: i32, name: String, age: Option<i32> }
/// assert_eq!(User::query().select(max(User::NAME)).to_sql(), "SELECT max(users.name) FROM users");
/// ```
pub fn max<E: Expression>(expression: E) -> Expr<Option<<E::Type as SqlType>::Base>, Agg<E::Uses>> {
    aggregate("max", expression.into_node())
}

/// `bool_and(condition)`: whether it is true of every row of which it is known; NULL where there is no such row.
/// SQLAlchemy: `func.bool_and(x)`.
///
/// ```
/// # use orm_core::prelude::*;
/// # #[derive(Model, Clone)] #[orm(table = "users")]
/// # struct User { #[orm(primary_key)] id: i32, name: String, age: Option<i32> }
/// let q = User::query().select(func::bool_and(User::AGE.ge(18)));
/// assert_eq!(q.to_sql(), "SELECT bool_and(users.age >= $1) FROM users");
/// ```
pub fn bool_and<C: Condition>(condition: C) -> Expr<Option<bool>, Agg<C::Uses>> {
    aggregate("bool_and", condition.into_node())
}

/// `bool_or(condition)`: whether it is true of any row; NULL where it is known of none. SQLAlchemy: `func.bool_or(x)`.
///
/// ```
/// # use orm_core::prelude::*;
/// # #[derive(Model, Clone)] #[orm(table = "users")]
/// # struct User { #[orm(primary_key)] id: i32, name: String, age: Option<i32> }
/// let q = User::query().select(func::bool_or(User::NAME.eq("ann")));
/// assert_eq!(q.to_sql(), "SELECT bool_or(users.name = $1) FROM users");
/// ```
pub fn bool_or<C: Condition>(condition: C) -> Expr<Option<bool>, Agg<C::Uses>> {
    aggregate("bool_or", condition.into_node())
}

/// Statistics of one number: the type is that of the average.
macro_rules! statistics {
    ($($name:ident $doc:literal)*) => { $(
        #[doc = concat!($doc, " SQLAlchemy: `func.", stringify!($name), "(..)`.")]
        ///
        /// ```
        /// # use orm_core::prelude::*;
        /// # #[derive(Model, Clone)] #[orm(table = "samples")]
        /// # struct Sample { #[orm(primary_key)] id: i32, x: f64, y: f64 }
        #[doc = concat!(
            "let q = Sample::query().select(func::", stringify!($name), "(Sample::X));\n",
            "assert_eq!(q.to_sql(), \"SELECT ", stringify!($name), "(samples.x) FROM samples\");"
        )]
        /// ```
        pub fn $name<E: Expression, T: SqlType>(number: E) -> Expr<Option<T>, Agg<E::Uses>>
        where
            <E::Type as SqlType>::Base: Averaged<Average = T>,
        {
            aggregate(stringify!($name), number.into_node())
        }
    )* };
}

statistics! {
    stddev_samp "`stddev_samp(number)`: the standard deviation of a sample; NULL of fewer than two rows."
    stddev_pop "`stddev_pop(number)`: the standard deviation of all there is; NULL of no row."
    var_samp "`var_samp(number)`: the variance of a sample; NULL of fewer than two rows."
    var_pop "`var_pop(number)`: the variance of all there is; NULL of no row."
}

/// Statistics of two numbers, of whatever types: PostgreSQL calculates in `f64`.
macro_rules! regressions {
    ($($name:ident $doc:literal)*) => { $(
        #[doc = concat!($doc, " SQLAlchemy: `func.", stringify!($name), "(..)`.")]
        ///
        /// ```
        /// # use orm_core::prelude::*;
        /// # #[derive(Model, Clone)] #[orm(table = "samples")]
        /// # struct Sample { #[orm(primary_key)] id: i32, x: f64, y: f64 }
        #[doc = concat!(
            "let q = Sample::query().select(func::", stringify!($name), "(Sample::Y, Sample::X));\n",
            "assert_eq!(q.to_sql(), \"SELECT ", stringify!($name),
            "(samples.y, samples.x) FROM samples\");"
        )]
        /// ```
        pub fn $name<Y: Expression, X: Expression>(
            y: Y,
            x: X,
        ) -> Expr<Option<f64>, Agg<(Y::Uses, X::Uses)>>
        where
            <Y::Type as SqlType>::Base: Numeric,
            <X::Type as SqlType>::Base: Numeric,
        {
            Expr::new(Node::Aggregate(Box::new(Node::aggregate(
                stringify!($name),
                vec![y.into_node(), x.into_node()],
            ))))
        }
    )* };
}

regressions! {
    corr "`corr(y, x)`: how the two go together, from -1 to 1; NULL where it is not defined."
    covar_samp "`covar_samp(y, x)`: the covariance of a sample."
    covar_pop "`covar_pop(y, x)`: the covariance of all there is."
    regr_slope "`regr_slope(y, x)`: the slope of the line that fits best."
    regr_intercept "`regr_intercept(y, x)`: where that line meets the `y` axis."
}

/// A type that can be summed.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::expr::Expr;
///
/// let total: Expr<Option<i64>, _> = sum(Product::PRICE); // an `i32` sums to an `i64`
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be summed",
    label = "`sum` needs numbers",
    note = "the sum of an `i64` is a `Decimal`: orm-core's feature `decimal`"
)]
pub trait Summed: SqlType {
    /// The type of the sum.
    type Sum: SqlType<Base = Self::Sum>;
}

/// A type that has an average.
///
/// ```
/// use orm_core::expr::Averaged;
///
/// fn averages_to<T: Averaged<Average = f64>>() {}
/// averages_to::<f32>();
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no average",
    label = "`avg` needs numbers",
    note = "the average of integers is a `Decimal`: orm-core's feature `decimal`"
)]
pub trait Averaged: SqlType {
    /// The type of the average.
    type Average: SqlType<Base = Self::Average>;
}

macro_rules! numbers {
    ($trait:ident $result:ident: $($from:ty => $to:ty),*) => { $(
        impl $trait for $from {
            type $result = $to;
        }
    )* };
}

numbers!(Summed Sum: i16 => i64, i32 => i64, f32 => f32, f64 => f64);
numbers!(Averaged Average: f32 => f64, f64 => f64);
#[cfg(feature = "decimal")]
numbers!(Summed Sum: i64 => rust_decimal::Decimal, rust_decimal::Decimal => rust_decimal::Decimal);
#[cfg(feature = "decimal")]
numbers!(
    Averaged Average:
    i16 => rust_decimal::Decimal,
    i32 => rust_decimal::Decimal,
    i64 => rust_decimal::Decimal,
    rust_decimal::Decimal => rust_decimal::Decimal
);
