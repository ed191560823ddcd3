//! What may stand beside what: a value of each row, or one value for all rows of a group.
//!
//! The kind of an expression is folded, by the compiler, over the tree of what it uses. Two rules stand on it: an
//! aggregate has no place in WHERE, and a plain column has none beside an aggregate in a query without GROUP BY, be it in
//! the select list, in ORDER BY or in HAVING. Which columns a GROUP BY names is left to PostgreSQL, which knows functional
//! dependencies.

use super::Expression;
use super::scope::{Agg, Each, Of, Open, Solid, Windowed};

/// The kind of an expression.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::expr::*;
/// # use orm_core::prelude::*;
/// fn beside<A: Kind<With<B> = Both>, B: Kind, Both>() {}
/// beside::<Constant, Plain, Plain>();
/// beside::<Plain, Aggregate, Mixed>();
/// ```
pub trait Kind {
    /// The kind of the two side by side.
    type With<B: Kind>: Kind;
    #[doc(hidden)]
    type WithPlain: Kind;
    #[doc(hidden)]
    type WithAggregate: Kind;
}

/// Uses no table: a [`Kind`].
#[derive(Debug)]
pub struct Constant;
/// A value of each row: a [`Kind`].
#[derive(Debug)]
pub struct Plain;
/// One value for many rows: a [`Kind`].
#[derive(Debug)]
pub struct Aggregate;
/// Both: a [`Kind`].
#[derive(Debug)]
pub struct Mixed;

impl Kind for Constant {
    type With<B: Kind> = B;
    type WithPlain = Plain;
    type WithAggregate = Aggregate;
}

impl Kind for Plain {
    type With<B: Kind> = B::WithPlain;
    type WithPlain = Plain;
    type WithAggregate = Mixed;
}

impl Kind for Aggregate {
    type With<B: Kind> = B::WithAggregate;
    type WithPlain = Mixed;
    type WithAggregate = Aggregate;
}

impl Kind for Mixed {
    type With<B: Kind> = Mixed;
    type WithPlain = Mixed;
    type WithAggregate = Mixed;
}

/// The kind of what a tree of tables is used for.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::expr::*;
/// # use orm_core::prelude::*;
/// fn kind<Uses: KindOf<Kind = K>, K>() {}
/// kind::<(), Constant>();
/// kind::<Of<Tag>, Plain>();
/// kind::<Agg<Of<Tag>>, Aggregate>();
/// kind::<(Of<Tag>, Agg<Of<Tag>>), Mixed>();
/// ```
pub trait KindOf {
    /// The kind.
    type Kind: Kind;
}

impl KindOf for () {
    type Kind = Constant;
}

impl<S> KindOf for Of<S> {
    type Kind = Plain;
}

impl<U> KindOf for Agg<U> {
    type Kind = Aggregate;
}

/// Inside an aggregate, it is what a window function is computed from.
impl<U: KindOf, T> KindOf for Each<U, T> {
    type Kind = U::Kind;
}

impl<U: KindOf> KindOf for Solid<U> {
    type Kind = U::Kind;
}

/// What a window function is computed from, it has a value for: `sum(x).over(..)` is as plain as `x`.
impl<U: KindOf> KindOf for Windowed<U> {
    type Kind = U::Kind;
}

impl<U: KindOf> KindOf for Open<U> {
    type Kind = U::Kind;
}

impl<A: KindOf, B: KindOf> KindOf for (A, B) {
    type Kind = <A::Kind as Kind>::With<B::Kind>;
}

/// A query without GROUP BY: see [`Accepts`].
#[derive(Debug)]
pub struct Ungrouped;
/// A query with GROUP BY: see [`Accepts`].
#[derive(Debug)]
pub struct Grouped;
/// A query without GROUP BY whose select list has aggregates: all its rows are one group, and it gives one row. See
/// [`Accepts`].
#[derive(Debug)]
pub struct Totals;

/// Whether a query, grouped or not, can select something of kind `K`, and what it is `Then`.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::expr::*;
/// # use orm_core::prelude::*;
/// fn selects<Query: Accepts<K, Then>, K, Then>() {}
/// selects::<Ungrouped, Plain, Ungrouped>();
/// selects::<Ungrouped, Aggregate, Totals>();
/// selects::<Grouped, Mixed, Grouped>(); // `Ungrouped` does not accept `Mixed`
/// ```
#[diagnostic::on_unimplemented(
    message = "a plain column stands beside an aggregate in a query without GROUP BY",
    label = "selects one value per row and one value for all rows",
    note = "call `.group_by(..)` before `.select(..)`"
)]
pub trait Accepts<K, Then> {}

#[diagnostic::do_not_recommend]
impl Accepts<Constant, Ungrouped> for Ungrouped {}
#[diagnostic::do_not_recommend]
impl Accepts<Plain, Ungrouped> for Ungrouped {}
#[diagnostic::do_not_recommend]
impl Accepts<Aggregate, Totals> for Ungrouped {}
#[diagnostic::do_not_recommend]
impl Accepts<Constant, Ungrouped> for Totals {}
#[diagnostic::do_not_recommend]
impl Accepts<Plain, Ungrouped> for Totals {}
#[diagnostic::do_not_recommend]
impl Accepts<Aggregate, Totals> for Totals {}
#[diagnostic::do_not_recommend]
impl<K> Accepts<K, Grouped> for Grouped {}

/// Whether something of kind `K` can stand in ORDER BY or HAVING beside what a query selects: no plain column beside
/// aggregates.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::expr::*;
/// # use orm_core::prelude::*;
/// fn stands<Query: BesideTotals<K>, K>() {}
/// stands::<Totals, Aggregate>();
/// stands::<Grouped, Plain>(); // `<Totals, Plain>` does not compile
/// ```
#[diagnostic::on_unimplemented(
    message = "a plain column stands beside an aggregate in a query without GROUP BY",
    label = "has a value for each row, and this query gives one row for all",
    note = "call `.group_by(..)` before; without it the query gives one row, with nothing to order or to choose from"
)]
pub trait BesideTotals<K> {}

#[diagnostic::do_not_recommend]
impl<K> BesideTotals<K> for Ungrouped {}
#[diagnostic::do_not_recommend]
impl<K> BesideTotals<K> for Grouped {}
#[diagnostic::do_not_recommend]
impl BesideTotals<Constant> for Totals {}
#[diagnostic::do_not_recommend]
impl BesideTotals<Aggregate> for Totals {}

/// Whether something of kind `K` can stand in ORDER BY beside the rows of a query: no aggregate beside plain columns.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::expr::*;
/// # use orm_core::prelude::*;
/// fn stands<Query: BesideRows<K>, K>() {}
/// stands::<Ungrouped, Plain>();
/// stands::<Grouped, Aggregate>(); // `<Ungrouped, Aggregate>` does not compile
/// ```
#[diagnostic::on_unimplemented(
    message = "rows cannot be ordered by an aggregate in a query without GROUP BY",
    label = "has one value for all rows",
    note = "call `.group_by(..)` before `.order_by(..)`; an aggregate of related rows is a subquery: `Model::RELATED.count()`"
)]
pub trait BesideRows<K> {}

#[diagnostic::do_not_recommend]
impl BesideRows<Constant> for Ungrouped {}
#[diagnostic::do_not_recommend]
impl BesideRows<Plain> for Ungrouped {}
#[diagnostic::do_not_recommend]
impl<K> BesideRows<K> for Totals {}
#[diagnostic::do_not_recommend]
impl<K> BesideRows<K> for Grouped {}

/// Whether a query has groups, of which HAVING can ask something.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::expr::*;
/// # use orm_core::prelude::*;
/// fn has_groups<Query: HasGroups>() {}
/// has_groups::<Grouped>();
/// has_groups::<Totals>(); // `Ungrouped` does not compile
/// ```
#[diagnostic::on_unimplemented(
    message = "`having` is asked of groups, and this query has none",
    label = "a query without GROUP BY",
    note = "call `.group_by(..)` before, or `.select(..)` with the aggregates; a condition on each row is a `.filter(..)`"
)]
pub trait HasGroups {}

#[diagnostic::do_not_recommend]
impl HasGroups for Grouped {}
#[diagnostic::do_not_recommend]
impl HasGroups for Totals {}

/// Whether something of kind `K` is one value for many rows, and nothing beside it.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::expr::*;
/// # use orm_core::prelude::*;
/// fn one_for_many<K: OneForMany>() {}
/// one_for_many::<Aggregate>(); // `Plain` does not compile
/// ```
#[diagnostic::on_unimplemented(
    message = "this is no aggregate, so it has no single value for many rows",
    label = "expected `sum(..)`, `count(..)`, `max(..)` and the like, with no plain column beside them",
    note = "for a condition on the related rows use `.any(..)`; to read them, load them"
)]
pub trait OneForMany {}

#[diagnostic::do_not_recommend]
impl OneForMany for Aggregate {}

/// Whether an expression has a value in each row: no aggregate in it.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::expr::*;
/// # use orm_core::prelude::*;
/// fn in_each_row<Uses: RowLevel>() {}
/// in_each_row::<(Of<Tag>, Solid<Of<Tag>>)>(); // `Agg<Of<Tag>>` does not compile
/// ```
#[diagnostic::on_unimplemented(
    message = "an aggregate has no value here: `count`, `sum` .. are known only after grouping",
    label = "this needs a value of each row, and uses an aggregate",
    note = "in a condition: `.group_by(..)` and `.having(..)` instead of `.filter(..)`; as a value: a subquery, `query.select(sum(..)).as_scalar()`"
)]
pub trait RowLevel {}

/// An expression with a value in each row.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// fn in_each_row(_: impl orm_core::expr::PerRow) {}
/// in_each_row(Product::PRICE * Product::STOCK); // `sum(Product::PRICE)` does not compile
/// ```
pub trait PerRow {}
impl<E> PerRow for E
where
    E: Expression,
    E::Uses: WindowFree + RowLevel,
{
}

#[diagnostic::do_not_recommend]
impl RowLevel for () {}
#[diagnostic::do_not_recommend]
impl<S> RowLevel for Of<S> {}
#[diagnostic::do_not_recommend]
impl<U: RowLevel> RowLevel for Solid<U> {}
#[diagnostic::do_not_recommend]
impl<U: RowLevel> RowLevel for Open<U> {}
#[diagnostic::do_not_recommend]
impl<A: RowLevel, B: RowLevel> RowLevel for (A, B) {}

/// That a window function has no place where values of each row have one, [`WindowFree`] reports.
#[diagnostic::do_not_recommend]
impl<U> RowLevel for Windowed<U> {}

/// What HAVING can ask of the groups of a query: no window function, and no plain column where all rows are one group.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// fn of_groups(_: impl orm_core::expr::PerGroup<orm_core::expr::Totals>) {}
/// of_groups(sum(Product::STOCK).gt(9)); // `Product::STOCK.gt(9)` does not compile
/// ```
pub trait PerGroup<G> {}
impl<E, G> PerGroup<G> for E
where
    E: Expression,
    E::Uses: WindowFree + KindOf,
    G: BesideTotals<<E::Uses as KindOf>::Kind>,
{
}

/// A tree of uses without a window function.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::expr::*;
/// # use orm_core::prelude::*;
/// fn window_free<Uses: WindowFree>() {}
/// window_free::<(Of<Tag>, Agg<Of<Tag>>)>(); // `Windowed<Of<Tag>>` does not compile
/// ```
pub trait WindowFree {}

impl WindowFree for () {}
impl<S> WindowFree for Of<S> {}
impl<U: WindowFree> WindowFree for Agg<U> {}
impl<U: WindowFree, T> WindowFree for Each<U, T> {}
impl<U: WindowFree> WindowFree for Solid<U> {}
impl<U: WindowFree> WindowFree for Open<U> {}
impl<A: WindowFree, B: WindowFree> WindowFree for (A, B) {}
impl<U> WindowFree for Windowed<U> where Windowed<U>: NoWindow {}

/// Implemented by nothing: it carries the message for a window function where there is no window yet.
#[diagnostic::on_unimplemented(
    message = "a window function cannot stand in `filter`, `having`, `group_by` or a join's condition: its value is known only after these",
    label = "uses a window function",
    note = "make the query a derived table, and filter that: `query.as_table::<Rows>().query().filter(..)`"
)]
pub trait NoWindow {}
