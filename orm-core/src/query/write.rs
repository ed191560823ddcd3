//! Bulk UPDATE and DELETE: one statement for all rows that a query describes.

use std::fmt;
use std::marker::PhantomData;

use super::returning::{self, Returning};
use super::{Executor, Query, Running, Selects, Statement};
use crate::error::{Error, Result};
use crate::expr::{
    Action, Assigns, JoinKind, Node, RowLevel, Select, TableRef, Ungrouped, Whole, Write,
};
use crate::model::{Model, Source};
use crate::types::Param;

/// A bulk UPDATE or DELETE of rows of `M`, in a query with the tables of `Scope`. Sent by [`exec`](Bulk::exec), or by
/// [`returning`](Bulk::returning) and its finishers. SQLAlchemy: `Update`, `Delete`.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// let raise = Product::query().filter(Product::STOCK.eq(0)).update(Product::PRICE.set(Product::PRICE + 100));
/// assert_eq!(raise.to_sql()?, "UPDATE products SET price = products.price + $1 WHERE products.stock = $2");
/// # Ok::<(), orm_core::Error>(())
/// ```
#[must_use = "a write does nothing until it runs: `.exec(&mut db).await`"]
pub struct Bulk<M, Scope, Verb> {
    pub(super) write: Result<Write>,
    #[allow(clippy::type_complexity)]
    types: PhantomData<fn() -> (M, Scope, Verb)>,
}

/// A bulk UPDATE: `Product::query().filter(..).update((Product::STOCK.set(0),))`.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::query::BulkUpdate;
///
/// fn sold_out() -> BulkUpdate<Product> {
///     Product::query().update(Product::STOCK.set(0))
/// }
/// assert_eq!(sold_out().to_sql()?, "UPDATE products SET stock = $1");
/// # Ok::<(), orm_core::Error>(())
/// ```
pub type BulkUpdate<M, Scope = (M, ())> = Bulk<M, Scope, Updating>;

/// A bulk DELETE: `Product::query().filter(..).delete()`.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::query::BulkDelete;
///
/// fn forget(word: &str) -> BulkDelete<Tag> {
///     Tag::query().filter(Tag::WORD.eq(word)).delete()
/// }
/// assert_eq!(forget("sale").to_sql()?, "DELETE FROM tags WHERE tags.word = $1");
/// # Ok::<(), orm_core::Error>(())
/// ```
pub type BulkDelete<M, Scope = (M, ())> = Bulk<M, Scope, Deleting>;

/// The [`Bulk`] is an UPDATE.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::query::{Bulk, Updating};
///
/// let update: Bulk<Product, (Product, ()), Updating> = Product::query().update(Product::STOCK.set(0));
/// # let _ = update;
/// ```
#[derive(Debug)]
pub struct Updating;

/// The [`Bulk`] is a DELETE.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::query::{Bulk, Deleting};
///
/// let delete: Bulk<Tag, (Tag, ()), Deleting> = Tag::query().delete();
/// # let _ = delete;
/// ```
#[derive(Debug)]
pub struct Deleting;

/// A query of one model's rows: what can be updated or deleted.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::query::OneModel;
///
/// fn takes<Q: OneModel>(_: &Q) {}
/// takes(&Tag::query().filter(Tag::ID.gt(7))); // and not `Tag::query().select(Tag::WORD)`
/// ```
#[diagnostic::on_unimplemented(
    message = "an UPDATE or DELETE goes to the rows of one model, and this query has groups or a select list",
    label = "`update` and `delete` need `Model::query()` with filters and inner joins alone",
    note = "what is given of the rows comes behind: `.update(..).returning(..)`"
)]
pub trait OneModel {
    /// The model.
    type Model: Model;
}

#[diagnostic::do_not_recommend]
impl<M: Model, Scope> OneModel for Query<Whole<M>, Scope, Ungrouped> {
    type Model = M;
}

/// A scope whose first table is that of `M`, without outer joins.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// let q = OrderItem::query().join(OrderItem::ORDER).filter(Order::STATUS.eq(OrderStatus::Open)).delete();
/// assert_eq!(
///     q.to_sql()?,
///     "DELETE FROM order_items USING orders WHERE orders.id = order_items.order_id AND orders.status = $1"
/// );
/// # Ok::<(), orm_core::Error>(())
/// ```
pub trait InnerJoined<M> {}

impl<M, S: FirstTable<M>> InnerJoined<M> for (S, ()) {}

impl<M, S: InnerTable, Next, Rest> InnerJoined<M> for (S, (Next, Rest)) where
    (Next, Rest): InnerJoined<M>
{
}

/// A table of an inner join.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::query::InnerTable;
///
/// fn takes<T: InnerTable>() {}
/// takes::<Order>();
/// takes::<Aliased<Order, 1>>(); // and not `Maybe<Order>`, which a LEFT JOIN brings
/// ```
#[diagnostic::on_unimplemented(
    message = "an UPDATE or DELETE joins tables by inner joins alone, and cannot have a LEFT JOIN",
    label = "this query has a join that is no inner join of a table: `{Self}`",
    note = "for rows without a partner: `.filter(User::ORDERS.none(..))`; for those with one: `.join(..)`"
)]
pub trait InnerTable {}

#[diagnostic::do_not_recommend]
impl<S: Source> InnerTable for S {}

/// The model that a query began with.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// let q = Order::query().join(Order::USER).filter(User::NAME.eq("Ann")); // it began with `Order`
/// let q = q.update(Order::STATUS.set(OrderStatus::Shipped)); // `User::NAME.set(..)` does not compile
/// assert!(q.to_sql()?.starts_with("UPDATE orders SET status = ") && q.to_sql()?.contains(" FROM users WHERE "));
/// # Ok::<(), orm_core::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "this query began with `{Self}`, and its rows are of `{M}`: an UPDATE or DELETE would write to `{Self}`",
    label = "begin with `{M}::query()`, and join `{Self}`"
)]
pub trait FirstTable<M> {}

#[diagnostic::do_not_recommend]
impl<M> FirstTable<M> for M {}

impl<Sel, Scope, G> Query<Sel, Scope, G> {
    /// Changes all rows of the query in one statement. The values are computed by the server, so
    /// `Product::STOCK.set(Product::STOCK - 1)` is safe whatever other transactions do. Sent by `.exec(..)`, which gives
    /// the number of rows. Columns with
    /// `on_update = ..` get their new values and a version counts up, unless they are set here.
    /// SQLAlchemy: `query.update({..})`.
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
    ///
    /// Tables that the query joins can be used in conditions and values. A row with several partners is updated once, by
    /// one of them that PostgreSQL picks.
    ///
    /// ```
    /// use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "categories")]
    /// # struct Category { #[orm(primary_key)] id: i32, name: String, discount: i32 }
    /// # #[derive(Model, Clone)] #[orm(table = "products")]
    /// # struct Product { #[orm(primary_key)] id: i32, price: i32, #[orm(belongs_to(category: Category))] category_id: i32 }
    /// let sale = Product::query()
    ///     .join(Product::CATEGORY)
    ///     .filter(Category::NAME.eq("Phones"))
    ///     .update(Product::PRICE.set(Product::PRICE - Category::DISCOUNT));
    /// assert_eq!(
    ///     sale.to_sql()?,
    ///     "UPDATE products SET price = products.price - categories.discount FROM categories \
    ///      WHERE categories.id = products.category_id AND categories.name = $1"
    /// );
    /// # Ok::<(), orm_core::Error>(())
    /// ```
    pub fn update<A, I>(self, assignments: A) -> BulkUpdate<<Self as OneModel>::Model, Scope>
    where
        Self: OneModel,
        Scope: InnerJoined<<Self as OneModel>::Model>,
        A: Assigns<<Self as OneModel>::Model, Scope, I>,
    {
        let mut set = Vec::new();
        assignments.push_to(&mut set);
        let implied = <Self as OneModel>::Model::on_update();
        Bulk {
            write: update(self.select, set, implied),
            types: PhantomData,
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
    ///
    /// // By what belongs to a row, in one statement.
    /// # #[derive(Model, Clone)] #[orm(table = "profiles")]
    /// # struct Profile { #[orm(primary_key)] id: i32, #[orm(belongs_to(user: User))] user_id: i32 }
    /// let gone = Profile::query().join(Profile::USER).filter(!User::ACTIVE).delete();
    /// assert_eq!(
    ///     gone.to_sql()?,
    ///     "DELETE FROM profiles USING users WHERE users.id = profiles.user_id AND NOT users.active"
    /// );
    /// # Ok::<(), orm_core::Error>(())
    /// ```
    pub fn delete(self) -> BulkDelete<<Self as OneModel>::Model, Scope>
    where
        Self: OneModel,
        Scope: InnerJoined<<Self as OneModel>::Model>,
    {
        Bulk {
            write: delete(self.select),
            types: PhantomData,
        }
    }
}

fn update(select: Select, set: Vec<(u16, Node)>, implied: Vec<(u16, Param)>) -> Result<Write> {
    let (table, unfiltered) = (select.from, select.unfiltered);
    let (using, filters) = rows_of(select)?;
    if set.is_empty() {
        return Err(Error::invalid(format!(
            "an UPDATE of `{}` sets no column",
            table.table.name
        )));
    }
    let assignments = with_implied(table, set, implied);
    let action = Action::Update {
        assignments,
        using,
        filters,
    };
    Ok(Write {
        table,
        action,
        returning: Vec::new(),
        unfiltered,
    })
}

fn delete(select: Select) -> Result<Write> {
    let (table, unfiltered) = (select.from, select.unfiltered);
    let (using, filters) = rows_of(select)?;
    Ok(Write {
        table,
        action: Action::Delete { using, filters },
        returning: Vec::new(),
        unfiltered,
    })
}

/// The other tables of an UPDATE or DELETE, and its conditions.
///
/// # Errors
/// [`Error::Invalid`] for what UPDATE and DELETE don't have, such as LIMIT: a query with it means something else.
fn rows_of(select: Select) -> Result<(Vec<TableRef>, Vec<Node>)> {
    let table = select.from;
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
    } else if !select.ctes.is_empty() {
        Some("WITH")
    } else if select.set.is_some() || !select.computed.is_empty() {
        Some("rows that a query computes")
    } else if select.joins.iter().any(|join| join.kind != JoinKind::Inner) {
        Some("an outer join")
    } else {
        None
    };
    if let Some(clause) = clause {
        return Err(Error::invalid(format!(
            "an UPDATE or DELETE of `{}` cannot have {clause}: filter the rows by their keys instead",
            table.table.name
        )));
    }
    // The conditions of joins stand in WHERE: those in FROM cannot speak of the table that is written to.
    let (using, mut filters): (Vec<_>, Vec<_>) = select
        .joins
        .into_iter()
        .map(|join| (join.table, join.on))
        .unzip();
    filters.extend(select.filters);
    Ok((using, filters))
}

/// What an update sets beside what was asked for: the values of `on_update = ..`, and the version.
pub(super) fn with_implied(
    table: TableRef,
    mut set: Vec<(u16, Node)>,
    implied: Vec<(u16, Param)>,
) -> Vec<(u16, Node)> {
    let version = table.table.version.map(|version| {
        let next = Node::infix(Node::Column(table, version), "+", Node::Word("1"));
        (version, next)
    });
    let implied = implied.into_iter();
    let implied = implied.map(|(column, value)| (column, Node::Param(value)));
    for (column, value) in implied.chain(version) {
        if set.iter().all(|(other, _)| *other != column) {
            set.push((column, value));
        }
    }
    set
}

impl<M: Model, Scope, Verb> Bulk<M, Scope, Verb> {
    /// The statement as data, for one around it.
    pub(super) fn into_write(self) -> Result<Write> {
        self.write
    }

    /// What is given of each row that is written: columns, expressions, `Model::ALL`, or a tuple of these; columns of joined
    /// tables too. An UPDATE gives the new values, a DELETE the last ones. SQLAlchemy: `.returning(..)`.
    ///
    /// ```
    /// use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "users")]
    /// # struct User { #[orm(primary_key)] id: i32, name: String, active: bool }
    /// let q = User::query().filter(User::ID.eq(7)).update(User::ACTIVE.set(false)).returning(User::NAME);
    /// assert_eq!(q.to_sql()?, "UPDATE users SET active = $1 WHERE users.id = $2 RETURNING users.name");
    ///
    /// let q = User::query().filter(!User::ACTIVE).delete().returning(User::ALL);
    /// assert_eq!(
    ///     q.to_sql()?,
    ///     "DELETE FROM users WHERE NOT users.active RETURNING users.id, users.name, users.active"
    /// );
    /// # Ok::<(), orm_core::Error>(())
    /// ```
    pub fn returning<L, I, Row, Uses>(self, list: L) -> Returning<Row>
    where
        L: Selects<Scope, I, Row, Uses>,
        Uses: RowLevel,
    {
        Returning::new(self.write, list)
    }

    /// Sends the statement and gives the number of rows that it wrote. On a session, entities that are loaded are in step
    /// afterwards (by RETURNING): changed ones have their new values, deleted ones leave. A rollback takes that back too.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let inactive = User::query().filter(!User::ACTIVE);
    /// assert_eq!(inactive.delete().exec(&mut db).await?, 1);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Invalid`] where the query has a LIMIT, OFFSET, ORDER BY or lock, and on a session for an UPDATE of the
    /// primary key of rows that it has; what the server refuses.
    pub fn exec<X: Executor>(self, on: &mut X) -> Running<'_, u64> {
        returning::exec(self.write, on)
    }

    /// The SQL text, without the values.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let q = User::query().filter(!User::ACTIVE).delete();
    /// assert_eq!(q.to_sql()?, "DELETE FROM users WHERE NOT users.active");
    /// # Ok::<(), orm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`exec`](Bulk::exec).
    pub fn to_sql(&self) -> Result<String> {
        Ok(self.statement()?.sql.into())
    }

    /// The SQL text and its parameters.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let q = Product::query().update(Product::STOCK.set(0));
    /// assert_eq!(q.statement()?.params[0].show(), "0");
    /// # Ok::<(), orm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`exec`](Bulk::exec).
    pub fn statement(&self) -> Result<Statement> {
        returning::statement(&self.write)
    }
}

impl<M, Scope, Verb> fmt::Debug for Bulk<M, Scope, Verb> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        returning::debug(&self.write, f)
    }
}
