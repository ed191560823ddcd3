//! An answer whose rows are read while they come in: each is at hand when it is read, and gone before the next. What a query's
//! rows are read from, on a connection and on a session alike.
//!
//! It borrows nothing, so that whoever reads has its session to itself. A future that is dropped with one in it has given the
//! statement up, as one that waits for a whole answer has.

use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use futures_util::future::maybe_done;
use futures_util::{Stream, StreamExt};
use tokio_postgres::RowStream;

use super::Engine;
use super::link::Link;
use super::pipeline::{Try, finish, start};
use super::prepared;
use super::sizes::SizeOf;
use super::traffic::Boundary;
use super::watch::Watch;
use crate::error::{Error, Result};
use crate::model::Row;
use crate::query::{Incoming, Statement};

/// An answer that is coming in.
pub(crate) struct AnswerRows {
    rows: Pin<Box<RowStream>>,
    /// Taken at the end.
    watch: Option<Watch<'static>>,
    engine: Engine,
    size: SizeOf,
    expected: usize,
    came: usize,
    /// The row that was read last. Where an observer is to see the answer, those before it as well.
    read: Vec<Row>,
    keeps: bool,
}

/// Rows that have begun to come in, or an error and the text that it is about.
type Opened<'a> = Result<(Pin<Box<RowStream>>, Watch<'a>), (&'a str, tokio_postgres::Error)>;

impl Link {
    /// Sends a statement, with `before` (BEGIN ..) ahead of it if there is any, and gives its rows as they come in. Both have been
    /// taken by the server when this is done; what fails later is told by the rows.
    ///
    /// # Errors
    /// As [`Link::pipeline`], whose rules for statements that have grown stale hold.
    pub(crate) async fn open(
        &self,
        before: Option<&str>,
        statement: Statement,
    ) -> Result<AnswerRows> {
        let opens = |before| Boundary::of(before) == Boundary::Opens;
        // Nothing has happened yet that a second try would do twice.
        let begins = !self.in_transaction() && before.is_none_or(opens);
        let mut opened = self.try_open(before, &statement).await;
        if let Err((_, error)) = &opened
            && prepared::is_stale(error)
        {
            prepared::forget(self.client());
            if begins {
                if self.in_transaction() {
                    self.batch("ROLLBACK").await?;
                }
                opened = self.try_open(before, &statement).await;
            }
        }
        let (rows, watch) = opened.map_err(|(sql, error)| self.explain(error, sql))?;
        let watch = watch.released();
        let size = SizeOf::text(&statement.sql);
        Ok(AnswerRows {
            rows,
            watch: Some(watch.holding(statement)),
            engine: self.engine().clone(),
            expected: self.engine().inner.sizes.expected(size),
            size,
            came: 0,
            read: Vec::new(),
            keeps: !self.engine().settings().observers.is_empty(),
        })
    }

    /// Sends, and waits until the server has begun to answer.
    async fn try_open<'a>(
        &'a self,
        before: Option<&'a str>,
        statement: &'a Statement,
    ) -> Opened<'a> {
        match before {
            // Boxed, because rustc has a limit for futures within futures, of which this one is of many.
            Some(before) => Box::pin(self.open_behind(before, statement)).await,
            None => self.open_alone(statement).await,
        }
    }

    async fn open_behind<'a>(&'a self, before: &'a str, statement: &'a Statement) -> Opened<'a> {
        let mut begin = pin!(maybe_done(self.run_batch(before, 1)));
        start(begin.as_mut());
        let mut watch = self.watch(statement);
        let mut preparing = pin!(maybe_done(self.prepare(statement)));
        watch.round_trips = u32::from(!start(preparing.as_mut()));
        let mut opening = pin!(maybe_done(async {
            let prepared = finish(preparing).await?;
            let rows = self.client().query_raw(&prepared, &statement.params);
            rows.await.map(Box::pin)
        }));
        start(opening.as_mut());
        let mut tried = Try::default();
        tried.note(before, finish(begin).await);
        let opened = finish(opening).await;
        let refused = tried.failed.is_some();
        match opened {
            Ok(rows) if !refused => return Ok((rows, watch)),
            // Not in the transaction that it was meant for. Nobody reads it.
            Ok(rows) => watch.end(Ok(Some(rows.count().await as u64))),
            Err(error) => {
                watch.end(Err(&error));
                tried.note::<()>(&statement.sql, Err(error));
            }
        }
        let failed = tried.failed;
        Err(failed.unwrap_or_else(|| unreachable!("one of the two has failed")))
    }

    async fn open_alone<'a>(&'a self, statement: &'a Statement) -> Opened<'a> {
        let mut watch = self.watch(statement);
        let opened = async {
            let prepared = self.prepare_watched(statement, &mut watch).await?;
            self.client().query_raw(&prepared, &statement.params).await
        };
        match opened.await {
            Ok(rows) => Ok((Box::pin(rows), watch)),
            Err(error) => {
                watch.end(Err(&error));
                Err((&statement.sql, error))
            }
        }
    }
}

impl AnswerRows {
    /// The answer has come to its end.
    fn end(&mut self, failed: Option<tokio_postgres::Error>) -> Result<()> {
        let Some(watch) = self.watch.take() else {
            return Ok(());
        };
        let Some(error) = failed else {
            self.engine.inner.sizes.note(self.size, self.came);
            let count = self.rows.rows_affected().unwrap_or_default();
            watch.end_with(Ok(Some(count)), if self.keeps { &self.read } else { &[] });
            return Ok(());
        };
        let sql = watch.sql().to_owned();
        watch.end(Err(&error));
        let address = self.engine.pool().address();
        Err(Error::from_statement(error, &sql, address))
    }
}

impl Incoming for AnswerRows {
    fn poll_row(&mut self, context: &mut Context<'_>) -> Poll<Result<bool>> {
        if self.watch.is_none() {
            return Poll::Ready(Ok(false));
        }
        match ready!(self.rows.as_mut().poll_next(context)) {
            Some(Ok(row)) => {
                if !self.keeps {
                    self.read.clear();
                }
                self.read.push(Row::new(row));
                self.came += 1;
                Poll::Ready(Ok(true))
            }
            last => Poll::Ready(self.end(last.and_then(Result::err)).map(|()| false)),
        }
    }

    fn expected(&self) -> usize {
        self.expected
    }

    fn row(&self) -> &Row {
        let last = self.read.last();
        last.unwrap_or_else(|| unreachable!("`poll_row` has said that there is one"))
    }
}
