//! [`Transaction`]: the guard that [`Connection::begin`] gives.

use std::ops::{Deref, DerefMut};

use super::connection::Pending;
use super::pipeline::{Outcome, Pipeline};
use super::{Connection, Sql};
use crate::error::{Error, Result};
use crate::query::{LastWrite, Running};

/// An open transaction on a [`Connection`], and that connection while it lasts. SQLAlchemy: `Transaction`.
///
/// Dropped without [`Transaction::commit`] it is rolled back: ROLLBACK goes ahead of the connection's next statement, or is
/// sent when the connection is dropped too, before it goes back to the pool.
///
/// ```
#[doc = include_str!("../guide/shop.txt")]
/// let mut conn = engine.acquire().await?;
/// let mut transaction = conn.begin().await?; // BEGIN goes with the first statement
/// transaction.execute("DELETE FROM order_items").await?;
/// drop(transaction);
/// let items: i64 = conn.fetch_scalar("SELECT count(*) FROM order_items").await?; // ROLLBACK goes ahead of it
/// assert_eq!(items, 5);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a transaction that is dropped is rolled back"]
pub struct Transaction<'c> {
    connection: &'c mut Connection,
    over: bool,
}

impl<'c> Transaction<'c> {
    pub(super) fn new(connection: &'c mut Connection) -> Self {
        Transaction {
            connection,
            over: false,
        }
    }

    /// Runs a statement and gives the number of rows that it changed: as [`Connection::execute`], which it is. Here by itself so
    /// that the [`Executor`](crate::query::Executor)'s method of the same name, which comes with the prelude, does not go before it.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let mut conn = engine.acquire().await?;
    /// let mut transaction = conn.begin().await?;
    /// assert_eq!(transaction.execute("DELETE FROM product_tags").await?, 3);
    /// # assert_eq!(transaction.fetch_scalar::<i64>("SELECT count(*) FROM product_tags").await?, 0);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`Connection::execute`].
    pub fn execute(&mut self, sql: impl Into<Sql>) -> Running<'_, u64> {
        self.connection.execute(sql)
    }

    /// Makes everything that was done permanent. SQLAlchemy: `transaction.commit()`. One statement, or none when nothing
    /// was done.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let mut conn = engine.acquire().await?;
    /// let mut transaction = conn.begin().await?;
    /// transaction.execute("DELETE FROM product_tags").await?;
    /// transaction.commit().await?;
    /// assert_eq!(conn.fetch_scalar::<i64>("SELECT count(*) FROM product_tags").await?, 0);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::RollbackRequired`] when a statement had failed: PostgreSQL would answer COMMIT with success and roll back,
    /// so it is rolled back here and said. [`Error::Constraint`] for deferred constraints, [`Error::Retryable`], and
    /// [`Error::Connection`], after which nobody knows whether it was committed.
    pub async fn commit(mut self) -> Result<()> {
        if self.unsent() {
            return Ok(());
        }
        if self.connection.link().must_roll_back() {
            self.end("ROLLBACK").await?;
            return Err(Error::after_failure());
        }
        self.end("COMMIT").await
    }

    /// Runs the transaction's last statement and commits, in one round trip: COMMIT goes out behind the statement, without
    /// waiting for its answer. Gives the number of rows that the statement changed.
    ///
    /// It takes what `exec` takes: `.update(..)`, `.delete()`, `Product::insert(rows)`; and SQL, as text or [`sql`](super::sql).
    /// How many rows it was is known when they are committed, so it is for statements of which any number is in order.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let mut conn = engine.acquire().await?;
    /// let mut transaction = conn.begin().await?;
    /// let air = Product::query().filter(Product::ID.eq(1)).one(&mut transaction).await?; // with BEGIN
    /// let cheaper = Product::query().filter(Product::ID.eq(1)).update(Product::PRICE.set(air.price - 100));
    /// assert_eq!(transaction.commit_with(cheaper).await?, 1); // with COMMIT
    /// # assert_eq!(conn.fetch_scalar::<i32>("SELECT price FROM products WHERE id = 1").await?, air.price - 100);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Two statements, of which the second is COMMIT. Where it is the only statement of the transaction, it is sent by itself, without
    /// BEGIN and COMMIT: one statement is a transaction. A write of no rows is not sent; then it is [`commit`](Transaction::commit).
    ///
    /// # Errors
    /// Those of [`Connection::execute`] and of [`Transaction::commit`]. Whichever it is, nothing of the transaction is kept, unless it
    /// is [`Error::Connection`], after which nobody knows.
    pub fn commit_with(mut self, last: impl LastWrite) -> Running<'c, u64> {
        let statement = last.into_statement();
        Running::new(async move {
            let statement = statement?;
            if statement.sql.is_empty() {
                self.commit().await?;
                return Ok(0);
            }
            if let Err(error) = self.connection.check(&statement.sql) {
                self.end("ROLLBACK").await?;
                return Err(error);
            }
            let link = self.connection.link();
            let outcome = link.pipeline(Pipeline {
                before: self.connection.pending.map(Pending::sql),
                statements: std::slice::from_ref(&statement),
                after: Some("COMMIT"),
                returned: &[],
            });
            let Outcome {
                answers, result, ..
            } = outcome.await;
            // What the client has refused was not sent, and no COMMIT.
            self.over = !link.in_transaction();
            if self.over {
                self.connection.pending = None;
            }
            result?;
            Ok(answers.first().map_or(0, |answer| answer.count))
        })
    }

    /// Undoes everything that was done. SQLAlchemy: `transaction.rollback()`. One statement, or none when nothing was
    /// done.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let mut conn = engine.acquire().await?;
    /// let mut transaction = conn.begin().await?;
    /// transaction.execute("DELETE FROM product_tags").await?;
    /// transaction.rollback().await?;
    /// assert_eq!(conn.fetch_scalar::<i64>("SELECT count(*) FROM product_tags").await?, 3);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Connection`]: the server rolls back by itself then.
    pub async fn rollback(mut self) -> Result<()> {
        if self.unsent() {
            return Ok(());
        }
        self.end("ROLLBACK").await
    }

    /// Whether BEGIN was not even sent, so that dropping the guard is all there is to do.
    fn unsent(&self) -> bool {
        let waits = matches!(
            self.connection.pending,
            Some(Pending::Begin | Pending::RollbackAndBegin)
        );
        // One that was sent and given up is pending still.
        waits && !self.connection.link().must_roll_back()
    }

    async fn end(&mut self, sql: &str) -> Result<()> {
        self.connection.link().batch(sql).await?;
        self.connection.pending = None;
        self.over = true;
        Ok(())
    }
}

impl Deref for Transaction<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection
    }
}

impl DerefMut for Transaction<'_> {
    fn deref_mut(&mut self) -> &mut Connection {
        self.connection
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        self.connection.in_guard = false;
        if !self.over {
            // Where BEGIN was not sent there is nothing to roll back, but for what was left before it.
            let open = self.connection.link().in_transaction();
            self.connection.pending = open.then_some(Pending::Rollback);
        }
    }
}
