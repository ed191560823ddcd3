//! Transactions: what is sent when, `commit`, `rollback`, savepoints.
//!
//! A transaction begins with the first statement, and BEGIN travels with it. It ends with `commit` or `rollback`, which
//! give the connection back. Whatever goes wrong in between (a statement fails, or the future that waits for it is
//! dropped) leaves the session waiting for `rollback`, and the database untouched.

use std::ops::{Deref, DerefMut};

use super::{Session, State};
use crate::engine::Link;
use crate::error::{Error, Result};
use crate::model::Row;
use crate::query::Statement;

/// Where a session stands in its transaction.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Phase {
    /// No transaction is open.
    Idle,
    /// A transaction is open.
    Active,
    /// A statement is on its way. If this is seen at the beginning of another, the future of the first was dropped.
    Sending,
    /// The same of COMMIT: should its answer not arrive, nobody knows what came of the transaction.
    Committing,
    /// A statement failed at this depth of savepoints, and nothing but a rollback can be sent.
    Failed { depth: usize, cause: String },
    /// A savepoint's guard was dropped without `commit`: memory is restored, and this goes out before anything else.
    RollBackTo { depth: usize },
}

/// How a session behaves, and how its transactions begin.
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
    /// As if transactions ran one after the other; one that cannot is [`Error::Retryable`].
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

    fn begin(&self) -> String {
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

/// What is to be said where the answer to COMMIT did not arrive.
const UNKNOWN: &str =
    "whether the transaction was committed is not known, read its rows again to see";

fn savepoint(depth: usize) -> String {
    format!("sp_{}", depth + 1)
}

/// What a statement is wanted for.
enum Want {
    Rows,
    Count,
}

impl Session {
    /// Whether a transaction is open on the server. SQLAlchemy: `in_transaction`.
    pub fn in_transaction(&self) -> bool {
        self.link.is_some()
    }

    /// Sends a statement and gives its rows; the first of a transaction takes a connection and BEGIN along.
    pub(super) async fn send(&mut self, statement: &Statement) -> Result<Vec<Row>> {
        Ok(self.run(statement, Want::Rows).await?.0)
    }

    /// Sends a statement and gives the number of rows that it changed.
    pub(super) async fn send_counted(&mut self, statement: &Statement) -> Result<u64> {
        Ok(self.run(statement, Want::Count).await?.1)
    }

    async fn run(&mut self, statement: &Statement, want: Want) -> Result<(Vec<Row>, u64)> {
        self.ready().await?;
        let begin = match self.link {
            Some(_) => None,
            None => {
                let link = Link::checkout(&self.engine, self.made_at).await?;
                self.link = Some(link);
                Some(self.options.begin())
            }
        };
        self.phase = Phase::Sending;
        let link = self.open_link()?;
        let answer = match (begin, want) {
            (None, Want::Rows) => link.fetch(statement).await.map(|rows| (rows, 0)),
            (None, Want::Count) => link
                .execute(statement)
                .await
                .map(|count| (Vec::new(), count)),
            (Some(begin), Want::Rows) => link
                .fetch_after(&begin, statement)
                .await
                .map(|rows| (rows, 0)),
            (Some(begin), Want::Count) => link
                .execute_after(&begin, statement)
                .await
                .map(|count| (Vec::new(), count)),
        };
        self.settle(answer)
    }

    /// Sends words without parameters.
    async fn say(&mut self, sql: &str) -> Result<()> {
        self.phase = Phase::Sending;
        let answer = self.open_link()?.batch(sql).await;
        self.settle(answer)
    }

    fn settle<T>(&mut self, answer: Result<T>) -> Result<T> {
        self.lost = answer.as_ref().is_err_and(Error::is_retryable);
        match &answer {
            Ok(_) => self.phase = Phase::Active,
            Err(error) => self.fail(error.to_string()),
        }
        answer
    }

    /// Whether the last statement failed because another transaction was first, so that this one may be run again.
    pub(super) fn lost_a_race(&self) -> bool {
        self.lost
    }

    /// From now on nothing but a rollback can be sent.
    pub(super) fn fail(&mut self, cause: String) {
        self.phase = Phase::Failed {
            depth: self.undo.depth(),
            cause,
        };
    }

    fn open_link(&self) -> Result<&Link> {
        self.link
            .as_ref()
            .ok_or_else(|| Error::invalid("the session has no transaction"))
    }

    /// Fails if a rollback is needed; sends the ROLLBACK TO that a dropped savepoint left behind.
    pub(super) async fn ready(&mut self) -> Result<()> {
        match &self.phase {
            Phase::Idle | Phase::Active => Ok(()),
            Phase::Sending => Err(Error::RollbackRequired {
                cause: "the future of an earlier operation was dropped before it finished"
                    .to_owned(),
            }),
            Phase::Committing => Err(Error::RollbackRequired {
                cause: format!("the future of `commit` was dropped before it finished: {UNKNOWN}"),
            }),
            Phase::Failed { cause, .. } => Err(Error::RollbackRequired {
                cause: cause.clone(),
            }),
            Phase::RollBackTo { depth } => {
                let depth = *depth;
                self.roll_back_to(depth).await
            }
        }
    }

    /// Flushes, ends the transaction, and gives the connection back. Rows stay readable and are stale from now on.
    /// SQLAlchemy: `commit`.
    ///
    /// Sends the flush's statements and COMMIT; nothing at all where no transaction is open and nothing has changed.
    /// Inside a savepoint it commits the whole transaction.
    ///
    /// # Errors
    /// As [`flush`](Session::flush), and what the server refuses at COMMIT (deferred constraints, serialization
    /// failures). The session then waits for [`rollback`](Session::rollback).
    pub async fn commit(&mut self) -> Result<()> {
        self.ready().await?;
        self.flush().await?;
        if self.link.is_some() {
            self.send_commit().await?;
        }
        self.link = None;
        self.phase = Phase::Idle;
        self.undo.forget();
        self.epoch += 1;
        for handle in std::mem::take(&mut self.gone) {
            if self.raw_state(handle) == State::Deleted {
                self.store_mut(handle).release(handle.index);
            }
        }
        Ok(())
    }

    async fn send_commit(&mut self) -> Result<()> {
        self.phase = Phase::Committing;
        let answer = self.open_link()?.batch("COMMIT").await;
        self.settle(answer.map_err(|error| match error {
            Error::Connection { what, source } => Error::Connection {
                what: format!("{what}; it happened during COMMIT: {UNKNOWN}"),
                source,
            },
            error => error,
        }))
    }

    /// Ends the transaction without keeping anything of it, in the database and in memory: rows, relationships and states
    /// are what they were when it began, and rows are stale. What was added leaves the session; what was deleted is back.
    /// SQLAlchemy: `rollback`.
    ///
    /// Sends ROLLBACK if a transaction is open. It is in order at any time, and after a lost connection too.
    ///
    /// # Errors
    /// None that a user could act on: should ROLLBACK itself fail, the connection is closed, which rolls back as well.
    pub async fn rollback(&mut self) -> Result<()> {
        self.restore(None);
        self.undo.forget();
        self.epoch += 1;
        self.phase = Phase::Idle;
        // The connection is taken out first: should this future be dropped, the link rolls back by itself.
        if let Some(link) = self.link.take() {
            link.roll_back().await;
        }
        Ok(())
    }

    /// Gives up whatever was not committed, forgets all entities, and gives the connection back. The session can be used
    /// again. SQLAlchemy: `close`.
    ///
    /// # Errors
    /// As [`rollback`](Session::rollback).
    pub async fn close(&mut self) -> Result<()> {
        self.rollback().await?;
        for store in &mut self.arenas {
            let all: Vec<_> = store.slots().inhabited().collect();
            for index in all {
                store.release(index);
            }
        }
        Ok(())
    }

    /// Begins a savepoint: flushes, and sends SAVEPOINT. The guard derefs to the session; `commit` keeps what was done
    /// since, `rollback` takes it back in the database and in memory, and so does dropping the guard.
    /// SQLAlchemy: `begin_nested`.
    ///
    /// # Errors
    /// As [`flush`](Session::flush).
    pub async fn begin_nested(&mut self) -> Result<Nested<'_>> {
        self.ready().await?;
        self.flush().await?;
        let depth = self.undo.depth();
        let sql = format!("SAVEPOINT {}", savepoint(depth));
        if self.link.is_some() {
            self.say(&sql).await?;
        } else {
            // SAVEPOINT itself is what begins the transaction.
            self.send_counted(&Statement::plain(sql)).await?;
        }
        self.undo.open();
        Ok(Nested {
            session: self,
            depth,
        })
    }

    async fn roll_back_to(&mut self, depth: usize) -> Result<()> {
        let name = savepoint(depth);
        self.say(&format!(
            "ROLLBACK TO SAVEPOINT {name}; RELEASE SAVEPOINT {name}"
        ))
        .await
    }

    /// Autoflush is off while the guard lives. SQLAlchemy: `no_autoflush`.
    pub fn no_autoflush(&mut self) -> NoAutoflush<'_> {
        let before = std::mem::replace(&mut self.autoflush, false);
        NoAutoflush {
            session: self,
            before,
        }
    }
}

/// A savepoint: [`Session::begin_nested`]. Derefs to the session.
#[must_use = "dropped, the savepoint is rolled back at once"]
#[derive(Debug)]
pub struct Nested<'db> {
    session: &'db mut Session,
    depth: usize,
}

impl Nested<'_> {
    /// Keeps what was done since the savepoint: flushes, and sends RELEASE SAVEPOINT. An outer rollback takes it back.
    ///
    /// # Errors
    /// As [`Session::flush`]. The savepoint is then rolled back, in the database before the next statement, and the
    /// session goes on.
    pub async fn commit(self) -> Result<()> {
        let depth = self.depth;
        if self.is_over() {
            return Ok(());
        }
        self.session.ready().await?;
        self.session.flush().await?;
        let sql = format!("RELEASE SAVEPOINT {}", savepoint(depth));
        self.session.say(&sql).await?;
        self.session.undo.release_to(depth);
        Ok(())
    }

    /// Takes back what was done since the savepoint, in the database and in memory. Sends ROLLBACK TO SAVEPOINT.
    ///
    /// # Errors
    /// [`Error::Connection`] when the connection is lost.
    pub async fn rollback(self) -> Result<()> {
        let depth = self.depth;
        if self.is_over() || !self.session.abandon(depth) {
            return Ok(());
        }
        self.session.ready().await
    }

    /// Whether the transaction around the savepoint has ended, and the savepoint with it.
    fn is_over(&self) -> bool {
        self.session.undo.depth() <= self.depth
    }
}

impl Session {
    /// Puts memory back to a savepoint and leaves its ROLLBACK TO to be sent before the next statement. False where a
    /// failure before the savepoint needs a whole rollback.
    fn abandon(&mut self, depth: usize) -> bool {
        self.restore(Some(depth));
        match self.phase {
            Phase::Failed { depth: failed, .. } if failed <= depth => false,
            _ => {
                self.phase = Phase::RollBackTo { depth };
                true
            }
        }
    }
}

impl Drop for Nested<'_> {
    fn drop(&mut self) {
        if !self.is_over() {
            self.session.abandon(self.depth);
        }
    }
}

/// Autoflush is off while it lives: [`Session::no_autoflush`]. Derefs to the session.
#[derive(Debug)]
pub struct NoAutoflush<'db> {
    session: &'db mut Session,
    before: bool,
}

impl Drop for NoAutoflush<'_> {
    fn drop(&mut self) {
        self.session.autoflush = self.before;
    }
}

macro_rules! deref {
    ($($guard:ident),*) => { $(
        impl Deref for $guard<'_> {
            type Target = Session;

            fn deref(&self) -> &Session {
                self.session
            }
        }

        impl DerefMut for $guard<'_> {
            fn deref_mut(&mut self) -> &mut Session {
                self.session
            }
        }
    )* };
}

deref!(Nested, NoAutoflush);
