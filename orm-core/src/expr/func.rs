//! SQL functions: the common ones with their types, and [`call`] for any other by its name. SQLAlchemy: `func`.
//!
//! ```
//! use orm_core::prelude::*;
//!
//! # #[derive(Model, Clone)] #[orm(table = "users")]
//! # struct User { #[orm(primary_key)] id: i32, name: String, nickname: Option<String> }
//! let q = User::query().select((func::lower(User::NAME), func::coalesce(User::NICKNAME, "none")));
//! assert_eq!(q.to_sql(), "SELECT lower(users.name), coalesce(users.nickname, $1) FROM users");
//! ```

pub use super::aggregate::{
    bool_and, bool_or, corr, covar_pop, covar_samp, regr_intercept, regr_slope, stddev_pop,
    stddev_samp, var_pop, var_samp,
};
pub use super::array::{
    array_append, array_position, array_prepend, array_remove, cardinality, unnest,
};
#[cfg(feature = "chrono")]
pub use super::datetime::{
    age, clock_timestamp, current_date, date_trunc, make_date, make_interval, now, to_timestamp,
};
#[cfg(feature = "json")]
pub use super::json::{
    jsonb_agg, jsonb_array_length, jsonb_build_object, jsonb_set, jsonb_typeof, to_jsonb,
};
#[cfg(feature = "decimal")]
pub use super::math::round_to;
pub use super::math::{
    bit_not, ceil, exp, floor, ln, log, pi, power, random, round, sign, sqrt, trunc,
};
pub use super::network::{host, masklen, network};
pub use super::ordered_set::{
    array_agg, array_agg_not_null, mode, percentile_cont, percentile_disc, string_agg,
};
pub use super::range::{
    range_agg, range_is_empty, range_lower, range_lower_inclusive, range_lower_infinite,
    range_upper, range_upper_inclusive, range_upper_infinite,
};
pub use super::strings::{
    array_to_string, concat, concat_ws, initcap, left, lpad, ltrim, md5, position, regexp_match,
    regexp_replace, regexp_replace_flags, regexp_split_to_array, repeat, replace, reverse, right,
    rpad, rtrim, split_part, string_to_array, substring, to_char, translate, trim, trim_characters,
};
pub use super::text_search::{
    Weight, phraseto_tsquery, plainto_tsquery, setweight, to_tsquery, to_tsvector, ts_headline,
    ts_rank, ts_rank_cd, websearch_to_tsquery,
};
use super::{Agg, AsExpr, Expr, Expression, Node, Solid, Text};
use crate::types::{Numeric, PgType, SqlType};

type Base<E> = <<E as Expression>::Type as SqlType>::Base;
type Like<E, T> = <<E as Expression>::Type as SqlType>::Nullify<T>;

/// `lower(text)`. SQLAlchemy: `func.lower(..)`.
///
/// ```
/// # use orm_core::prelude::*;
/// # #[derive(Model, Clone)] #[orm(table = "users")]
/// # struct User { #[orm(primary_key)] id: i32, name: String, age: Option<i32> }
/// assert_eq!(User::query().select(func::lower(User::NAME)).to_sql(), "SELECT lower(users.name) FROM users");
/// ```
pub fn lower<E: Expression>(text: E) -> Expr<E::Type, E::Uses>
where
    Base<E>: Text,
{
    Expr::new(Node::call("lower", vec![text.into_node()]))
}

/// `upper(text)`. SQLAlchemy: `func.upper(..)`.
///
/// ```
/// # use orm_core::prelude::*;
/// # #[derive(Model, Clone)] #[orm(table = "users")]
/// # struct User { #[orm(primary_key)] id: i32, name: String, age: Option<i32> }
/// assert_eq!(User::query().select(func::upper(User::NAME)).to_sql(), "SELECT upper(users.name) FROM users");
/// ```
pub fn upper<E: Expression>(text: E) -> Expr<E::Type, E::Uses>
where
    Base<E>: Text,
{
    Expr::new(Node::call("upper", vec![text.into_node()]))
}

/// `length(text)`: the number of characters. SQLAlchemy: `func.length(..)`.
///
/// ```
/// # use orm_core::prelude::*;
/// # #[derive(Model, Clone)] #[orm(table = "users")]
/// # struct User { #[orm(primary_key)] id: i32, name: String, age: Option<i32> }
/// assert_eq!(User::query().select(func::length(User::NAME)).to_sql(), "SELECT length(users.name) FROM users");
/// ```
pub fn length<E: Expression>(text: E) -> Expr<Like<E, i32>, E::Uses>
where
    Base<E>: Text,
{
    Expr::new(Node::call("length", vec![text.into_node()]))
}

/// `abs(number)`. SQLAlchemy: `func.abs(..)`.
///
/// ```
/// # use orm_core::prelude::*;
/// # #[derive(Model, Clone)] #[orm(table = "users")]
/// # struct User { #[orm(primary_key)] id: i32, name: String, age: Option<i32> }
/// assert_eq!(User::query().select(func::abs(User::AGE)).to_sql(), "SELECT abs(users.age) FROM users");
/// ```
pub fn abs<E: Expression>(number: E) -> Expr<E::Type, E::Uses>
where
    Base<E>: Numeric,
{
    Expr::new(Node::call("abs", vec![number.into_node()]))
}

/// `coalesce(expression, otherwise)`: the expression, or the other value where it is NULL. It is NULL only where both
/// are. For more than two, nest it: the SQL has one list. SQLAlchemy: `func.coalesce(..)`.
///
/// ```
/// # use orm_core::prelude::*;
/// # #[derive(Model, Clone)] #[orm(table = "users")]
/// # struct User { #[orm(primary_key)] id: i32, name: String, age: Option<i32> }
/// assert_eq!(User::query().select(func::coalesce(User::AGE, 0)).to_sql(), "SELECT coalesce(users.age, $1) FROM users");
/// ```
pub fn coalesce<E, R, T, Uses>(expression: E, otherwise: R) -> Expr<T, (Solid<E::Uses>, Uses)>
where
    E: Expression,
    R: AsExpr<Base<E>, Type = T, Uses = Uses>,
{
    Expr::new(extended(
        "coalesce",
        expression.into_node(),
        otherwise.into_operand(),
    ))
}

/// `greatest(a, b)`: the greater one; a NULL does not count, so it is NULL only where both are. For more than two, nest it:
/// the SQL has one list. SQLAlchemy: `func.greatest(..)`.
///
/// ```
/// # use orm_core::prelude::*;
/// # #[derive(Model, Clone)] #[orm(table = "users")]
/// # struct User { #[orm(primary_key)] id: i32, name: String, age: Option<i32> }
/// let q = User::query().select(func::greatest(func::greatest(User::AGE, User::ID), 18));
/// assert_eq!(q.to_sql(), "SELECT greatest(users.age, users.id, $1) FROM users");
/// ```
pub fn greatest<E, R, T, Uses>(expression: E, other: R) -> Expr<T, (Solid<E::Uses>, Uses)>
where
    E: Expression,
    R: AsExpr<Base<E>, Type = T, Uses = Uses>,
{
    Expr::new(extended(
        "greatest",
        expression.into_node(),
        other.into_operand(),
    ))
}

/// `least(a, b)`: the lesser one; otherwise as [`greatest`]. SQLAlchemy: `func.least(..)`.
///
/// ```
/// # use orm_core::prelude::*;
/// # #[derive(Model, Clone)] #[orm(table = "users")]
/// # struct User { #[orm(primary_key)] id: i32, name: String, age: Option<i32> }
/// assert_eq!(User::query().select(func::least(User::AGE, 18)).to_sql(), "SELECT least(users.age, $1) FROM users");
/// ```
pub fn least<E, R, T, Uses>(expression: E, other: R) -> Expr<T, (Solid<E::Uses>, Uses)>
where
    E: Expression,
    R: AsExpr<Base<E>, Type = T, Uses = Uses>,
{
    Expr::new(extended(
        "least",
        expression.into_node(),
        other.into_operand(),
    ))
}

/// `f(f(a, b), c)` as `f(a, b, c)`, which is the same for these functions.
fn extended(function: &'static str, first: Node, second: Node) -> Node {
    let second = second.typed(false);
    match first {
        Node::Call {
            function: same,
            mut arguments,
        } if same == function => {
            arguments.push(second);
            Node::call(function, arguments)
        }
        first => Node::call(function, vec![first.typed(false), second]),
    }
}

/// `nullif(expression, value)`: NULL where it is this value, else the expression. SQLAlchemy: `func.nullif(..)`.
///
/// ```
/// # use orm_core::prelude::*;
/// # #[derive(Model, Clone)] #[orm(table = "users")]
/// # struct User { #[orm(primary_key)] id: i32, name: String, age: Option<i32> }
/// assert_eq!(User::query().select(func::nullif(User::NAME, "")).to_sql(), "SELECT nullif(users.name, $1) FROM users");
/// ```
pub fn nullif<E, R>(expression: E, value: R) -> Expr<Option<Base<E>>, (E::Uses, R::Uses)>
where
    E: Expression,
    R: AsExpr<Base<E>>,
{
    let arguments = vec![expression.into_node(), value.into_operand().typed(false)];
    Expr::new(Node::call("nullif", arguments))
}

/// `grouping(expressions)`: which of them a row is not grouped by, as bits, the last one's being 1: how the rows of subtotals
/// are told apart in [`group_by_rollup`](crate::query::Query::group_by_rollup) and its relatives.
/// SQLAlchemy: `func.grouping(..)`.
///
/// ```
/// # use orm_core::prelude::*;
/// # #[derive(Model, Clone)] #[orm(table = "users")]
/// # struct User { #[orm(primary_key)] id: i32, name: String, age: Option<i32> }
/// let q = User::query().group_by_rollup(User::NAME).select((User::NAME, func::grouping((User::NAME,))));
/// assert_eq!(q.to_sql(), "SELECT users.name, grouping(users.name) FROM users GROUP BY ROLLUP (users.name)");
/// ```
pub fn grouping<A: Arguments>(expressions: A) -> Expr<i32, Agg<A::Uses>> {
    super::function::aggregate("grouping", expressions.into_nodes())
}

/// `extract(part FROM moment)`: `func::extract(func::Year, Order::CREATED_AT)`. Whole numbers come as `i32`, seconds and
/// the epoch as `f64`. SQLAlchemy: `extract("year", x)`.
///
/// ```
/// # use chrono::{DateTime, Utc};
/// # use orm_core::prelude::*;
/// # #[derive(Model, Clone)] #[orm(table = "orders")]
/// # struct Order { #[orm(primary_key)] id: i32, created_at: DateTime<Utc> }
/// let year = func::extract(func::Year, Order::CREATED_AT);
/// let q = Order::query().group_by(year.clone()).select((year, count_all()));
/// assert!(q.to_sql().starts_with("SELECT CAST(extract(year FROM orders.created_at) AS int4), count(*)"));
/// ```
pub fn extract<P: DatePart, E: Expression>(part: P, moment: E) -> Expr<Like<E, P::Type>, E::Uses>
where
    Base<E>: Moment,
{
    let _ = part;
    Expr::new(Node::Cast(
        Box::new(Node::Extract(P::NAME, Box::new(moment.into_node()))),
        <P::Type as SqlType>::TYPE,
    ))
}

/// A part of a date or time.
///
/// ```
/// use orm_core::prelude::func::{DatePart, DayOfYear};
///
/// assert_eq!(DayOfYear::NAME, "doy");
/// ```
pub trait DatePart {
    /// The type of the part.
    type Type: SqlType<Base = Self::Type>;
    /// PostgreSQL's word for it.
    const NAME: &'static str;
}

macro_rules! parts {
    ($($name:ident $sql:literal $ty:ty, $doc:literal;)*) => { $(
        #[doc = concat!($doc, " In [`extract`]: `extract(func::", stringify!($name), ", moment)`.")]
        #[derive(Debug, Clone, Copy)]
        pub struct $name;

        impl DatePart for $name {
            type Type = $ty;
            const NAME: &'static str = $sql;
        }
    )* };
}

parts! {
    Year "year" i32, "The year.";
    Quarter "quarter" i32, "The quarter, 1 to 4.";
    Month "month" i32, "The month, 1 to 12.";
    Week "week" i32, "The ISO week of the year, 1 to 53.";
    Day "day" i32, "The day of the month, 1 to 31.";
    DayOfWeek "dow" i32, "The day of the week, Sunday is 0.";
    DayOfYear "doy" i32, "The day of the year, 1 to 366.";
    Hour "hour" i32, "The hour, 0 to 23.";
    Minute "minute" i32, "The minute, 0 to 59.";
    Second "second" f64, "The second with its fraction.";
    Epoch "epoch" f64, "Seconds since 1970-01-01 00:00 UTC.";
}

/// A type that has date or time parts.
///
/// ```
/// fn has_a_year<T: orm_core::prelude::func::Moment>() {}
/// has_a_year::<chrono::NaiveDate>();
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no date or time parts",
    label = "`extract` needs a date, a time or a timestamp"
)]
pub trait Moment {}
#[cfg(feature = "chrono")]
mod moments {
    impl super::Moment for chrono::DateTime<chrono::Utc> {}
    impl super::Moment for chrono::NaiveDateTime {}
    impl super::Moment for chrono::NaiveDate {}
    impl super::Moment for chrono::NaiveTime {}
    impl super::Moment for crate::types::Interval {}
}

/// Any function by its name: `func::call::<f64, _>("similarity", (User::NAME, value("ann")))`. The caller says the type
/// of the result (an `Option` where it can be NULL). The name may have a schema before it, `shop.net_price`; each part is
/// quoted as an identifier. SQLAlchemy: `func.initcap(..)`.
///
/// ```
/// use orm_core::prelude::*;
///
/// # #[derive(Model, Clone)] #[orm(table = "users")]
/// # struct User { #[orm(primary_key)] id: i32, name: String }
/// let q = User::query().select(func::call::<String, _>("initcap", (User::NAME,)));
/// assert_eq!(q.to_sql(), "SELECT initcap(users.name) FROM users");
/// ```
pub fn call<T: SqlType, A: Arguments>(
    function: impl Into<std::borrow::Cow<'static, str>>,
    arguments: A,
) -> Expr<T, A::Uses> {
    Expr::new(Node::call(function, arguments.into_nodes()))
}

/// `CAST(expression AS type)`, to the PostgreSQL type of a Rust type. SQLAlchemy: `cast(x, String)`.
///
/// ```
/// # use orm_core::prelude::*;
/// # #[derive(Model, Clone)] #[orm(table = "users")]
/// # struct User { #[orm(primary_key)] id: i32, name: String, age: Option<i32> }
/// assert_eq!(User::query().select(func::cast::<String, _>(User::AGE)).to_sql(), "SELECT CAST(users.age AS text) FROM users");
/// ```
pub fn cast<T: SqlType<Base = T>, E: Expression>(expression: E) -> Expr<Like<E, T>, E::Uses> {
    let ty: &'static PgType = T::TYPE;
    Expr::new(Node::Cast(Box::new(expression.into_node()), ty))
}

/// The arguments of a function: a tuple of expressions.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::prelude::func::Arguments;
///
/// assert_eq!((Tag::WORD, value("new")).into_nodes().len(), 2);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a list of arguments",
    label = "expected a tuple of expressions: `(User::NAME,)`"
)]
pub trait Arguments {
    /// The tables that they use.
    type Uses;

    /// The arguments without their types.
    fn into_nodes(self) -> Vec<Node>;
}

impl Arguments for () {
    type Uses = ();

    fn into_nodes(self) -> Vec<Node> {
        Vec::new()
    }
}

macro_rules! arguments {
    ($($name:ident),* => $uses:ty) => {
        impl<$($name: Expression),*> Arguments for ($($name,)*) {
            type Uses = $uses;

            #[allow(non_snake_case)]
            fn into_nodes(self) -> Vec<Node> {
                let ($($name,)*) = self;
                vec![$($name.into_node()),*]
            }
        }
    };
}

arguments!(A => A::Uses);
arguments!(A, B => (A::Uses, B::Uses));
arguments!(A, B, C => (A::Uses, (B::Uses, C::Uses)));
arguments!(A, B, C, D => (A::Uses, (B::Uses, (C::Uses, D::Uses))));
arguments!(A, B, C, D, F => (A::Uses, (B::Uses, (C::Uses, (D::Uses, F::Uses)))));
arguments!(A, B, C, D, F, G => (A::Uses, (B::Uses, (C::Uses, (D::Uses, (F::Uses, G::Uses))))));
