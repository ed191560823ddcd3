//! Dates and times: `+` and `-` of intervals, differences, `date_trunc`, time zones.
//!
//! ```
//! use chrono::{DateTime, Utc};
//! use orm_core::prelude::*;
//! use orm_core::types::Interval;
//! # #[derive(Model, Clone)] #[orm(table = "orders")]
//! # struct Order { #[orm(primary_key)] id: i32, created_at: DateTime<Utc>, paid_at: Option<DateTime<Utc>> }
//! let overdue = Order::query()
//!     .filter(Order::CREATED_AT.lt(func::now() - Interval::days(30)))
//!     .select((Order::ID, Order::PAID_AT.since(Order::CREATED_AT)));
//! assert_eq!(
//!     overdue.to_sql(),
//!     "SELECT orders.id, orders.paid_at - orders.created_at FROM orders WHERE orders.created_at < now() - $1"
//! );
//!
//! // A span of time, so many times: by an `f64`, which is what PostgreSQL multiplies it with.
//! # #[derive(Model, Clone)] #[orm(table = "tasks")]
//! # struct Task { #[orm(primary_key)] id: i32, planned: Interval, factor: f64 }
//! let q = Task::query().select((Task::PLANNED * Task::FACTOR, Task::PLANNED / 2.0));
//! assert_eq!(q.to_sql(), "SELECT tasks.planned * tasks.factor, tasks.planned / $1 FROM tasks");
//! ```

use std::ops::{Add, Div, Mul, Sub};

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};

use super::operator::{Base, Joint, Like, functions};
use super::{AsExpr, Column, Expr, Expression, Node, Of, Selectable, func};
use crate::types::{Interval, Param, SqlType};

/// What a moment plus or minus an interval is, for each type that takes one.
macro_rules! shifts {
    ($($from:ty => $to:ty;)*) => { $(
        shifts!(@ Add add "+": $from => $to);
        shifts!(@ Sub sub "-": $from => $to);
    )* };
    (@ $operator:ident $method:ident $sql:literal: $from:ty => $to:ty) => {
        shifts!(@@ $operator $method $sql: $from => <R::Type as SqlType>::Nullify<$to>);
        shifts!(@@ $operator $method $sql: Option<$from> => Option<$to>);
    };
    (@@ $operator:ident $method:ident $sql:literal: $from:ty => $to:ty) => {
        #[diagnostic::do_not_recommend]
        impl<S: Selectable, R: AsExpr<Interval>> $operator<R> for Column<S, $from> {
            type Output = Expr<$to, (Of<S>, R::Uses)>;

            fn $method(self, span: R) -> Self::Output {
                Expr::new(Node::infix(self.into_node(), $sql, span.into_operand()))
            }
        }

        #[diagnostic::do_not_recommend]
        impl<Uses, R: AsExpr<Interval>> $operator<R> for Expr<$from, Uses> {
            type Output = Expr<$to, (Uses, R::Uses)>;

            fn $method(self, span: R) -> Self::Output {
                Expr::new(Node::infix(self.into_node(), $sql, span.into_operand()))
            }
        }
    };
}

shifts! {
    DateTime<Utc> => DateTime<Utc>;
    NaiveDateTime => NaiveDateTime;
    NaiveDate => NaiveDateTime;
    NaiveTime => NaiveTime;
    Interval => Interval;
}

/// A span of time, so many times: by an `f64`, which is what PostgreSQL multiplies it with.
macro_rules! scaled {
    ($($operator:ident $method:ident $sql:literal;)*) => { $(
        scaled!(@ $operator $method $sql: Interval => <R::Type as SqlType>::Nullify<Interval>);
        scaled!(@ $operator $method $sql: Option<Interval> => Option<Interval>);
    )* };
    (@ $operator:ident $method:ident $sql:literal: $from:ty => $to:ty) => {
        #[diagnostic::do_not_recommend]
        impl<S: Selectable, R: AsExpr<f64>> $operator<R> for Column<S, $from> {
            type Output = Expr<$to, (Of<S>, R::Uses)>;

            fn $method(self, times: R) -> Self::Output {
                Expr::new(Node::infix(self.into_node(), $sql, times.into_operand()))
            }
        }

        #[diagnostic::do_not_recommend]
        impl<Uses, R: AsExpr<f64>> $operator<R> for Expr<$from, Uses> {
            type Output = Expr<$to, (Uses, R::Uses)>;

            fn $method(self, times: R) -> Self::Output {
                Expr::new(Node::infix(self.into_node(), $sql, times.into_operand()))
            }
        }
    };
}

scaled! {
    Mul mul "*";
    Div div "/";
}

/// A moment of which there are differences.
///
/// ```
/// use chrono::NaiveDate;
/// use orm_core::expr::Temporal;
///
/// fn in_days<T: Temporal<Difference = i32>>() {}
/// in_days::<NaiveDate>();
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no moment in time",
    label = "expected a timestamp or a date"
)]
pub trait Temporal: SqlType {
    /// The type of a difference: an [`Interval`], and days as `i32` between dates.
    type Difference: SqlType;
}
impl Temporal for DateTime<Utc> {
    type Difference = Interval;
}
impl Temporal for NaiveDateTime {
    type Difference = Interval;
}
impl Temporal for NaiveTime {
    type Difference = Interval;
}
impl Temporal for NaiveDate {
    type Difference = i32;
}

/// A moment with or without a time zone, which the other kind can be made of.
///
/// ```
/// use chrono::{DateTime, NaiveDateTime, Utc};
/// use orm_core::expr::Zoned;
///
/// fn other<T: Zoned<Other = Other>, Other>() {}
/// other::<DateTime<Utc>, NaiveDateTime>();
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is in no time zone",
    label = "expected a `DateTime<Utc>` or a `NaiveDateTime`"
)]
pub trait Zoned: SqlType {
    /// The other kind.
    type Other: SqlType;
}
impl Zoned for DateTime<Utc> {
    type Other = NaiveDateTime;
}
impl Zoned for NaiveDateTime {
    type Other = DateTime<Utc>;
}

/// What can be asked of moments. In the prelude.
pub trait TimeOperators: Expression {
    /// `self - earlier`: an [`Interval`] between two timestamps, whole days (`i32`) between two dates.
    ///
    /// ```
    /// use chrono::NaiveDate;
    /// use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "stays")]
    /// # struct Stay { #[orm(primary_key)] id: i32, arrival: NaiveDate, departure: NaiveDate }
    /// let q = Stay::query().filter(Stay::DEPARTURE.since(Stay::ARRIVAL).gt(7)).select(Stay::ID);
    /// assert_eq!(q.to_sql(), "SELECT stays.id FROM stays WHERE stays.departure - stays.arrival > $1");
    /// ```
    #[allow(clippy::type_complexity)]
    fn since<R>(
        self,
        earlier: R,
    ) -> Expr<Joint<Self, R, Base<Self>, <Base<Self> as Temporal>::Difference>, (Self::Uses, R::Uses)>
    where
        Base<Self>: Temporal,
        R: AsExpr<Base<Self>>,
    {
        Expr::new(Node::infix(self.into_node(), "-", earlier.into_operand()))
    }

    /// `AT TIME ZONE`, written as the function that it is. Of a `DateTime<Utc>` it is what a calendar and a clock in that zone
    /// say; of a `NaiveDateTime`, the moment when they say so. The zone is a name such as `Europe/Oslo`; one that the server does
    /// not know is its error.
    ///
    /// ```
    /// use chrono::{DateTime, Utc};
    /// use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "orders")]
    /// # struct Order { #[orm(primary_key)] id: i32, created_at: DateTime<Utc> }
    /// let q = Order::query().select(func::extract(func::Hour, Order::CREATED_AT.at_time_zone("Europe/Oslo")));
    /// assert_eq!(
    ///     q.to_sql(),
    ///     "SELECT CAST(extract(hour FROM timezone($1, orders.created_at)) AS int4) FROM orders"
    /// );
    /// ```
    fn at_time_zone(
        self,
        zone: impl Into<String>,
    ) -> Expr<Like<Self, <Base<Self> as Zoned>::Other>, Self::Uses>
    where
        Base<Self>: Zoned,
    {
        let zone = Node::Param(Param::new(&zone.into()));
        Expr::new(Node::call("timezone", vec![zone, self.into_node()]))
    }
}

impl<E: Expression> TimeOperators for E {}

/// `now()`: when the transaction began. SQLAlchemy: `func.now(..)`.
///
/// ```
/// # use orm_core::prelude::*;
/// # #[derive(Model, Clone)] #[orm(table = "users")]
/// # struct User { #[orm(primary_key)] id: i32 }
/// assert_eq!(User::query().select(func::now()).to_sql(), "SELECT now() FROM users");
/// ```
pub fn now() -> Expr<DateTime<Utc>, ()> {
    Expr::new(Node::call("now", Vec::new()))
}

/// `CURRENT_DATE`: the day on which the transaction began, in the session's time zone. SQLAlchemy: `func.current_date()`.
///
/// ```
/// # use orm_core::prelude::*;
/// # #[derive(Model, Clone)] #[orm(table = "users")]
/// # struct User { #[orm(primary_key)] id: i32 }
/// assert_eq!(User::query().select(func::current_date()).to_sql(), "SELECT CURRENT_DATE FROM users");
/// ```
pub fn current_date() -> Expr<NaiveDate, ()> {
    Expr::new(Node::Word("CURRENT_DATE"))
}

functions! {
    /// `clock_timestamp()`: now, another moment for each row. SQLAlchemy: `func.clock_timestamp(..)`.
    fn clock_timestamp() -> DateTime<Utc>; "clock_timestamp()" "clock_timestamp()"
    /// `make_interval(years, months, weeks, days, hours, minutes, seconds)`: an interval of calculated parts. For one that is
    /// known there is [`Interval`]. SQLAlchemy: `func.make_interval(..)`.
    fn make_interval(years: i32, months: i32, weeks: i32, days: i32, hours: i32, minutes: i32, seconds: f64) -> Interval;
        "make_interval(0, 0, 0, User::ID, 0, 0, 0.0)" "make_interval($1, $2, $3, users.id, $4, $5, $6)"
    /// `make_date(year, month, day)`. What is no date is an error of the server's. SQLAlchemy: `func.make_date(..)`.
    fn make_date(year: i32, month: i32, day: i32) -> NaiveDate; "make_date(2024, User::ID, 1)" "make_date($1, users.id, $2)"
    /// `to_timestamp(seconds)`: the moment so many seconds after 1970-01-01 00:00 UTC. SQLAlchemy: `func.to_timestamp(..)`.
    fn to_timestamp(seconds: f64) -> DateTime<Utc>; "to_timestamp(User::SCORE)" "to_timestamp(users.score)"
}

/// `age(moment, earlier)`: the difference in years, months and days, as people count; `since` gives days alone.
/// SQLAlchemy: `func.age(..)`.
///
/// ```
/// # use chrono::{DateTime, Utc};
/// # use orm_core::prelude::*;
/// # #[derive(Model, Clone)] #[orm(table = "users")]
/// # struct User { #[orm(primary_key)] id: i32, born: DateTime<Utc> }
/// assert_eq!(User::query().select(func::age(func::now(), User::BORN)).to_sql(), "SELECT age(now(), users.born) FROM users");
/// ```
#[allow(clippy::type_complexity)]
pub fn age<E, R>(moment: E, earlier: R) -> Expr<Joint<E, R, Base<E>, Interval>, (E::Uses, R::Uses)>
where
    E: Expression,
    Base<E>: Zoned,
    R: AsExpr<Base<E>>,
{
    let arguments = vec![moment.into_node(), earlier.into_operand()];
    Expr::new(Node::call("age", arguments))
}

/// `date_trunc(unit, moment)`: the beginning of the year, month, day .. in which a moment lies: `func::date_trunc(func::Month,
/// Order::CREATED_AT)`. Of a `DateTime<Utc>` it is that of the session's time zone. SQLAlchemy: `func.date_trunc(..)`.
///
/// ```
/// # use chrono::{DateTime, Utc};
/// # use orm_core::prelude::*;
/// # #[derive(Model, Clone)] #[orm(table = "orders")]
/// # struct Order { #[orm(primary_key)] id: i32, created_at: DateTime<Utc> }
/// let month = func::date_trunc(func::Month, Order::CREATED_AT);
/// let q = Order::query().group_by(month.clone()).select((month, count_all()));
/// assert_eq!(
///     q.to_sql(),
///     "SELECT date_trunc($1, orders.created_at), count(*) FROM orders GROUP BY date_trunc($1, orders.created_at)"
/// );
/// ```
pub fn date_trunc<U, E>(unit: U, moment: E) -> Expr<E::Type, E::Uses>
where
    U: Truncates,
    E: Expression,
    Base<E>: Truncated,
{
    let _ = unit;
    let unit = Node::Param(Param::new(&U::NAME.to_owned()));
    Expr::new(Node::call("date_trunc", vec![unit, moment.into_node()]))
}

/// A unit that a moment can be cut down to.
///
/// ```
/// # use orm_core::prelude::*;
/// fn is_unit<Unit: orm_core::expr::Truncates>() {}
/// is_unit::<func::Month>(); // `func::Epoch` does not compile
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no unit that a moment can be cut down to",
    label = "expected `func::Year`, `Quarter`, `Month`, `Week`, `Day`, `Hour`, `Minute` or `Second`"
)]
pub trait Truncates: func::DatePart {}
impl Truncates for func::Year {}
impl Truncates for func::Quarter {}
impl Truncates for func::Month {}
impl Truncates for func::Week {}
impl Truncates for func::Day {}
impl Truncates for func::Hour {}
impl Truncates for func::Minute {}
impl Truncates for func::Second {}

/// A type that can be cut down to a unit.
///
/// ```
/// fn can_be_cut<T: orm_core::expr::Truncated>() {}
/// can_be_cut::<chrono::NaiveDateTime>(); // `NaiveTime` does not compile
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be cut down to a unit of time",
    label = "`date_trunc` needs a timestamp or an interval"
)]
pub trait Truncated: SqlType {}
impl Truncated for DateTime<Utc> {}
impl Truncated for NaiveDateTime {}
impl Truncated for Interval {}
