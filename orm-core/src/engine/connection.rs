//! [`Connection`]: SQLAlchemy's Core level, hand-written SQL on one connection. `transaction` has its [`Transaction`].
//!
//! What a transaction needs first, BEGIN, and what a dropped one left to do, ROLLBACK, wait here as `pending` and travel with
//! the next statement.

use std::fmt;
use std::panic::Location;

use futures_util::{Stream, StreamExt};

use super::cursor::{self, ServerCursor};
use super::row_stream::RowStream;
use super::sql::Sql;
use super::traffic::Boundary;
use super::transaction::Transaction;
use super::{AnswerRows, Engine, Link};
use crate::error::{Error, Result};
use crate::expr::Select;
use crate::model::{FromRow, Row};
use crate::query::{CopyRows, Running, Statement};
use crate::types::SqlType;

/// A borrowed connection, for hand-written SQL. SQLAlchemy: `Connection`.
///
/// Outside of [`Connection::begin`] each statement is a transaction of its own. Dropped, the connection goes back to the
/// pool; settings made with `SET`, temporary tables and session locks stay on it, as in SQLAlchemy.
///
/// A future of it that is dropped (a timeout, a closed request) leaves it usable, and the next statement waits until the
/// server has done with the one that was given up. When the connection is dropped instead, that statement is cancelled.
///
/// ```
#[doc = include_str!("../guide/shop.txt")]
/// use orm_core::engine::sql;
///
/// let mut conn = engine.acquire().await?;
/// let cheap = sql("SELECT id, name FROM products WHERE price < :most").bind("most", 50_000);
/// let cheap: Vec<(i32, String)> = conn.fetch_all(cheap).await?;
/// assert_eq!(cheap[0].1, "Cable");
/// # Ok(())
/// # }
/// ```
pub struct Connection {
    link: Link,
    pub(super) pending: Option<Pending>,
    pub(super) in_guard: bool,
}

/// What goes ahead of the next statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pending {
    Begin,
    Rollback,
    RollbackAndBegin,
}

impl Pending {
    pub(super) fn sql(self) -> &'static str {
        match self {
            Pending::Begin => "BEGIN",
            Pending::Rollback => "ROLLBACK",
            Pending::RollbackAndBegin => "ROLLBACK; BEGIN",
        }
    }
}

impl Engine {
    /// Borrows a connection for hand-written SQL. SQLAlchemy: `engine.connect()`.
    ///
    /// Sends nothing, unless a connection must be opened or `pool_pre_ping` is on. Waits while all are in use.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let mut conn = engine.acquire().await?;
    /// let version: String = conn.fetch_scalar("SHOW server_version").await?;
    /// assert!(!version.is_empty());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Timeout`], which says who holds the connections, when none becomes free within `pool_timeout`;
    /// [`Error::Connection`] when one cannot be opened.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    #[track_caller]
    pub fn acquire(&self) -> impl Future<Output = Result<Connection>> + Send + '_ {
        let at = Location::caller();
        async move {
            Ok(Connection {
                link: Link::checkout(self, at).await?,
                pending: None,
                in_guard: false,
            })
        }
    }
}

impl Connection {
    /// Runs a statement and gives the number of rows that it changed. SQLAlchemy: `connection.execute(..).rowcount`.
    /// One statement.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let mut conn = engine.acquire().await?;
    /// assert_eq!(conn.execute("UPDATE products SET stock = 0 WHERE stock < 5").await?, 1);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Constraint`], [`Error::Query`], [`Error::Retryable`], [`Error::Timeout`], [`Error::Connection`], as the
    /// server answers; [`Error::Invalid`] when names and values do not fit (see [`Sql::statement`]);
    /// [`Error::RollbackRequired`] in a transaction in which something failed before.
    pub fn execute(&mut self, sql: impl Into<Sql>) -> Running<'_, u64> {
        sql.into().execute(self)
    }

    /// Runs a statement and reads all rows: into tuples, into structs with `#[derive(FromRow)]`, into models.
    /// SQLAlchemy: `connection.execute(..).all()`. One statement.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let mut conn = engine.acquire().await?;
    /// let pairs: Vec<(i32, String)> = conn.fetch_all("SELECT id, word FROM tags ORDER BY id").await?;
    /// let tags: Vec<Tag> = conn.fetch_all("SELECT * FROM tags ORDER BY id").await?;
    /// assert_eq!((pairs[0].1.as_str(), tags[1].word.as_str()), ("new", "sale"));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`Connection::execute`], and [`Error::Decode`] when a value does not fit.
    pub fn fetch_all<T: FromRow>(&mut self, sql: impl Into<Sql>) -> Running<'_, Vec<T>> {
        sql.into().all(self)
    }

    /// Runs a statement and reads its only row. SQLAlchemy: `.one()`. One statement.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let mut conn = engine.acquire().await?;
    /// let (name, price): (String, i32) = conn.fetch_one("SELECT name, price FROM products WHERE id = 1").await?;
    /// assert_eq!((name.as_str(), price), ("Air", 99_900));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::MultipleFound`], and those of [`Connection::fetch_all`].
    pub fn fetch_one<T: FromRow>(&mut self, sql: impl Into<Sql>) -> Running<'_, T> {
        sql.into().one(self)
    }

    /// Runs a statement and reads its only row, if there is one. SQLAlchemy: `.one_or_none()`. One statement.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let mut conn = engine.acquire().await?;
    /// let nobody: Option<User> = conn.fetch_optional("SELECT * FROM users WHERE id = 99").await?;
    /// assert_eq!(nobody, None);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::MultipleFound`], and those of [`Connection::fetch_all`].
    pub fn fetch_optional<T: FromRow>(&mut self, sql: impl Into<Sql>) -> Running<'_, Option<T>> {
        sql.into().optional(self)
    }

    /// Runs a statement and reads the first column of its only row. SQLAlchemy: `.scalar_one()`. One statement.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let mut conn = engine.acquire().await?;
    /// let users: i64 = conn.fetch_scalar("SELECT count(*) FROM users").await?;
    /// assert_eq!(users, 3);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`Connection::fetch_one`].
    pub fn fetch_scalar<T: SqlType>(&mut self, sql: impl Into<Sql>) -> Running<'_, T> {
        sql.into().scalar(self)
    }

    /// Runs a text of several statements, without parameters and without results: a file with a schema. SQLAlchemy:
    /// `connection.exec_driver_sql`. The server runs it as one transaction, unless the text says BEGIN and COMMIT itself.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let mut conn = engine.acquire().await?;
    /// conn.execute_script("CREATE TABLE notes (id int); CREATE INDEX ON notes (id);").await?;
    /// assert!(engine.inspect().await?.has_table("notes", None).await?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`Connection::execute`].
    pub async fn execute_script(&mut self, script: &str) -> Result<()> {
        self.check(script)?;
        self.catch_up().await?;
        // Where in it a BEGIN stands without its COMMIT nobody can see; so the connection is rolled back when it goes back.
        self.link.assume_transaction();
        self.link.batch(script).await
    }

    /// Runs a statement and gives its rows as they arrive, without keeping them. SQLAlchemy: `stream_results=True`.
    /// One statement.
    ///
    /// A stream that is dropped before its end leaves the connection usable: the rest is read and thrown away before the next
    /// statement. When the connection is dropped first, it is closed instead of that.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// use futures_util::TryStreamExt;
    ///
    /// let mut conn = engine.acquire().await?;
    /// let mut rows = conn.stream::<(i64,)>("SELECT * FROM generate_series(1::int8, 100000)").await?;
    /// let mut sum = 0;
    /// while let Some((number,)) = rows.try_next().await? {
    ///     sum += number;
    /// }
    /// assert_eq!(sum, 5_000_050_000);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`Connection::fetch_all`], here or from the stream, which ends after one.
    pub async fn stream<T: FromRow>(
        &mut self,
        sql: impl Into<Sql>,
    ) -> Result<impl Stream<Item = Result<T>> + Send + Unpin> {
        let statement = sql.into().statement()?;
        self.check(&statement.sql)?;
        self.catch_up().await?;
        let rows = self.link.stream(&statement).await?;
        let mut positions = None;
        Ok(rows.map(move |row| {
            let row = row?;
            let positions = match &positions {
                Some(positions) => positions,
                None => positions.insert(super::sql::positions::<T>(&row)?),
            };
            T::from_row(&row, positions)
        }))
    }

    /// Begins a transaction. SQLAlchemy: `connection.begin()`.
    ///
    /// Sends nothing: BEGIN travels with the transaction's first statement.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let mut conn = engine.acquire().await?;
    /// let mut transaction = conn.begin().await?;
    /// transaction.execute("UPDATE products SET stock = stock - 1 WHERE id = 1").await?; // BEGIN, UPDATE
    /// transaction.execute("UPDATE products SET stock = stock + 1 WHERE id = 2").await?;
    /// transaction.commit().await?; // dropped without it, it is rolled back
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Invalid`] inside a transaction.
    pub async fn begin(&mut self) -> Result<Transaction<'_>> {
        if self.in_guard {
            return Err(Error::invalid(
                "a transaction is open on this connection already: commit it first, or use SAVEPOINT",
            ));
        }
        self.pending = Some(match self.pending {
            Some(Pending::Rollback | Pending::RollbackAndBegin) => Pending::RollbackAndBegin,
            Some(Pending::Begin) | None => Pending::Begin,
        });
        self.in_guard = true;
        Ok(Transaction::new(self))
    }

    /// Whether the connection is lost. SQLAlchemy: `connection.invalidated`. Sends nothing.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let conn = engine.acquire().await?;
    /// assert!(!conn.is_closed());
    /// # Ok(())
    /// # }
    /// ```
    pub fn is_closed(&self) -> bool {
        self.link.is_closed()
    }

    /// Closes the connection instead of giving it back to the pool, for when something on it cannot be undone.
    /// SQLAlchemy: `connection.invalidate()`. Sends nothing; an open transaction is rolled back by the server.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let mut conn = engine.acquire().await?;
    /// conn.execute("SET search_path TO elsewhere").await?; // nobody else is to get this connection
    /// conn.discard();
    /// # Ok(())
    /// # }
    /// ```
    pub fn discard(self) {
        self.link.discard();
    }

    /// The engine that the connection is borrowed from.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let conn = engine.acquire().await?;
    /// let another = conn.engine().acquire().await?;
    /// # drop(another);
    /// # Ok(())
    /// # }
    /// ```
    pub fn engine(&self) -> &Engine {
        self.link.engine()
    }

    /// Whether a transaction is open: by [`Connection::begin`], even if nothing was sent yet, or by a BEGIN sent by hand.
    pub(crate) fn in_transaction(&self) -> bool {
        self.in_guard || self.link.in_transaction()
    }

    pub(crate) fn link(&self) -> &Link {
        &self.link
    }

    /// Runs a statement and gives its rows.
    pub(crate) async fn fetch(&mut self, statement: Statement) -> Result<Vec<Row>> {
        self.check(&statement.sql)?;
        let rows = match self.pending {
            Some(pending) => {
                let answer = self.link.after(pending.sql(), &statement).await;
                answer.map(|answer| answer.rows)
            }
            None => self.link.fetch(&statement).await,
        };
        // Not before the answer: a future dropped on its way must leave it pending.
        self.pending = None;
        rows
    }

    /// The same of rows that are read while they come in.
    pub(crate) async fn open_rows(&mut self, statement: Statement) -> Result<AnswerRows> {
        self.check(&statement.sql)?;
        let before = self.pending.map(Pending::sql);
        let rows = self.link.open(before, statement).await;
        // What was pending is done, or was refused. A future dropped on its way must leave it pending.
        self.pending = None;
        rows
    }

    /// Declares the cursor of a stream, in the transaction that is open.
    pub(super) async fn declare(&mut self, query: Statement) -> Result<ServerCursor> {
        self.check("DECLARE")?;
        let before = self.pending.map(Pending::sql);
        let cursor = self
            .link
            .open_cursor(before, cursor::OF_STREAM, cursor::ROWS_A_FETCH, query);
        let cursor = cursor.await;
        // Not before the answer: a future dropped on its way must leave it pending.
        self.pending = None;
        cursor
    }

    /// Begins a COPY of a SELECT's rows, in the transaction that is open.
    pub(super) async fn start_copy_out(&mut self, select: &Select) -> Result<RowStream> {
        self.check("COPY")?;
        self.catch_up().await?;
        self.link.copy_out(select).await
    }

    /// Runs a statement and takes back what it did, by a savepoint, or by a transaction of its own where none is open.
    pub(crate) async fn fetch_and_undo(&mut self, statement: Statement) -> Result<Vec<Row>> {
        if self.has_transaction() {
            self.check(&statement.sql)?;
            self.catch_up().await?;
            return self.link.fetch_and_undo(&statement).await;
        }
        let mut transaction = self.begin().await?;
        let rows = transaction.fetch(statement).await;
        transaction.rollback().await?;
        rows
    }

    /// Whether a transaction is open that goes on: not one that is only left to be rolled back.
    pub(super) fn has_transaction(&self) -> bool {
        self.in_guard || (self.pending.is_none() && self.link.in_transaction())
    }

    /// Runs a statement and gives the number of rows.
    pub(crate) async fn run(&mut self, statement: Statement) -> Result<u64> {
        self.check(&statement.sql)?;
        let rows = match self.pending {
            Some(pending) => {
                let answer = self.link.after(pending.sql(), &statement).await;
                answer.map(|answer| answer.count)
            }
            None => self.link.execute(&statement).await,
        };
        self.pending = None;
        rows
    }

    /// Sends rows by COPY and gives their number.
    pub(crate) async fn copy(&mut self, rows: &mut CopyRows<'_>) -> Result<u64> {
        self.check("COPY")?;
        self.catch_up().await?;
        self.link.copy_in(rows).await
    }

    /// Sends what is pending by itself, for where it cannot travel with a statement.
    async fn catch_up(&mut self) -> Result<()> {
        if let Some(pending) = self.pending {
            self.link.batch(pending.sql()).await?;
            self.pending = None;
        }
        Ok(())
    }

    /// In a transaction that can only be rolled back the server would refuse too, but not before it was asked; and a BEGIN
    /// that was given up must not be followed by anything. ROLLBACK TO a savepoint is what helps.
    pub(super) fn check(&self, sql: &str) -> Result<()> {
        let helps = || match self.pending {
            Some(Pending::Rollback | Pending::RollbackAndBegin) => true,
            Some(Pending::Begin) => false,
            None => Boundary::of(sql) == Boundary::Repairs,
        };
        if self.in_guard && self.link.must_roll_back() && !helps() {
            return Err(Error::after_failure());
        }
        Ok(())
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("engine", self.engine())
            .field("in_transaction", &self.in_guard)
            .finish_non_exhaustive()
    }
}
