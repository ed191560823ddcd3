//! [`excluded`]: the row that an INSERT could not insert, in `do_update`.

use std::marker::PhantomData;

use super::kind::{KindOf, Plain, RowLevel, WindowFree};
use super::scope::{InScope, No};
use super::{Alias, Column, Expr, Node, TableRef};
use crate::model::Model;
use crate::types::SqlType;

/// The value that was to be inserted into a column, where the row is there already: for
/// [`do_update`](crate::query::OnConflict::do_update). SQLAlchemy: `insert(..).excluded`.
///
/// ```
/// use orm_core::prelude::*;
/// # #[derive(Model, Clone)] #[orm(table = "stock")]
/// # struct Stock { #[orm(primary_key)] sku: String, count: i32 }
/// let rows = [Stock::create().sku("a").count(1), Stock::create().sku("b").count(2)];
/// let q = Stock::insert(rows)
///     .on_conflict(Stock::SKU)
///     .do_update(Stock::COUNT.set(Stock::COUNT + excluded(Stock::COUNT)));
/// assert_eq!(
///     q.to_sql()?,
///     "INSERT INTO stock (sku, count) \
///      SELECT u.c0, u.c1 FROM unnest($1::text[], $2::int4[]) WITH ORDINALITY AS u(c0, c1, n) ORDER BY u.n \
///      ON CONFLICT (sku) DO UPDATE SET count = stock.count + excluded.count"
/// );
/// # Ok::<(), orm_core::Error>(())
/// ```
pub fn excluded<M: Model, T: SqlType>(column: Column<M, T>) -> Expr<T, OfExcluded<M>> {
    let table = TableRef {
        table: M::TABLE,
        alias: Alias::Excluded,
    };
    Expr::new(Node::Column(table, column.position()))
}

/// A leaf of what an expression uses: the row that could not be inserted, as [`excluded`] names it.
#[derive(Debug)]
pub struct OfExcluded<M>(PhantomData<fn() -> M>);

/// In the scope of `do_update`: the row that could not be inserted. See [`HasExcluded`].
#[derive(Debug)]
pub struct Excluded<M>(PhantomData<fn() -> M>);

/// Whether a scope is that of `do_update` of an INSERT of `M`.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::expr::{Excluded, HasExcluded};
///
/// fn has_excluded<Scope: HasExcluded<M>, M>() {}
/// has_excluded::<(Tag, (Excluded<Tag>, ())), Tag>(); // the scope of `do_update`
/// ```
#[diagnostic::on_unimplemented(
    message = "there is no excluded row of `{M}` here",
    label = "`excluded(..)` of `{M}` has no meaning here",
    note = "`excluded` is the row that could not be inserted: use it in `.on_conflict(..).do_update(..)`"
)]
pub trait HasExcluded<M> {}

#[diagnostic::do_not_recommend]
impl<M> HasExcluded<M> for (M, (Excluded<M>, ())) {}

impl<Scope, M> InScope<Scope, ()> for OfExcluded<M>
where
    Scope: HasExcluded<M>,
{
    type Null = No;
}

impl<M> KindOf for OfExcluded<M> {
    type Kind = Plain;
}

#[diagnostic::do_not_recommend]
impl<M> RowLevel for OfExcluded<M> {}

#[diagnostic::do_not_recommend]
impl<M> WindowFree for OfExcluded<M> {}
