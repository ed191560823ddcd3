//! [`Transaction`]: the guard that [`Connection::begin`] gives.

use std::ops::{Deref, DerefMut};

use super::connection::Pending;
use super::{Connection, Sql};
use crate::error::{Error, Result};
use crate::query::Running;

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
