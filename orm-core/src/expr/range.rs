//! Ranges and multiranges: [`RangeOperators`], and `lower`, `upper` and their relatives.

use super::operator::{Base, Like, operators};
use std::ops::{Range, RangeFrom, RangeInclusive, RangeTo, RangeToInclusive};

use super::{AsExpr, Expr, Expression, Node};
use crate::types::{Multirange, Param, PgRange, RangeElement, SqlType};

/// A range or a multirange.
///
/// ```
/// use orm_core::{expr::Ranged, types::PgRange};
///
/// fn of_numbers<T: Ranged<Item = i32>>() {}
/// of_numbers::<PgRange<i32>>();
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a range",
    label = "expected a `PgRange` or a `Multirange`"
)]
pub trait Ranged: SqlType<Base = Self> {
    /// The type of the values in it.
    type Item: RangeElement;
}

impl<T: RangeElement> Ranged for PgRange<T> {
    type Item = T;
}

impl<T: RangeElement> Ranged for Multirange<T> {
    type Item = T;
}

/// Rust's own ranges as operands: `.range_overlaps(1..5)`.
macro_rules! operands {
    ($($range:ty),*) => { $(
        #[diagnostic::do_not_recommend]
        impl<T: RangeElement> AsExpr<PgRange<T>> for $range {
            type Type = PgRange<T>;
            type Uses = ();

            fn into_operand(self) -> Node {
                Node::Param(Param::new(&PgRange::from(self)))
            }
        }
    )* };
}

operands!(
    Range<T>,
    RangeInclusive<T>,
    RangeFrom<T>,
    RangeTo<T>,
    RangeToInclusive<T>
);

type Item<E> = <Base<E> as Ranged>::Item;

operators! {
    /// The operators of ranges and multiranges. In the prelude.
    ///
    /// ```
    /// use chrono::{DateTime, Utc};
    /// use orm_core::prelude::*;
    /// use orm_core::types::PgRange;
    /// # #[derive(Model, Clone)] #[orm(table = "bookings")]
    /// # struct Booking { #[orm(primary_key)] id: i32, room: i32, during: PgRange<DateTime<Utc>> }
    /// # let (from, to) = (Utc::now(), Utc::now());
    /// let wanted = PgRange::from(from..to);
    /// let taken = Booking::query().filter(Booking::DURING.range_overlaps(wanted)).select(Booking::ROOM);
    /// assert_eq!(taken.to_sql(), "SELECT bookings.room FROM bookings WHERE bookings.during && $1");
    ///
    /// let now = Booking::query().filter(Booking::DURING.range_contains(func::now())).select(Booking::ROOM);
    /// assert_eq!(now.to_sql(), "SELECT bookings.room FROM bookings WHERE bookings.during @> now()");
    ///
    /// let sql = |condition: Filter<Booking>| {
    ///     let text = Booking::query().filter(condition).select(Booking::ID).to_sql();
    ///     text.split_once("bookings.during ").unwrap().1.to_owned()
    /// };
    /// let (during, range) = (Booking::DURING, || PgRange::from(from..to));
    /// assert_eq!(sql(during.range_contains_range(range()).for_model()), "@> $1");
    /// assert_eq!(sql(during.range_contained_by(range()).for_model()), "<@ $1");
    /// assert_eq!(sql(during.range_before(range()).for_model()), "<< $1");
    /// assert_eq!(sql(during.range_after(range()).for_model()), ">> $1");
    /// assert_eq!(sql(during.range_ends_within(range()).for_model()), "&< $1");
    /// assert_eq!(sql(during.range_begins_within(range()).for_model()), "&> $1");
    /// assert_eq!(sql(during.range_adjacent(range()).for_model()), "-|- $1");
    ///
    /// let q = Booking::query().select((
    ///     during.range_union(range()),
    ///     during.range_intersection(range()),
    ///     during.range_difference(range()),
    /// ));
    /// assert_eq!(
    ///     q.to_sql(),
    ///     "SELECT bookings.during + $1, bookings.during * $2, bookings.during - $3 FROM bookings"
    /// );
    /// ```
    pub trait RangeOperators where Ranged;
    /// `@>`: whether the value lies in it. SQLAlchemy: `contains`.
    fn range_contains "@>" Item<Self> => bool;
    /// `@>`: whether all of the other range lies in it. SQLAlchemy: `contains`.
    fn range_contains_range "@>" Base<Self> => bool;
    /// `<@`: whether it lies in the other range. SQLAlchemy: `contained_by`.
    fn range_contained_by "<@" Base<Self> => bool;
    /// `&&`: whether the two have a value in common. SQLAlchemy: `overlaps`.
    fn range_overlaps "&&" Base<Self> => bool;
    /// `<<`: whether it ends before the other begins. SQLAlchemy: `strictly_left_of`.
    fn range_before "<<" Base<Self> => bool;
    /// `>>`: whether it begins after the other ends. SQLAlchemy: `strictly_right_of`.
    fn range_after ">>" Base<Self> => bool;
    /// `&<`: whether it ends where the other ends, or earlier. SQLAlchemy: `not_extend_right_of`.
    fn range_ends_within "&<" Base<Self> => bool;
    /// `&>`: whether it begins where the other begins, or later. SQLAlchemy: `not_extend_left_of`.
    fn range_begins_within "&>" Base<Self> => bool;
    /// `-|-`: whether one begins where the other ends. SQLAlchemy: `adjacent_to`.
    fn range_adjacent "-|-" Base<Self> => bool;
    /// `+`: both together. Ranges that do not touch are an error of the server's; multiranges always can. SQLAlchemy: `union`.
    fn range_union "+" Base<Self> => Base<Self>;
    /// `*`: what they have in common. SQLAlchemy: `intersection`.
    fn range_intersection "*" Base<Self> => Base<Self>;
    /// `-`: without what the other has. Two pieces of one range are an error of the server's. SQLAlchemy: `difference`.
    fn range_difference "-" Base<Self> => Base<Self>;
}

macro_rules! asked {
    ($($name:ident $sql:literal $ty:ty, $doc:literal)*) => { $(
        #[doc = concat!($doc, " SQLAlchemy: `func.", $sql, "(..)`.")]
        ///
        /// ```
        /// # use orm_core::prelude::*;
        /// # use orm_core::types::PgRange;
        /// # #[derive(Model, Clone)] #[orm(table = "levels")]
        /// # struct Level { #[orm(primary_key)] id: i32, ages: PgRange<i32> }
        #[doc = concat!(
            "let q = Level::query().select(func::", stringify!($name), "(Level::AGES));\n",
            "assert_eq!(q.to_sql(), \"SELECT ", $sql, "(levels.ages) FROM levels\");"
        )]
        /// ```
        pub fn $name<E: Expression>(range: E) -> Expr<$ty, E::Uses>
        where
            Base<E>: Ranged,
        {
            Expr::new(Node::call($sql, vec![range.into_node()]))
        }
    )* };
}

asked! {
    range_lower "lower" Option<Item<E>>, "`lower(range)`: the lower bound; NULL where there is none."
    range_upper "upper" Option<Item<E>>, "`upper(range)`: the upper bound; NULL where there is none."
    range_is_empty "isempty" Like<E, bool>, "`isempty(range)`: whether nothing lies in it."
    range_lower_inclusive "lower_inc" Like<E, bool>, "`lower_inc(range)`: whether the lower bound lies in it."
    range_upper_inclusive "upper_inc" Like<E, bool>, "`upper_inc(range)`: whether the upper bound lies in it."
    range_lower_infinite "lower_inf" Like<E, bool>, "`lower_inf(range)`: whether there is no lower bound."
    range_upper_infinite "upper_inf" Like<E, bool>, "`upper_inf(range)`: whether there is no upper bound."
}

/// `range_agg(range)`: all ranges together, those that touch as one; NULL where there is no row.
/// SQLAlchemy: `func.range_agg(..)`.
///
/// ```
/// # use orm_core::prelude::*;
/// # use orm_core::types::PgRange;
/// # #[derive(Model, Clone)] #[orm(table = "levels")]
/// # struct Level { #[orm(primary_key)] id: i32, ages: PgRange<i32> }
/// assert_eq!(Level::query().select(func::range_agg(Level::AGES)).to_sql(), "SELECT range_agg(levels.ages) FROM levels");
/// ```
pub fn range_agg<E, T>(range: E) -> Expr<Option<Multirange<T>>, super::Agg<E::Uses>>
where
    E: Expression,
    E::Type: SqlType<Base = PgRange<T>>,
    T: RangeElement,
{
    super::function::aggregate("range_agg", vec![range.into_node()])
}
