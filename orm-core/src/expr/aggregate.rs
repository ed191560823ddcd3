//! Aggregates: one value for many rows.

use super::{Agg, Expr, Expression, Node};
use crate::types::SqlType;

fn aggregate<T, Uses>(function: &'static str, operand: Node) -> Expr<T, Agg<Uses>> {
    Expr::new(Node::call(function, vec![operand]))
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
    Expr::new(Node::Call {
        function: "count".into(),
        distinct: true,
        arguments: vec![expression.into_node()],
    })
}

/// `sum(expression)`; NULL where there is no row. The type is PostgreSQL's: an `i32` sums to an `i64`, an `i64` to a
/// `Decimal`.
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
/// `f64`.
pub fn avg<E: Expression, T: SqlType>(expression: E) -> Expr<Option<T>, Agg<E::Uses>>
where
    <E::Type as SqlType>::Base: Averaged<Average = T>,
{
    aggregate("avg", expression.into_node())
}

/// `min(expression)`; NULL where there is no row.
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

/// `max(expression)`; NULL where there is no row.
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

/// A type that can be summed.
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
