//! Bulk UPDATE and DELETE: one statement for all rows that a query describes.

use std::marker::PhantomData;

use super::{EntityQuery, Executor, Query, Running, Statement, render};
use crate::error::{Error, Result};
use crate::expr::{Assignments, Node, Select};
use crate::model::{Model, Table};

/// A bulk UPDATE or DELETE without its types: what an [`Executor`] runs.
#[derive(Debug)]
pub struct Bulk {
    /// The table.
    pub table: &'static Table,
    /// The rows.
    pub filters: Vec<Node>,
    /// The columns to set and their values; `None` deletes the rows.
    pub assignments: Option<Vec<(u16, Node)>>,
    /// Whether a session leaves its criteria out. Not SQL.
    pub unfiltered: bool,
}

impl Bulk {
    /// The statement. With `returning` it gives the columns of these positions for each row that it changes.
    pub fn statement(&self, returning: &[u16]) -> Statement {
        render::bulk(self, returning)
    }
}

/// A bulk UPDATE: `Product::query().filter(..).update((Product::STOCK.set(0),))`.
#[must_use = "an update does nothing until it runs: `.exec(&mut db).await`"]
#[derive(Debug)]
pub struct BulkUpdate<M> {
    bulk: Result<Bulk>,
    model: PhantomData<fn() -> M>,
}

/// A bulk DELETE: `Product::query().filter(..).delete()`.
#[must_use = "a delete does nothing until it runs: `.exec(&mut db).await`"]
#[derive(Debug)]
pub struct BulkDelete<M> {
    bulk: Result<Bulk>,
    model: PhantomData<fn() -> M>,
}

/// A query that is nothing but the rows of one model: what can be updated or deleted.
#[diagnostic::on_unimplemented(
    message = "an UPDATE or DELETE goes to the rows of one model, and this query has joins, groups or a select list",
    label = "`update` and `delete` need `Model::query()` with filters alone",
    note = "filter by a related table without a join: `.filter(User::ORDERS.any(..))`"
)]
pub trait OneModel {
    /// The model.
    type Model: Model;
}

#[diagnostic::do_not_recommend]
impl<M: Model> OneModel for EntityQuery<M> {
    type Model = M;
}

impl<Sel, Scope, G> Query<Sel, Scope, G> {
    /// Changes all rows of the query in one statement. The values are computed by the server, so
    /// `Product::STOCK.set(Product::STOCK - 1)` is safe whatever other transactions do. Sent by `.exec(..)`, which gives
    /// the number of rows. Columns with
    /// `on_update = ..` get their new values, too, unless they are set here. SQLAlchemy: `query.update({..})`.
    ///
    /// ```
    /// use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "products")]
    /// # struct Product { #[orm(primary_key)] id: i32, name: String, stock: i32 }
    /// let sale = Product::query()
    ///     .filter(Product::ID.eq(7))
    ///     .update((Product::STOCK.set(Product::STOCK - 1), Product::NAME.set("sold")));
    /// assert_eq!(
    ///     sale.to_sql()?,
    ///     "UPDATE products SET stock = products.stock - $1, name = $2 WHERE products.id = $3"
    /// );
    /// # Ok::<(), orm_core::Error>(())
    /// ```
    pub fn update<A, I>(self, assignments: A) -> BulkUpdate<<Self as OneModel>::Model>
    where
        Self: OneModel,
        A: Assignments<<Self as OneModel>::Model, I>,
    {
        let mut values = Vec::new();
        assignments.push_to(&mut values);
        for (column, value) in <<Self as OneModel>::Model as Model>::on_update() {
            if values.iter().all(|(set, _)| *set != column) {
                values.push((column, Node::Param(value)));
            }
        }
        BulkUpdate {
            bulk: bulk(self.select, Some(values)),
            model: PhantomData,
        }
    }

    /// Deletes all rows of the query in one statement, sent by `.exec(..)`, which gives the number of rows. Cascades are
    /// the database's (ON DELETE). SQLAlchemy: `query.delete()`.
    ///
    /// ```
    /// use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "users")]
    /// # struct User { #[orm(primary_key)] id: i32, active: bool }
    /// let gone = User::query().filter(!User::ACTIVE).delete();
    /// assert_eq!(gone.to_sql()?, "DELETE FROM users WHERE NOT users.active");
    /// # Ok::<(), orm_core::Error>(())
    /// ```
    pub fn delete(self) -> BulkDelete<<Self as OneModel>::Model>
    where
        Self: OneModel,
    {
        BulkDelete {
            bulk: bulk(self.select, None),
            model: PhantomData,
        }
    }
}

/// UPDATE and DELETE have no ORDER BY, LIMIT, DISTINCT or lock; a query that has one means something else.
fn bulk(select: Select, assignments: Option<Vec<(u16, Node)>>) -> Result<Bulk> {
    let clause = if select.limit.is_some() {
        Some("LIMIT")
    } else if select.offset.is_some() {
        Some("OFFSET")
    } else if !select.order_by.is_empty() {
        Some("ORDER BY")
    } else if select.distinct || !select.distinct_on.is_empty() {
        Some("DISTINCT")
    } else if select.lock.is_some() {
        Some("FOR UPDATE")
    } else if !select.having.is_empty() {
        Some("HAVING")
    } else {
        None
    };
    if assignments.as_ref().is_some_and(Vec::is_empty) {
        return Err(Error::invalid(format!(
            "an UPDATE of `{}` sets no column",
            select.from.table.name
        )));
    }
    match clause {
        Some(clause) => Err(Error::invalid(format!(
            "an UPDATE or DELETE of `{}` cannot have {clause}: filter the rows by their keys instead",
            select.from.table.name
        ))),
        None => Ok(Bulk {
            table: select.from.table,
            filters: select.filters,
            assignments,
            unfiltered: select.unfiltered,
        }),
    }
}

impl<M: Model> BulkUpdate<M> {
    pub(super) fn into_bulk(self) -> Result<Bulk> {
        self.bulk
    }

    /// Sends the statement and gives the number of rows that it changed. On a session, entities that are loaded are in
    /// step afterwards (by RETURNING), and a rollback takes that back too.
    ///
    /// # Errors
    /// [`Error::Invalid`] where the query has a LIMIT, OFFSET, ORDER BY or lock; what the server refuses.
    pub fn exec<X: Executor>(self, on: &mut X) -> Running<'_, u64> {
        exec(self.bulk, on)
    }

    /// The SQL text, without the values.
    ///
    /// # Errors
    /// As [`exec`](BulkUpdate::exec).
    pub fn to_sql(&self) -> Result<String> {
        sql(&self.bulk)
    }
}

impl<M: Model> BulkDelete<M> {
    pub(super) fn into_bulk(self) -> Result<Bulk> {
        self.bulk
    }

    /// Sends the statement and gives the number of rows that it deleted. On a session, entities that are loaded leave it
    /// (by RETURNING), and a rollback takes that back too.
    ///
    /// # Errors
    /// [`Error::Invalid`] where the query has a LIMIT, OFFSET, ORDER BY or lock; what the server refuses.
    pub fn exec<X: Executor>(self, on: &mut X) -> Running<'_, u64> {
        exec(self.bulk, on)
    }

    /// The SQL text, without the values.
    ///
    /// # Errors
    /// As [`exec`](BulkDelete::exec).
    pub fn to_sql(&self) -> Result<String> {
        sql(&self.bulk)
    }
}

fn exec<X: Executor>(bulk: Result<Bulk>, on: &mut X) -> Running<'_, u64> {
    Box::pin(async move {
        on.before_query().await?;
        on.write(bulk?).await
    })
}

fn sql(bulk: &Result<Bulk>) -> Result<String> {
    match bulk {
        Ok(bulk) => Ok(bulk.statement(&[]).sql),
        Err(error) => Err(Error::invalid(error.to_string())),
    }
}
