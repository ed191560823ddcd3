//! [`SessionOptions`] and [`Isolation`]: how a session behaves, and how its transactions begin.

/// How a session behaves, and how its transactions begin.
///
/// ```
#[doc = include_str!("example_shop.txt")]
/// use orm_core::session::{Isolation, SessionOptions};
///
/// let options = SessionOptions::new().isolation(Isolation::RepeatableRead).read_only();
/// let mut report = engine.session_with(options);
/// assert_eq!(User::query().count(&mut report).await?, 2); // BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "testing"))] fn main() {}
/// ```
#[derive(Debug, Clone, Copy)]
pub struct SessionOptions {
    pub(super) autoflush: bool,
    isolation: Option<Isolation>,
    read_only: bool,
    deferrable: bool,
}

/// The isolation level of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isolation {
    /// Each statement sees what was committed before it: PostgreSQL's default.
    ReadCommitted,
    /// All statements see what was committed before the first.
    RepeatableRead,
    /// As if transactions ran one after the other; one that cannot is [`Error::Retryable`](crate::Error::Retryable).
    Serializable,
}

impl Default for SessionOptions {
    fn default() -> Self {
        SessionOptions {
            autoflush: true,
            isolation: None,
            read_only: false,
            deferrable: false,
        }
    }
}

impl SessionOptions {
    /// Autoflush, the server's isolation level, reading and writing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether queries flush what is pending before they read. On by default. SQLAlchemy: `autoflush`.
    #[must_use]
    pub fn autoflush(mut self, autoflush: bool) -> Self {
        self.autoflush = autoflush;
        self
    }

    /// The isolation level of the session's transactions. SQLAlchemy: `isolation_level`.
    #[must_use]
    pub fn isolation(mut self, isolation: Isolation) -> Self {
        self.isolation = Some(isolation);
        self
    }

    /// Refuses writes: `READ ONLY`. SQLAlchemy: `postgresql_readonly`.
    #[must_use]
    pub fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }

    /// Waits, with `SERIALIZABLE READ ONLY`, until the transaction can no longer fail: `DEFERRABLE`.
    /// SQLAlchemy: `postgresql_deferrable`.
    #[must_use]
    pub fn deferrable(mut self) -> Self {
        self.deferrable = true;
        self
    }

    pub(super) fn begin(&self) -> String {
        let mut sql = "BEGIN".to_owned();
        match self.isolation {
            None => {}
            Some(Isolation::ReadCommitted) => sql.push_str(" ISOLATION LEVEL READ COMMITTED"),
            Some(Isolation::RepeatableRead) => sql.push_str(" ISOLATION LEVEL REPEATABLE READ"),
            Some(Isolation::Serializable) => sql.push_str(" ISOLATION LEVEL SERIALIZABLE"),
        }
        if self.read_only {
            sql.push_str(" READ ONLY");
        }
        if self.deferrable {
            sql.push_str(" DEFERRABLE");
        }
        sql
    }
}
