//! [`Link`]: one borrowed connection. `connection` and the session stand on it, and send everything through it.
//!
//! A statement's way: `traffic` notes what it does to the transaction, `prepared` finds or makes its prepared form, the
//! driver sends it, `observe` is told, and an error is put in this crate's words.
//!
//! **Dropped futures.** Any future here may be dropped at any await. The driver reads what is left of the answer and throws
//! it away, so the next statement gets its own answer; it waits until the server has done with the one before.
//!
//! **Going back.** A link whose transaction is open, or may be, is rolled back by a task of its own first, and if that does
//! not work its connection is closed. So no connection goes back to the pool inside a transaction. One on which a statement
//! may still run is told to cancel it, and closed: a request to cancel reaches the server by another way than statements do,
//! so on a connection that is used again it could meet the wrong one.

#[cfg(all(test, feature = "testing"))]
mod tests;

use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{FutureExt, TryStreamExt};
use tokio::runtime::Handle;

use super::Engine;
use super::client::Client;
use super::pipeline::{Outcome, Pipeline};
use super::pool::Slot;
use super::prepared;
use super::row_stream::RowStream;
use super::traffic::{Boundary, Traffic};
use super::watch::Watch;
use crate::error::{Error, Result};
use crate::model::Row;
use crate::query::Statement;

/// How long the clean-up of a connection may take before the connection is closed instead.
const CLEAN_UP_TIMEOUT: Duration = Duration::from_secs(10);

pub(super) type DriverResult<T> = Result<T, tokio_postgres::Error>;

/// One borrowed connection. Dropped, it goes back to the pool, rolled back first if need be.
pub(crate) struct Link {
    slot: Option<Slot>,
    engine: Engine,
    traffic: Arc<Traffic>,
    runtime: Handle,
}

/// What came back. `count` is the number of rows returned or changed.
pub(crate) struct Answer {
    pub(crate) rows: Vec<Row>,
    pub(crate) count: u64,
}

/// Whether the rows of an answer are kept or only counted.
#[derive(Clone, Copy)]
pub(super) enum Keep {
    Rows,
    Count,
}

impl Link {
    /// Borrows a connection from the engine's pool, or opens one. Sends nothing on one that is open, `pool_pre_ping`
    /// aside.
    ///
    /// # Errors
    /// [`Error::Timeout`] when none becomes free, [`Error::Connection`] when none can be opened.
    pub(crate) async fn checkout(engine: &Engine, at: &'static Location<'static>) -> Result<Link> {
        let slot = engine.pool().checkout(at).await?;
        Ok(Link {
            slot: Some(slot),
            engine: engine.clone(),
            traffic: Arc::default(),
            runtime: Handle::current(),
        })
    }

    /// Runs a statement and gives all its rows.
    pub(crate) async fn fetch(&self, statement: &Statement) -> Result<Vec<Row>> {
        Ok(self.alone(statement, Keep::Rows).await?.rows)
    }

    /// Runs a statement and gives the number of rows that it changed.
    pub(crate) async fn execute(&self, statement: &Statement) -> Result<u64> {
        Ok(self.alone(statement, Keep::Count).await?.count)
    }

    /// Runs a statement of the engine's own, of which observers are not told, and gives all its rows.
    pub(super) async fn ask(&self, statement: &Statement) -> Result<Vec<Row>> {
        let answer = self.alone_watched(statement, Keep::Rows, Watch::start_unobserved);
        Ok(answer.await?.rows)
    }

    /// Runs text without parameters, by the simple protocol: BEGIN, COMMIT, or a script of several statements.
    pub(crate) async fn batch(&self, sql: &str) -> Result<()> {
        let answer = self.run_batch(sql, 1).await;
        answer.map_err(|error| self.explain(error, sql))
    }

    /// Runs a statement with `before` (BEGIN, SAVEPOINT ..) sent ahead of it, as in [`Link::pipeline`].
    pub(crate) async fn after(&self, before: &str, statement: &Statement) -> Result<Answer> {
        let outcome = self.pipeline(Pipeline {
            before: Some(before),
            statements: std::slice::from_ref(statement),
            after: None,
            returned: &[],
        });
        let Outcome {
            answers, result, ..
        } = outcome.await;
        result?;
        let answer = answers.into_iter().next();
        Ok(answer.unwrap_or_else(|| unreachable!("what did not fail has an answer")))
    }

    /// Runs a statement inside a transaction and takes back what it did. A statement that fails is taken back, too, and the
    /// transaction goes on.
    pub(crate) async fn fetch_and_undo(&self, statement: &Statement) -> Result<Vec<Row>> {
        let answer = self.after("SAVEPOINT orm_undo", statement).await;
        if !self.is_closed() {
            self.batch("ROLLBACK TO SAVEPOINT orm_undo; RELEASE SAVEPOINT orm_undo")
                .await?;
        }
        Ok(answer?.rows)
    }

    /// Runs a statement and gives its rows as they arrive, without keeping them.
    ///
    /// The rest of a stream that is dropped before its end is thrown away by the driver, and the next statement waits for that;
    /// a link that is dropped first is closed.
    pub(crate) async fn stream(&self, statement: &Statement) -> Result<RowStream> {
        let mut watch = Watch::start(&self.engine, &self.traffic, statement);
        let opened = async {
            let prepared = self.prepare_watched(statement, &mut watch).await?;
            let rows = self
                .client()
                .query_raw(&prepared, &statement.params)
                .await?;
            Ok(rows.map_ok(Row::new))
        };
        match opened.await {
            Ok(rows) => {
                let sql = statement.sql.clone();
                Ok(RowStream::new(rows, watch.owned(), &self.engine, sql))
            }
            Err(error) => {
                watch.end(Err(&error));
                Err(self.explain(error, &statement.sql))
            }
        }
    }

    /// Whether the connection is no longer of use.
    pub(crate) fn is_closed(&self) -> bool {
        self.traffic.is_lost() || self.client().is_closed()
    }

    /// Whether a transaction is open.
    pub(crate) fn in_transaction(&self) -> bool {
        self.traffic.is_open()
    }

    /// How often the server was waited for on this link.
    pub(crate) fn round_trips(&self) -> u32 {
        self.traffic.round_trips()
    }

    /// Whether the open transaction can only be rolled back: a statement in it failed, or was given up by dropping its
    /// future. COMMIT would answer with success and roll back.
    pub(crate) fn must_roll_back(&self) -> bool {
        self.traffic.is_failed()
    }

    /// The text that is about to be sent may leave a transaction open without its first words showing it: a script. The
    /// connection will be rolled back before it goes back to the pool.
    pub(crate) fn assume_transaction(&self) {
        self.traffic.doubt();
    }

    /// The engine that the connection is borrowed from.
    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Closes the connection; it does not go back to the pool. The server rolls back by itself.
    pub(crate) fn discard(mut self) {
        if let Some(slot) = self.slot.take() {
            slot.discard();
        }
    }

    /// Rolls back and gives the connection back to the pool. Where a statement was given up it does not wait for its end: the
    /// statement is cancelled and the connection closed. Either way the transaction is gone.
    pub(crate) async fn roll_back(self) {
        // A COMMIT that travelled with a statement that failed has rolled back already.
        let due = self.traffic.may_be_open() && !self.traffic.has_unread();
        if due && self.batch("ROLLBACK").await.is_err() {
            self.discard();
        }
    }
}

impl Link {
    /// Rolls back a transaction that holds nothing which anybody could wait for, and gives the connection back at once: whatever is sent on it
    /// next is answered behind. Sends without waiting.
    pub(crate) fn roll_back_unseen(self) {
        if !self.traffic.is_open() || self.traffic.has_unread() {
            return;
        }
        let mut watch = Watch::start_text(&self.engine, &self.traffic, "ROLLBACK");
        watch.round_trips = 0;
        match self.client().batch_execute("ROLLBACK").now_or_never() {
            Some(Err(error)) => watch.end(Err(&error)),
            _ => {
                watch.sent();
                self.traffic.done(Boundary::Closes);
            }
        }
    }
}

/// The way of a statement.
impl Link {
    pub(super) fn client(&self) -> &Client {
        self.slot
            .as_ref()
            .expect("a link has its slot until it is dropped")
            .client()
    }

    pub(super) fn traffic(&self) -> &Arc<Traffic> {
        &self.traffic
    }

    async fn alone(&self, statement: &Statement, keep: Keep) -> Result<Answer> {
        self.alone_watched(statement, keep, Watch::start).await
    }

    async fn alone_watched<'a>(
        &self,
        statement: &'a Statement,
        keep: Keep,
        watch: impl Fn(&Engine, &Arc<Traffic>, &'a Statement) -> Watch<'a>,
    ) -> Result<Answer> {
        let watch = || watch(&self.engine, &self.traffic, statement);
        let mut answer = self.run(statement, keep, watch()).await;
        if self.forget_if_stale(&answer) && !self.in_transaction() {
            answer = self.run(statement, keep, watch()).await;
        }
        answer.map_err(|error| self.explain(error, &statement.sql))
    }

    async fn run(
        &self,
        statement: &Statement,
        keep: Keep,
        mut watch: Watch<'_>,
    ) -> DriverResult<Answer> {
        let answer = async {
            let prepared = self.prepare_watched(statement, &mut watch).await?;
            self.answer(&prepared, statement, keep).await
        };
        let answer = answer.await;
        watch.answered(answer.as_ref());
        answer
    }

    /// Text without parameters, and how many round trips it is: none where it travels with something else.
    pub(super) async fn run_batch(&self, sql: &str, round_trips: u32) -> DriverResult<()> {
        let mut watch = Watch::start_text(&self.engine, &self.traffic, sql);
        watch.round_trips = round_trips;
        let answer = self.client().batch_execute(sql).await;
        watch.end(answer.as_ref().map(|()| None));
        answer
    }

    /// A statement is about to be sent.
    pub(super) fn watch<'a>(&self, statement: &'a Statement) -> Watch<'a> {
        Watch::start(&self.engine, &self.traffic, statement)
    }

    /// As [`Link::prepare`]; the watch is told where the server had to be asked.
    pub(super) async fn prepare_watched(
        &self,
        statement: &Statement,
        watch: &mut Watch<'_>,
    ) -> DriverResult<tokio_postgres::Statement> {
        let mut preparing = std::pin::pin!(self.prepare(statement));
        match preparing.as_mut().now_or_never() {
            Some(prepared) => prepared,
            None => {
                watch.round_trips += 1;
                preparing.await
            }
        }
    }

    pub(super) async fn prepare(
        &self,
        statement: &Statement,
    ) -> DriverResult<tokio_postgres::Statement> {
        if self.engine.settings().statement_cache {
            prepared::prepare(self.client(), statement).await
        } else {
            prepared::prepare_anew(self.client(), statement).await
        }
    }

    pub(super) async fn answer(
        &self,
        prepared: &tokio_postgres::Statement,
        statement: &Statement,
        keep: Keep,
    ) -> DriverResult<Answer> {
        let stream = self.client().query_raw(prepared, &statement.params).await?;
        let mut stream = std::pin::pin!(stream);
        let mut rows = Vec::new();
        while let Some(row) = stream.try_next().await? {
            if let Keep::Rows = keep {
                rows.push(Row::new(row));
            }
        }
        let count = stream.rows_affected().unwrap_or_default();
        Ok(Answer { rows, count })
    }

    fn forget_if_stale<T>(&self, answer: &DriverResult<T>) -> bool {
        let stale = answer.as_ref().err().is_some_and(prepared::is_stale);
        if stale {
            prepared::forget(self.client());
        }
        stale
    }

    /// The driver's error in this crate's words.
    pub(super) fn explain(&self, error: tokio_postgres::Error, sql: &str) -> Error {
        if self.in_transaction() && prepared::is_stale(&error) {
            return prepared::stale_in_transaction();
        }
        Error::from_statement(error, sql, self.engine.pool().address())
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        let Some(slot) = self.slot.take() else {
            return;
        };
        if self.traffic.settles(Boundary::Closes) {
            self.engine.triggers().forget();
        }
        // On a runtime that is shut down these tasks are dropped unrun, and `Cleaning` closes the connection.
        let cleaning = Cleaning(Some(slot));
        if self.traffic.is_lost() {
            drop(cleaning);
        } else if self.traffic.has_unread() {
            self.runtime.spawn(cleaning.cancel(self.engine.clone()));
        } else if self.traffic.may_be_open() {
            self.runtime.spawn(cleaning.roll_back(self.engine.clone()));
        } else {
            cleaning.give_back();
        }
    }
}

/// A connection on its way back to the pool that needs cleaning first. Dropped halfway, it is closed.
struct Cleaning(Option<Slot>);

impl Cleaning {
    async fn roll_back(self, engine: Engine) {
        let Some(slot) = &self.0 else { return };
        let traffic = Arc::default();
        let watch = Watch::start_text(&engine, &traffic, "ROLLBACK");
        let rolled_back = slot.client().batch_execute("ROLLBACK");
        match tokio::time::timeout(CLEAN_UP_TIMEOUT, rolled_back).await {
            Ok(answer) => {
                watch.end(answer.as_ref().map(|()| None));
                if answer.is_ok() {
                    self.give_back();
                }
            }
            Err(_) => drop(watch),
        }
    }

    async fn cancel(self, engine: Engine) {
        if let Some(slot) = &self.0 {
            let cancelled = engine.pool().dialer().cancel(slot.client());
            let _ = tokio::time::timeout(CLEAN_UP_TIMEOUT, cancelled).await;
        }
    }

    fn give_back(mut self) {
        drop(self.0.take());
    }
}

impl Drop for Cleaning {
    fn drop(&mut self) {
        if let Some(slot) = self.0.take() {
            slot.discard();
        }
    }
}
