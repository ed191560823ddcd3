//! [`RowStream`]: rows as they arrive, one by one. Made by `link`.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::Stream;

use super::Engine;
use super::link::DriverResult;
use super::watch::Watch;
use crate::error::{Error, Result};
use crate::model::Row;
use crate::query::SqlText;

/// Rows as they arrive. It ends after an error.
pub(crate) struct RowStream {
    rows: Pin<Box<dyn Stream<Item = DriverResult<Row>> + Send>>,
    /// Taken at the end.
    watch: Option<Watch<'static>>,
    engine: Engine,
    /// The statement, as errors name it.
    sql: SqlText,
    count: u64,
}

impl RowStream {
    pub(super) fn new(
        rows: impl Stream<Item = DriverResult<Row>> + Send + 'static,
        watch: Watch<'static>,
        engine: &Engine,
        sql: SqlText,
    ) -> Self {
        RowStream {
            rows: Box::pin(rows),
            watch: Some(watch),
            engine: engine.clone(),
            sql,
            count: 0,
        }
    }

    /// Reads no further, where what is left is on its way already: the server computes nothing any more.
    pub(super) fn leave(mut self) {
        if let Some(watch) = self.watch.take() {
            watch.sent();
        }
    }
}

impl Stream for RowStream {
    type Item = Result<Row>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        let Some(watch) = this.watch.take() else {
            return Poll::Ready(None);
        };
        match this.rows.as_mut().poll_next(context) {
            Poll::Pending => {
                this.watch = Some(watch);
                Poll::Pending
            }
            Poll::Ready(Some(Ok(row))) => {
                this.watch = Some(watch);
                this.count += 1;
                Poll::Ready(Some(Ok(row)))
            }
            Poll::Ready(Some(Err(error))) => {
                watch.end(Err(&error));
                let error = Error::from_statement(error, &this.sql, this.engine.pool().address());
                Poll::Ready(Some(Err(error)))
            }
            Poll::Ready(None) => {
                watch.end(Ok(Some(this.count)));
                Poll::Ready(None)
            }
        }
    }
}
