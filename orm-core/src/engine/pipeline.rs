//! Statements that go out together: [`Link::pipeline`] sends one behind the other without waiting for answers, so that all of
//! them are one round trip. `link` and `connection` send BEGIN ahead of a statement in this way, the session a whole flush
//! with BEGIN and COMMIT.
//!
//! **An error in the middle.** The server runs statements in the order in which they were sent. In a transaction it refuses
//! all that stand behind a failed one, and turns COMMIT into ROLLBACK; so nothing is committed by half. What the first failure
//! was is told, and the answers before it are kept.
//!
//! **What the client refuses.** A parameter that does not fit is noticed before its statement is sent. Nothing behind it is
//! sent then, COMMIT least of all.
//!
//! **One statement is a transaction by itself.** Where a pipeline is a plain BEGIN, one statement and COMMIT, the statement goes out
//! alone, and the server commits it or nothing.

use std::pin::{Pin, pin};

use futures_util::FutureExt;
use futures_util::future::{self, MaybeDone, OptionFuture, maybe_done};
use tokio_postgres::error::SqlState;

use super::link::{Answer, DriverResult, Keep, Link};
use super::prepared;
use super::traffic::Boundary;
use super::watch::Watch;
use crate::error::Result;
use crate::query::Statement;

/// What goes out together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pipeline<'a> {
    /// BEGIN, SAVEPOINT .. ahead of the statements.
    pub(crate) before: Option<&'a str>,
    pub(crate) statements: &'a [Statement],
    /// COMMIT behind them. In a transaction only: outside of one a failed statement does not keep the next from being done.
    pub(crate) after: Option<&'static str>,
    /// For each statement the type, by its number, that the first column of its rows must have, or 0. Where a table's column turns
    /// out to be of another, `after` does not go along: what was committed could not be read. Statements beyond these may
    /// return what they like.
    pub(crate) returned: &'a [u32],
}

/// What came of a pipeline.
pub(crate) struct Outcome {
    /// The answers of the statements up to the first that failed.
    pub(crate) answers: Vec<Answer>,
    /// The first failure.
    pub(crate) result: Result<()>,
    /// Whether what was to be `after` went along.
    pub(crate) ended: bool,
}

/// What came of one try.
#[derive(Default)]
pub(super) struct Try<'a> {
    answers: Vec<Answer>,
    /// The first failure, and the text that failed.
    pub(super) failed: Option<(&'a str, tokio_postgres::Error)>,
    ended: bool,
}

impl Link {
    /// Sends statements without waiting for the answers of those before. One round trip; one more where a statement is not
    /// prepared yet on this connection.
    ///
    /// Where `before` is refused, its error is the one that is reported. Were BEGIN itself refused, the statements would be run
    /// by themselves. So it must not ask for what a server may not have: sessions ask for SERIALIZABLE, which a standby
    /// refuses, behind BEGIN and in the same message, where a refusal fails the transaction. What is left is a BEGIN that is
    /// cancelled in the microseconds that it takes, by `pg_cancel_backend` or a `statement_timeout` as short as that.
    pub(crate) async fn pipeline(&self, pipeline: Pipeline<'_>) -> Outcome {
        let opens = |before| Boundary::of(before) == Boundary::Opens;
        let begins = !self.in_transaction() && pipeline.before.is_some_and(opens);
        let mut tried = self.try_pipeline(pipeline).await;
        if tried.is_stale() {
            prepared::forget(self.client());
            // Nothing has happened yet in a transaction that has just begun, so it may begin again.
            if begins {
                if self.in_transaction()
                    && let Err(error) = self.batch("ROLLBACK").await
                {
                    return Outcome {
                        answers: Vec::new(),
                        result: Err(error),
                        ended: false,
                    };
                }
                tried = self.try_pipeline(pipeline).await;
            }
        }
        let result = match tried.failed {
            None => Ok(()),
            Some((_, error)) if prepared::is_stale(&error) => Err(prepared::stale_in_transaction()),
            Some((sql, error)) => Err(self.explain(error, sql)),
        };
        Outcome {
            answers: tried.answers,
            result,
            ended: tried.ended,
        }
    }

    /// Whether BEGIN and COMMIT can be left out. Not where a script may have left a transaction open, which COMMIT is to end.
    fn is_one_statement(&self, pipeline: Pipeline<'_>) -> bool {
        (pipeline.before, pipeline.after) == (Some("BEGIN"), Some("COMMIT"))
            && pipeline.statements.len() == 1
            && !self.traffic().may_be_open()
    }

    async fn try_pipeline<'a>(&'a self, pipeline: Pipeline<'a>) -> Try<'a> {
        let Pipeline {
            before,
            statements,
            after,
            returned,
        } = pipeline;
        let alone = self.is_one_statement(pipeline);
        let begin = before.map(|sql| self.run_batch(sql, 1));
        let mut begin = pin!(maybe_done(OptionFuture::from(begin)));
        let mut begins = before.is_some() && !alone;
        if begins {
            start(begin.as_mut());
        }
        let mut watches: Vec<_> = statements.iter().map(|one| self.watch(one)).collect();
        // All are prepared before the first is run: one that waits for its preparation would be overtaken by those behind.
        let preparing = statements.iter().map(|one| self.prepare(one));
        let mut preparing = pin!(maybe_done(future::join_all(preparing)));
        let waits = !start(preparing.as_mut());
        for (at, watch) in watches.iter_mut().enumerate() {
            watch.round_trips = match (at, begins, waits) {
                (0, true, false) | (1.., ..) => 0,
                (0, true, true) | (0, false, false) => 1,
                (0, false, true) => 2,
            };
        }
        let prepared = finish(preparing).await;
        let mut tried = Try::default();
        if prepared.iter().any(Result::is_err) {
            if let (Some(sql), true) = (before, begins)
                && let Some(answer) = finish(begin).await
            {
                tried.note(sql, answer);
            }
            for ((statement, watch), one) in statements.iter().zip(watches).zip(prepared) {
                match one {
                    Ok(_) => watch.never_sent(),
                    Err(error) => {
                        watch.end(Err(&error));
                        tried.note::<()>(&statement.sql, Err(error));
                    }
                }
            }
            return tried;
        }

        let fits = prepared.iter().flatten().zip(returned).all(returns);
        if alone && !fits {
            start(begin.as_mut());
            begins = true;
        }
        let mut running = Vec::with_capacity(statements.len());
        let mut refused = false;
        for (one, statement) in prepared.into_iter().flatten().zip(statements) {
            let answer = async move { self.answer(&one, statement, Keep::Rows).await };
            let mut answer = Box::pin(maybe_done(answer));
            start(answer.as_mut());
            refused = matches!(*answer, MaybeDone::Done(Err(_)));
            running.push(answer);
            if refused {
                break;
            }
        }
        let after = after.filter(|_| fits && !refused);
        tried.ended = after.is_some();
        let end = after
            .filter(|_| !alone)
            .map(|sql| self.run_batch(sql, u32::from(statements.is_empty())));
        let mut end = pin!(maybe_done(OptionFuture::from(end)));
        start(end.as_mut());

        if let (Some(sql), true) = (before, begins)
            && let Some(answer) = finish(begin).await
        {
            tried.note(sql, answer);
        }
        let mut watches = watches.into_iter();
        for (one, statement) in running.iter_mut().zip(statements) {
            let answer = finish(one.as_mut()).await;
            if let Some(watch) = watches.next() {
                watch.answered(answer.as_ref());
            }
            if let Some(answer) = tried.note(&statement.sql, answer) {
                tried.answers.push(answer);
            }
        }
        watches.for_each(Watch::never_sent);
        if let Some(sql) = after
            && let Some(answer) = finish(end).await
        {
            tried.note(sql, answer);
        }
        tried
    }
}

impl<'a> Try<'a> {
    /// Keeps the first failure. What comes behind it in the transaction only says that there was one.
    pub(super) fn note<T>(&mut self, sql: &'a str, answer: DriverResult<T>) -> Option<T> {
        let error = match answer {
            Ok(answer) => return Some(answer).filter(|_| self.failed.is_none()),
            Err(error) => error,
        };
        let is_echo = |error: &tokio_postgres::Error| {
            error.code() == Some(&SqlState::IN_FAILED_SQL_TRANSACTION)
        };
        match &self.failed {
            Some((_, first)) if !is_echo(first) || is_echo(&error) => {}
            _ => self.failed = Some((sql, error)),
        }
        None
    }

    fn is_stale(&self) -> bool {
        self.failed
            .as_ref()
            .is_some_and(|(_, error)| prepared::is_stale(error))
    }
}

/// A future sends when it is polled first, so this sends, and does not wait. Whether it is done by then.
pub(super) fn start<F: Future>(future: Pin<&mut MaybeDone<F>>) -> bool {
    future.now_or_never().is_some()
}

/// Whether the first column of what a statement gives is of this type, where one is asked for.
fn returns((prepared, ty): (&tokio_postgres::Statement, &u32)) -> bool {
    let first = prepared.columns().first();
    *ty == 0 || first.is_some_and(|column| column.type_().oid() == *ty)
}

pub(super) async fn finish<F: Future>(mut started: Pin<&mut MaybeDone<F>>) -> F::Output {
    started.as_mut().await;
    let output = started.take_output();
    output.unwrap_or_else(|| unreachable!("it is finished once"))
}
