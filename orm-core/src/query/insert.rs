//! [`Insert`]: INSERT of many rows in one statement, or of what a query gives.

use std::fmt;
use std::marker::PhantomData;

use super::copy;
use super::returning::{self, Returning};
use super::{Executor, Query, Running, Selects, Statement, Value};
use crate::error::{Error, Result};
use crate::expr::{Action, Batch, BatchColumn, Column, NewRows, RowLevel, TableRef, Write};
use crate::model::{ColumnInfo, ColumnSet, Draft, Insertable, Model, Several, Table};
use crate::types::{Param, SqlType};
use bytes::BytesMut;
use futures_util::{Stream, StreamExt, stream};

/// The protocol's limit on the parameters of a statement.
const MOST_PARAMETERS: usize = 65_535;

/// What every model can be asked for beside [`query`](super::entity): statements that write many rows at once.
///
/// ```
#[doc = include_str!("../guide/shop.txt")]
/// let tags = ["used", "rare"].map(|word| Tag::create().word(word));
/// assert_eq!(Tag::insert(tags).exec(&mut db).await?, 2); // one statement
/// assert_eq!(Tag::copy_in([Tag::create().word("old")], &mut db).await?, 1);
/// # Ok(())
/// # }
/// ```
pub trait Inserts: Model {
    /// INSERT of rows: complete `create()` builders, or values of the model, whose every column is inserted as it is.
    /// One statement whatever their number, and none for an empty list. SQLAlchemy: `insert(Product).values([..])`.
    ///
    /// It goes past the unit of work: nothing is tracked, and relationships take no part. Columns that the server fills in
    /// are left out, defaults of the client are there. To have the rows as entities, ask for them with
    /// [`returning`](Insert::returning), or [`add`](crate::session::Session::add) them instead.
    ///
    /// ```
    /// use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "products")]
    /// # struct Product { #[orm(primary_key)] id: i32, name: String, price: i32 }
    /// let one = Product::insert([Product::create().name("Air").price(9)]);
    /// assert_eq!(one.to_sql()?, "INSERT INTO products (name, price) VALUES ($1, $2)");
    ///
    /// let many = Product::insert((1..=1000).map(|n| Product::create().name("Air").price(n)));
    /// assert_eq!(
    ///     many.to_sql()?,
    ///     "INSERT INTO products (name, price) \
    ///      SELECT u.c0, u.c1 FROM unnest($1::text[], $2::int4[]) WITH ORDINALITY AS u(c0, c1, n) ORDER BY u.n"
    /// );
    /// # Ok::<(), orm_core::Error>(())
    /// ```
    ///
    /// Where some rows give a value to a column with a default of the server and others don't, the statement is a list of
    /// `VALUES` with `DEFAULT` in it, and 65 535 values is the most that it can have.
    fn insert<N>(rows: impl Several<N>) -> Insert<Self>
    where
        N: Insertable,
        N::Model: RowOf<Self>,
    {
        Insert::new(rows_of::<N>(rows.each()))
    }

    /// INSERT of what a query gives: the columns, and a query whose select list has their types. A column that can be NULL
    /// also takes what cannot. SQLAlchemy: `insert(Archive).from_select([..], query)`.
    ///
    /// Defaults of the client play no part: the rows never come here.
    ///
    /// ```
    /// use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "orders")]
    /// # struct Order { #[orm(primary_key)] id: i32, total: i32, done: bool }
    /// # #[derive(Model, Clone)] #[orm(table = "archive")]
    /// # struct Archive { #[orm(primary_key)] id: i32, total: Option<i32> }
    /// let done = Order::query().filter(Order::DONE).select((Order::ID, Order::TOTAL));
    /// let q = Archive::insert_from((Archive::ID, Archive::TOTAL), done);
    /// assert_eq!(
    ///     q.to_sql()?,
    ///     "INSERT INTO archive (id, total) SELECT orders.id, orders.total FROM orders WHERE orders.done"
    /// );
    /// # Ok::<(), orm_core::Error>(())
    /// ```
    fn insert_from<C, Sel, Scope, G>(columns: C, query: Query<Sel, Scope, G>) -> Insert<Self>
    where
        C: InsertColumns<Self, Sel>,
    {
        let mut names = Vec::new();
        columns.push_to(&mut names);
        Insert::new(Ok((names, NewRows::Select(Box::new(query.select)))))
    }

    /// Any number of rows into the table by COPY in PostgreSQL's binary format, the fastest way there is, and gives their
    /// number. The iterator is asked for rows as the connection has room for them, so a million take no more memory than a
    /// hundred. The nearest that SQLAlchemy has is the driver's `copy_records_to_table`.
    ///
    /// ```
    #[doc = include_str!("../session/example_shop.txt")]
    /// let n = User::copy_in((0..10_000).map(|n| User::create().name(format!("user {n}"))), &mut db).await?;
    /// assert_eq!(n, 10_000);
    /// db.commit().await?;
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    /// As [`insert`](Inserts::insert) it goes past the unit of work: nothing is tracked, hooks are not called, and
    /// relationships take no part. All rows must have the same columns as the first: what the server fills in is given in
    /// all of them or in none.
    ///
    /// Sends `COPY products (name, price) FROM STDIN (FORMAT binary)`, for which it asks the server for the columns' types
    /// first; nothing where there are no rows. A session flushes first, if anything is pending, and the rows are part of its
    /// transaction; on a connection the COPY is a transaction of its own, of which all or nothing is kept. So it is when the
    /// future is dropped.
    ///
    /// # Errors
    /// What the server refuses, with the number of the row, from 1, where the server names one; it is told when the
    /// rows are at their end. [`Error::Invalid`] for a row with other columns than the first, for one with a relationship set on
    /// it, and on a session that is read-only. A session then waits for its rollback.
    fn copy_in<'a, N, X>(
        rows: impl IntoIterator<Item = N, IntoIter: Send + 'a>,
        on: &'a mut X,
    ) -> Running<'a, u64>
    where
        N: Insertable + 'a,
        N::Model: RowOf<Self>,
        X: Executor,
    {
        copy::copy_in::<Self, N, X>(stream::iter(rows).map(Ok), on)
    }

    /// As [`copy_in`](Inserts::copy_in), of rows that have to be waited for and may fail to come: from a file, from another
    /// database. The first error ends the COPY, of which nothing is kept, and is given back as it is.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// # let other = orm_core::testing::TestDb::with_models::<All>().await?;
    /// # let mut to = other.engine().await?.session();
    /// let mut from = engine.acquire().await?;
    /// let rows = from.stream::<Tag>("SELECT * FROM tags").await?;
    /// assert_eq!(Tag::copy_in_stream(rows, &mut to).await?, 2); // into another database
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`copy_in`](Inserts::copy_in), and those of the stream.
    fn copy_in_stream<'a, N, X>(
        rows: impl Stream<Item = Result<N>> + Send + 'a,
        on: &'a mut X,
    ) -> Running<'a, u64>
    where
        N: Insertable + 'a,
        N::Model: RowOf<Self>,
        X: Executor,
    {
        copy::copy_in::<Self, N, X>(rows, on)
    }
}

impl<M: Model> Inserts for M {}

/// The model whose rows go into the table of `M`: `M` itself.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// fn all<N>(rows: Vec<N>) -> orm_core::query::Insert<Tag>
/// where
///     N: orm_core::model::Insertable,
///     N::Model: orm_core::query::RowOf<Tag>, // as `insert` says it
/// {
///     Tag::insert(rows)
/// }
/// assert!(all(vec![Tag::create().word("used")]).to_sql()?.starts_with("INSERT INTO tags "));
/// # Ok::<(), orm_core::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "rows of `{Self}` cannot be inserted into the table of `{M}`",
    label = "expected rows of `{M}`",
    note = "rows of a query are inserted with `insert_from`"
)]
pub trait RowOf<M> {}

#[diagnostic::do_not_recommend]
impl<M> RowOf<M> for M {}

/// An INSERT: [`Inserts::insert`]. Sent by [`exec`](Insert::exec), or by [`returning`](Insert::returning) and its finishers.
/// SQLAlchemy: `Insert`.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::query::Insert;
///
/// let insert: Insert<Tag> = Tag::insert([Tag::create().word("used")]);
/// assert_eq!(insert.to_sql()?, "INSERT INTO tags (word) VALUES ($1)");
/// # Ok::<(), orm_core::Error>(())
/// ```
#[must_use = "an insert does nothing until it runs: `.exec(&mut db).await`"]
pub struct Insert<M, S = NoConflict> {
    pub(super) write: Result<Write>,
    types: PhantomData<fn() -> (M, S)>,
}

/// An INSERT that fails where a row is there already.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::query::{Insert, NoConflict};
///
/// let insert: Insert<Tag, NoConflict> = Tag::insert([Tag::create().word("used")]);
/// # let _ = insert;
/// ```
#[derive(Debug)]
pub struct NoConflict;

/// An INSERT that says what happens where a row is there already.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::query::{IgnoringConflict, Insert};
///
/// let insert: Insert<Tag, IgnoringConflict> =
///     Tag::insert([Tag::create().word("used")]).on_conflict(Tag::WORD).do_nothing();
/// # let _ = insert;
/// ```
#[derive(Debug)]
pub struct IgnoringConflict;

/// An INSERT that changes the row that is there already.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::query::{Insert, UpdatingConflict};
///
/// let insert: Insert<Tag, UpdatingConflict> = Tag::insert([Tag::create().word("used")])
///     .on_conflict(Tag::WORD)
///     .do_update(Tag::WORD.set(excluded(Tag::WORD)));
/// # let _ = insert;
/// ```
#[derive(Debug)]
pub struct UpdatingConflict;

impl<M: Model> Insert<M> {
    fn new(rows: Result<(Vec<u16>, NewRows)>) -> Self {
        Insert::of(rows.map(|(columns, rows)| Write {
            table: TableRef::of(M::TABLE),
            action: Action::Insert {
                columns,
                rows,
                conflict: None,
            },
            returning: Vec::new(),
            unfiltered: false,
        }))
    }
}

impl<M: Model, S> Insert<M, S> {
    pub(super) fn of(write: Result<Write>) -> Self {
        Insert {
            write,
            types: PhantomData,
        }
    }

    /// What is given of each row that was inserted, or changed by `do_update`: columns, expressions, `Product::ALL`, or a
    /// tuple of these. On a session, entities come tracked and as they are now in the database. The order of the rows is
    /// PostgreSQL's to choose. SQLAlchemy: `insert(..).returning(..)`.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let q = Tag::insert([Tag::create().word("used")]).returning((Tag::ID, Tag::WORD));
    /// assert_eq!(q.to_sql()?, "INSERT INTO tags (word) VALUES ($1) RETURNING tags.id, tags.word");
    /// let (id, word): (i32, String) = q.one(&mut db).await?;
    /// assert_eq!((id, word.as_str()), (3, "used"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn returning<L, I, Row, Uses>(self, list: L) -> Returning<Row>
    where
        L: Selects<(M, ()), I, Row, Uses>,
        Uses: RowLevel,
    {
        Returning::new(self.write, list)
    }

    /// Sends the statement and gives the number of rows that it inserted or changed; sends nothing where there are no rows.
    /// A session flushes first, if anything is pending, and entities that `do_update` changes are in step afterwards.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let tags = ["used", "rare"].map(|word| Tag::create().word(word));
    /// assert_eq!(Tag::insert(tags).exec(&mut db).await?, 2); // one statement
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Invalid`] for rows with a relationship set on them, whose keys only a session's `add` knows how to fill in;
    /// what the server refuses.
    pub fn exec<X: Executor>(self, on: &mut X) -> Running<'_, u64> {
        returning::exec(self.write, on)
    }

    /// The SQL text, without the values; empty where nothing will be sent.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let one = Tag::insert([Tag::create().word("used")]);
    /// assert_eq!(one.to_sql()?, "INSERT INTO tags (word) VALUES ($1)");
    /// # Ok::<(), orm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`exec`](Insert::exec).
    pub fn to_sql(&self) -> Result<String> {
        Ok(self.statement()?.sql.into())
    }

    /// The SQL text and its parameters.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let one = Tag::insert([Tag::create().word("used")]).statement()?;
    /// assert_eq!(one.params[0].show(), "used");
    /// # Ok::<(), orm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`exec`](Insert::exec).
    pub fn statement(&self) -> Result<Statement> {
        returning::statement(&self.write)
    }
}

impl<M, S> fmt::Debug for Insert<M, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        returning::debug(&self.write, f)
    }
}

/// The columns that rows give values to, and the rows.
fn rows_of<N: Insertable>(rows: impl IntoIterator<Item = N>) -> Result<(Vec<u16>, NewRows)> {
    let table = <N::Model as Model>::TABLE;
    let drafts = rows
        .into_iter()
        .map(|row| {
            let new = row.into_new();
            match new.links.first() {
                None => Ok(new.draft),
                Some(link) => Err(Error::invalid(format!(
                    "a row for `{}` has `{}` set to an entity, whose key a bulk INSERT does not know: set the foreign key's \
                     column, or `add` the row to a session",
                    table.name,
                    link.relation.path()
                ))),
            }
        })
        .collect::<Result<Vec<_>>>()?;
    let columns = written_columns(table, &drafts);
    let by_server = |column: u16| by_server(&table.columns[column as usize]);
    let mixed = columns.iter().any(|column| {
        by_server(*column) && !drafts.iter().all(|row| row.given().contains(*column))
    });
    let rows = match drafts.as_slice() {
        [] => NewRows::None,
        [row] => NewRows::One(columns.iter().map(|at| param(table, row, *at)).collect()),
        rows if mixed => {
            if rows.len() * columns.len() > MOST_PARAMETERS {
                return Err(Error::invalid(format!(
                    "{} rows for `{}` leave a column with a default to the server in some rows and not in others, which is \
                     possible for {MOST_PARAMETERS} values at most: give all rows the same columns, or insert them in two",
                    rows.len(),
                    table.name
                )));
            }
            let value = |row: &_, at: u16| {
                let given = !by_server(at) || Draft::given(row).contains(at);
                given.then(|| param(table, row, at))
            };
            let row = |row| columns.iter().map(|at| value(row, *at)).collect();
            NewRows::Mixed(rows.iter().map(row).collect())
        }
        rows => NewRows::Batch(Batch {
            columns: columns
                .iter()
                .enumerate()
                .map(|(n, at)| {
                    let ty = table.columns[*at as usize].ty;
                    BatchColumn::new(format!("c{n}"), ty, rows, |row, out| row.encode(*at, out))
                })
                .collect(),
            rows: rows.len(),
        }),
    };
    Ok((columns, rows))
}

/// The columns that an INSERT of these rows sends: all but computed ones, and those that every row leaves to the server.
fn written_columns<D: Draft>(table: &'static Table, rows: &[D]) -> Vec<u16> {
    let given = rows.iter().fold(Default::default(), |all: ColumnSet, row| {
        all.union(row.given())
    });
    columns_of(table, given)
}

/// The columns that are written where these are given: all but computed ones, and those that are left to the server.
pub(super) fn columns_of(table: &'static Table, given: ColumnSet) -> Vec<u16> {
    let columns = table.columns.iter().enumerate();
    columns
        .filter(|(at, column)| {
            column.computed.is_none() && (given.contains(*at as u16) || !by_server(column))
        })
        .map(|(at, _)| at as u16)
        .collect()
}

/// Whether the server fills in a column that is left out.
pub(super) fn by_server(column: &ColumnInfo) -> bool {
    column.identity || column.server_default.is_some()
}

fn param<D: Draft>(table: &'static Table, row: &D, column: u16) -> Param {
    let mut out = BytesMut::new();
    let bytes = row.encode(column, &mut out).then(|| out.freeze());
    Param::from_bytes(table.columns[column as usize].ty, bytes)
}

/// What [`insert_from`](Inserts::insert_from) takes: a column of the model, or a tuple of up to 16, for a query that
/// selects as many values of their types.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// let words = Category::query().select(Category::NAME);
/// let q = Tag::insert_from(Tag::WORD, words); // as many columns as the query selects, of its types
/// assert_eq!(q.to_sql()?, "INSERT INTO tags (word) SELECT categories.name FROM categories");
/// # Ok::<(), orm_core::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "the columns of `{M}` do not fit the query's select list",
    label = "expected as many columns of `{M}` as the query selects; found `{Self}`"
)]
pub trait InsertColumns<M, Sel> {
    /// Appends the columns' positions.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// use orm_core::query::{InsertColumns, Value};
    ///
    /// let mut positions = Vec::new();
    /// InsertColumns::<Tag, Value<String>>::push_to(Tag::WORD, &mut positions);
    /// assert_eq!(positions, [1]);
    /// ```
    fn push_to(self, columns: &mut Vec<u16>);
}

impl<M: Model, T, U> InsertColumns<M, Value<U>> for Column<M, T>
where
    U: FitsInto<T>,
{
    fn push_to(self, columns: &mut Vec<u16>) {
        columns.push(self.position());
    }
}

/// A selected value that a column of type `T` can hold.
///
/// ```
/// use orm_core::query::FitsInto;
///
/// fn takes<Selected: FitsInto<Column>, Column>() {}
/// takes::<i32, i32>();
/// takes::<i32, Option<i32>>(); // and not `Option<i32>` into `i32`
/// ```
#[diagnostic::on_unimplemented(
    message = "a column of type `{T}` cannot hold `{Self}`",
    label = "the query selects a `{Self}` for a column of type `{T}`"
)]
pub trait FitsInto<T> {}

#[diagnostic::do_not_recommend]
impl<T: SqlType> FitsInto<T> for T {}
#[diagnostic::do_not_recommend]
impl<T: SqlType<Base = T>> FitsInto<Option<T>> for T {}

macro_rules! tuples {
    ($($name:ident $row:ident),*) => {
        impl<M, $($name, $row),*> InsertColumns<M, ($($row,)*)> for ($($name,)*)
        where
            $($name: InsertColumns<M, $row>),*
        {
            #[allow(non_snake_case)]
            fn push_to(self, columns: &mut Vec<u16>) {
                let ($($name,)*) = self;
                $($name.push_to(columns);)*
            }
        }
    };
}

tuples!(A RA);
tuples!(A RA, B RB);
tuples!(A RA, B RB, C RC);
tuples!(A RA, B RB, C RC, D RD);
tuples!(A RA, B RB, C RC, D RD, E RE);
tuples!(A RA, B RB, C RC, D RD, E RE, F RF);
tuples!(A RA, B RB, C RC, D RD, E RE, F RF, G RG);
tuples!(A RA, B RB, C RC, D RD, E RE, F RF, G RG, H RH);
tuples!(A RA, B RB, C RC, D RD, E RE, F RF, G RG, H RH, J RJ);
tuples!(A RA, B RB, C RC, D RD, E RE, F RF, G RG, H RH, J RJ, K RK);
tuples!(A RA, B RB, C RC, D RD, E RE, F RF, G RG, H RH, J RJ, K RK, L RL);
tuples!(A RA, B RB, C RC, D RD, E RE, F RF, G RG, H RH, J RJ, K RK, L RL, N RN);
