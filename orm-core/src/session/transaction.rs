//! Transactions: what is sent when, `commit`, `rollback`, savepoints.
//!
//! A transaction begins with the first statement, and BEGIN travels with it. It ends with `commit` or `rollback`, which
//! give the connection back. Whatever goes wrong in between (a statement fails, or the future that waits for it is
//! dropped) leaves the session waiting for `rollback`, and the database untouched.
//!
//! **Waiting for a connection** comes before that, and may end with an error (none became free) or with a dropped future, too. An error
//! leaves the session as it was: what a statement is to change in memory is changed when there is a connection for it
//! ([`reserve`](Session::reserve)). A dropped read has done nothing. A dropped flush has: hooks were called, children of what is deleted
//! were found; so it waits for `rollback`, like one that was dropped later.

use super::Session;
use crate::engine::{AnswerRows, Link, Outcome, Pipeline};
use crate::error::{Error, Result};
use crate::model::Row;
use crate::query::{CopyRows, Effect, Statement};

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

/// What is to be said where the answer to COMMIT did not arrive.
const UNKNOWN: &str =
    "whether the transaction was committed is not known, read its rows again to see";

fn in_doubt(error: Error) -> Error {
    match error {
        Error::Connection { what, source } => Error::Connection {
            what: format!("{what}; it happened during COMMIT: {UNKNOWN}"),
            source,
        },
        error => error,
    }
}

/// What a statement is wanted for.
enum Want {
    Rows,
    Count,
}

impl Session {
    /// Whether a transaction is open on the server. SQLAlchemy: `in_transaction`.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// assert!(!db.in_transaction());
    /// db.get::<User>(1).await?; // BEGIN goes out with the SELECT
    /// assert!(db.in_transaction());
    /// db.commit().await?;
    /// assert!(!db.in_transaction());
    /// # Ok(())
    /// # }
    /// ```
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
        let begin = self.take_connection().await?;
        self.count_statement();
        self.note_effect(statement.sql.effect());
        self.phase = Phase::Sending;
        let link = self.open_link()?;
        let answer = match (begin, want) {
            (Some(begin), _) => {
                let answer = link.after(&begin, statement).await;
                answer.map(|answer| (answer.rows, answer.count))
            }
            (None, Want::Rows) => link.fetch(statement).await.map(|rows| (rows, 0)),
            (None, Want::Count) => link
                .execute(statement)
                .await
                .map(|count| (Vec::new(), count)),
        };
        self.settle(answer)
    }

    /// Sends a statement whose rows are read while they come in. The session waits for [`settle`](Session::settle) from here on.
    pub(super) async fn send_open(&mut self, statement: Statement) -> Result<AnswerRows> {
        self.ready().await?;
        let begin = self.take_connection().await?;
        self.count_statement();
        self.note_effect(statement.sql.effect());
        self.phase = Phase::Sending;
        match self.open_link()?.open(begin.as_deref(), statement).await {
            Ok(rows) => Ok(rows),
            Err(error) => self.settle(Err(error)),
        }
    }

    /// Sends statements one behind the other without waiting in between, and COMMIT behind them where it is wanted and what they
    /// return is of these types. One statement that is the whole transaction goes out by itself. See [`Pipeline`].
    ///
    /// # Errors
    /// What keeps them from being sent. What they fail with is in the outcome, behind the answers before it.
    pub(super) async fn send_together(
        &mut self,
        statements: &[Statement],
        commit: bool,
        returned: &[u32],
    ) -> Result<Outcome> {
        self.ready().await?;
        let begin = self.take_connection().await?;
        for statement in statements {
            self.count_statement();
            self.note_effect(statement.sql.effect());
        }
        self.phase = match commit {
            true => Phase::Committing,
            false => Phase::Sending,
        };
        let pipeline = Pipeline {
            before: begin.as_deref(),
            statements,
            after: commit.then_some("COMMIT"),
            returned,
        };
        let mut outcome = self.open_link()?.pipeline(pipeline).await;
        if outcome.ended {
            outcome.result = outcome.result.map_err(in_doubt);
        }
        outcome.result = self.settle(outcome.result);
        Ok(outcome)
    }

    /// Takes a connection, unless there is one. What is to be sent ahead of the first statement.
    pub(super) async fn take_connection(&mut self) -> Result<Option<String>> {
        if self.link.is_some() {
            return Ok(None);
        }
        self.reserve().await?;
        self.link = self.reserved.take();
        self.effect = Effect::Reads;
        Ok(Some(self.options.begin()))
    }

    /// Takes a connection for a statement that is about to be sent, before anything is changed for it: behind this nothing waits until
    /// the statement goes out. No transaction is open yet.
    pub(super) async fn reserve(&mut self) -> Result<()> {
        if self.link.is_none() && self.reserved.is_none() {
            let before = self.wait_for_begin();
            let link = Link::checkout(&self.engine, self.made_at).await;
            self.phase = before;
            self.reserved = Some(link?);
        }
        Ok(())
    }

    /// Something is waited for ahead of the transaction. Gives the phase to go back to behind it; dropped in between, a flush leaves the
    /// session waiting for `rollback`.
    pub(super) fn wait_for_begin(&mut self) -> Phase {
        let before = self.phase.clone();
        if self.is_flushing {
            self.phase = Phase::Sending;
        }
        before
    }

    /// Begins the transaction, if none is open, for what BEGIN cannot travel with.
    pub(super) async fn begin_now(&mut self) -> Result<()> {
        self.ready().await?;
        if let Some(begin) = self.take_connection().await? {
            self.say(&begin).await?;
        }
        self.note_effect(Effect::MayHold);
        Ok(())
    }

    /// Leaves the transaction, which has failed, for another in which the same is done again. Memory stays as it is.
    ///
    /// # Errors
    /// `failure`, where the transaction `has_read`, and by the server's default is of a kind in which all reads are of one moment.
    pub(super) async fn start_over(&mut self, has_read: bool, failure: Error) -> Result<()> {
        if let Some(link) = self.link.take() {
            link.roll_back().await;
        }
        self.phase = Phase::Idle;
        if has_read {
            let ask = Statement::plain("SHOW transaction_isolation");
            let level = self.send(&ask).await?;
            let level = level.first().map(|row| row.get::<String>(0)).transpose()?;
            // READ UNCOMMITTED is the same to PostgreSQL.
            if !level.is_some_and(|level| level.ends_with("committed")) {
                self.fail(failure.to_string());
                return Err(failure);
            }
        }
        Ok(())
    }

    /// Sends rows by COPY and gives their number.
    pub(super) async fn send_copy(&mut self, rows: &mut CopyRows<'_>) -> Result<u64> {
        self.begin_now().await?;
        self.phase = Phase::Sending;
        let answer = self.open_link()?.copy_in(rows).await;
        self.settle(answer)
    }

    /// Sends a statement and takes back what it did, by a savepoint. One that fails leaves the transaction as it was.
    pub(super) async fn send_and_undo(&mut self, statement: &Statement) -> Result<Vec<Row>> {
        self.begin_now().await?;
        self.count_statement();
        self.phase = Phase::Sending;
        let link = self.open_link()?;
        let rows = link.fetch_and_undo(statement).await;
        let works = !link.is_closed() && !link.must_roll_back();
        match rows {
            Err(error) if works => {
                self.phase = Phase::Active;
                Err(error)
            }
            rows => self.settle(rows),
        }
    }

    /// Sends words without parameters.
    pub(super) async fn say(&mut self, sql: &str) -> Result<()> {
        self.note_effect(Effect::MayHold);
        self.phase = Phase::Sending;
        let answer = self.open_link()?.batch(sql).await;
        self.settle(answer)
    }

    pub(super) fn settle<T>(&mut self, answer: Result<T>) -> Result<T> {
        match &answer {
            Ok(_) => {
                self.lost = false;
                self.phase = Phase::Active;
            }
            Err(error) => self.note_failure(error),
        }
        answer
    }

    /// A statement failed.
    pub(super) fn note_failure(&mut self, error: &Error) {
        self.lost = error.is_retryable();
        self.fail(error.to_string());
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

    pub(super) fn open_link(&self) -> Result<&Link> {
        self.link
            .as_ref()
            .ok_or_else(|| Error::invalid("the session has no transaction"))
    }

    /// Whether there is nothing to make good or to refuse before the next call.
    pub(super) fn is_ready(&self) -> bool {
        matches!(self.phase, Phase::Idle | Phase::Active)
    }

    /// Fails if a rollback is needed; sends the ROLLBACK TO that a dropped savepoint left behind.
    pub(super) async fn ready(&mut self) -> Result<()> {
        match &self.phase {
            Phase::Idle | Phase::Active => {
                self.close_dropped_cursors();
                Ok(())
            }
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

    /// Flushes, ends the transaction, and gives the connection back. Rows stay readable and are *stale* from now on: the next
    /// load of one refreshes it, and a write from one must find the old values of the columns that it changes, or is
    /// [`Error::Stale`]. SQLAlchemy: `commit`.
    ///
    /// ```
    #[doc = include_str!("example_shop.txt")]
    /// let order = Order::query().first(&mut db).await?.unwrap();
    /// db[order].total = 31;
    /// db.commit().await?;
    /// assert_eq!(db[order].total, 31);
    /// assert!(!db.in_transaction());
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    /// Sends the flush's statements and COMMIT; nothing at all where no transaction is open and nothing has changed. COMMIT goes
    /// out with the last statements, without waiting for their answers, where it can't come too early: the statements then
    /// carry a check of how many rows they change, and fail where it isn't the number that they were sent for. Where no transaction
    /// is open, no isolation level was asked for, and the flush is one such statement, it is sent alone, without BEGIN and COMMIT.
    /// A DELETE of rows without a version may find fewer rows, and COMMIT waits for it, unless the way to the server is measured to be long,
    /// and nothing but reads came before: then it goes along, and what the server refused for its number is sent once more, with COMMIT waiting.
    /// Inside a savepoint it commits the whole transaction.
    ///
    /// # Triggers
    /// As in a [`flush`](Session::flush): a trigger that keeps a row from being written is an error, and what it has written elsewhere is
    /// rolled back with all else.
    ///
    /// # Errors
    /// As [`flush`](Session::flush), and what the server refuses at COMMIT (deferred constraints, serialization
    /// failures). The session then waits for [`rollback`](Session::rollback). Where the answer to COMMIT doesn't arrive, because
    /// the connection is lost or this future is dropped just then, nobody knows whether the transaction was committed, and the
    /// error says so.
    pub async fn commit(&mut self) -> Result<()> {
        self.ready().await?;
        let added = self.before_commit()?;
        let flushed = self.flush_all(true).await;
        if flushed.is_err() && self.is_ready() {
            self.forget(added);
        }
        let committed = flushed?;
        let was_open = self.link.is_some();
        if was_open && !committed {
            self.send_commit().await?;
        }
        self.link = None;
        self.reserved = None;
        self.phase = Phase::Idle;
        self.cursors.clear();
        self.forget_undo();
        self.epoch += 1;
        self.forget_singles();
        let gone = std::mem::take(&mut self.gone);
        for rows in gone.chunk_by(|row, next| row.arena == next.arena) {
            self.store_mut(rows[0]).release_deleted(rows);
        }
        if was_open {
            self.after_commit();
        }
        Ok(())
    }

    async fn send_commit(&mut self) -> Result<()> {
        self.phase = Phase::Committing;
        let answer = self.open_link()?.batch("COMMIT").await;
        self.settle(answer.map_err(in_doubt))
    }

    /// Ends the transaction without keeping anything of it, in the database and in memory: rows, relationships and states
    /// are what they were when it began, and rows are stale. What was added leaves the session; what was deleted is back.
    /// What was expunged stays out. SQLAlchemy: `rollback`.
    ///
    /// ```
    #[doc = include_str!("example_shop.txt")]
    /// let order = Order::query().first(&mut db).await?.unwrap();
    /// db[order].total = 31;
    /// db.flush().await?;
    /// db.rollback().await?;
    /// assert_eq!(db[order].total, 30);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    /// Sends ROLLBACK if a transaction is open; where it has done nothing but read (entities, relationships, values, by functions that this
    /// crate knows and without locks), nobody waits for the answer. It is in order at any time, after an error, after a lost connection, and after a
    /// future that was dropped: a statement that may still run is cancelled, and not waited for.
    ///
    /// # Errors
    /// None that a user could act on: should ROLLBACK itself fail, the connection is closed, which rolls back as well.
    pub async fn rollback(&mut self) -> Result<()> {
        let only_read = self.has_only_read();
        self.restore(None);
        self.cursors.clear();
        self.forget_undo();
        self.epoch += 1;
        self.forget_singles();
        self.phase = Phase::Idle;
        self.reserved = None;
        // The connection is taken out first: should this future be dropped, the link rolls back by itself.
        if let Some(link) = self.link.take() {
            match only_read {
                true => link.roll_back_unseen(),
                false => link.roll_back().await,
            }
            self.after_rollback();
        }
        Ok(())
    }

    /// Gives up whatever was not committed, forgets all entities, and gives the connection back. The session can be used
    /// again. Sends ROLLBACK if a transaction is open. SQLAlchemy: `close`.
    ///
    /// ```
    #[doc = include_str!("example_shop.txt")]
    /// let order = Order::query().first(&mut db).await?.unwrap();
    /// db.close().await?;
    /// assert!(db.peek(order).is_err());
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    /// # Errors
    /// As [`rollback`](Session::rollback).
    pub async fn close(&mut self) -> Result<()> {
        self.rollback().await?;
        for store in &mut self.arenas {
            store.clear();
        }
        Ok(())
    }
}

/// A transaction that is given up by dropping its session. Where it has only read, its connection is free at once; else the
/// link rolls back in a task of its own.
impl Drop for Session {
    fn drop(&mut self) {
        if self.has_only_read()
            && let Some(link) = self.link.take()
        {
            link.roll_back_unseen();
        }
    }
}
