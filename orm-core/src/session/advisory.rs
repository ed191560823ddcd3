//! Advisory locks: locks that mean what a program says they mean, held until the transaction ends. Called by users.

use super::Session;
use crate::error::{Error, Result};
use crate::query::Statement;
use crate::types::Param;

/// What an advisory lock is taken on: an `i64`, two `i32` (a kind and a number), or a text, which the server makes an
/// `i64` of.
///
/// The three do not meet: two `i32` are another space of keys than an `i64`. Two texts may, in theory, hash to the same number,
/// and then one waits for the other without need.
///
/// ```
/// use orm_core::session::LockKey;
///
/// assert_eq!(LockKey::from((7, 42)), LockKey::Two(7, 42)); // `db.advisory_lock((7, 42))`
/// assert_eq!(LockKey::from("nightly"), LockKey::Text("nightly".to_owned()));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LockKey {
    /// One number.
    One(i64),
    /// A kind and a number.
    Two(i32, i32),
    /// A text: `hashtextextended(text, 0)`.
    Text(String),
}

impl From<i64> for LockKey {
    fn from(key: i64) -> Self {
        LockKey::One(key)
    }
}

impl From<i32> for LockKey {
    fn from(key: i32) -> Self {
        LockKey::One(key.into())
    }
}

impl From<(i32, i32)> for LockKey {
    fn from((kind, number): (i32, i32)) -> Self {
        LockKey::Two(kind, number)
    }
}

impl From<&str> for LockKey {
    fn from(key: &str) -> Self {
        LockKey::Text(key.to_owned())
    }
}

impl From<String> for LockKey {
    fn from(key: String) -> Self {
        LockKey::Text(key)
    }
}

fn call(function: &str, key: LockKey) -> Statement {
    let (arguments, params) = match key {
        LockKey::One(key) => ("$1", vec![Param::new(&key)]),
        LockKey::Two(kind, number) => ("$1, $2", vec![Param::new(&kind), Param::new(&number)]),
        LockKey::Text(key) => ("hashtextextended($1, 0)", vec![Param::new(&key)]),
    };
    Statement {
        sql: format!("SELECT {function}({arguments})").into(),
        params,
    }
}

impl Session {
    /// Takes a lock that means what the program says, and waits for it; it is held until the transaction ends. For work that
    /// no row stands for: a nightly job, a number without gaps. Taking it again in the same transaction is harmless.
    ///
    /// ```
    #[doc = include_str!("example_shop.txt")]
    /// db.advisory_lock("nightly report").await?; // SELECT pg_advisory_xact_lock(hashtextextended($1, 0))
    /// let mut other = engine.session();
    /// assert!(!other.try_advisory_lock("nightly report").await?);
    /// db.rollback().await?;
    /// assert!(other.try_advisory_lock("nightly report").await?);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    /// Sends one statement, which begins the transaction if none is open, and flushes nothing. A savepoint that is rolled back
    /// gives back what was taken behind it.
    ///
    /// # Errors
    /// A deadlock ([`Error::Retryable`]), a timeout.
    pub async fn advisory_lock(&mut self, key: impl Into<LockKey>) -> Result<()> {
        let statement = call("pg_advisory_xact_lock", key.into());
        self.send(&statement).await.map(drop)
    }

    /// As [`advisory_lock`](Session::advisory_lock), and others may hold it at the same time who take it the same way. One
    /// statement.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let mut other = engine.session();
    /// db.advisory_lock_shared("price list").await?;
    /// other.advisory_lock_shared("price list").await?; // readers don't exclude one another
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`advisory_lock`](Session::advisory_lock).
    pub async fn advisory_lock_shared(&mut self, key: impl Into<LockKey>) -> Result<()> {
        let statement = call("pg_advisory_xact_lock_shared", key.into());
        self.send(&statement).await.map(drop)
    }

    /// Takes a lock as [`advisory_lock`](Session::advisory_lock) does, unless another transaction has it: then it is `false`, at
    /// once. One statement.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let mut other = engine.session();
    /// assert!(db.try_advisory_lock("nightly").await?);
    /// assert!(!other.try_advisory_lock("nightly").await?); // somebody is at it
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Connection`] when the connection is lost.
    pub async fn try_advisory_lock(&mut self, key: impl Into<LockKey>) -> Result<bool> {
        self.try_lock(call("pg_try_advisory_xact_lock", key.into()))
            .await
    }

    /// As [`try_advisory_lock`](Session::try_advisory_lock), and others may hold it at the same time who take it the same way.
    /// One statement.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let mut other = engine.session();
    /// assert!(db.try_advisory_lock_shared("price list").await?);
    /// assert!(!other.try_advisory_lock("price list").await?); // readers keep a writer out
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`try_advisory_lock`](Session::try_advisory_lock).
    pub async fn try_advisory_lock_shared(&mut self, key: impl Into<LockKey>) -> Result<bool> {
        self.try_lock(call("pg_try_advisory_xact_lock_shared", key.into()))
            .await
    }

    async fn try_lock(&mut self, statement: Statement) -> Result<bool> {
        let rows = self.send(&statement).await?;
        match rows.first() {
            Some(row) => row.get(0),
            None => Err(Error::invalid("the server gave no answer about a lock")),
        }
    }
}
