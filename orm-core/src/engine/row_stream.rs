//! [`RowStream`]: rows as they arrive, one by one. Made by `link`.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::Stream;

use super::Engine;
use super::watch::Watch;
use crate::error::{Error, Result};
use crate::model::Row;

/// Rows as they arrive. It ends after an error.
pub(crate) struct RowStream {
    rows: Pin<Box<tokio_postgres::RowStream>>,
    /// Taken at the end.
    watch: Option<Watch<'static>>,
    engine: Engine,
    count: u64,
}

impl RowStream {
    pub(super) fn new(
        rows: tokio_postgres::RowStream,
        watch: Watch<'static>,
        engine: &Engine,
    ) -> Self {
        RowStream {
            rows: Box::pin(rows),
            watch: Some(watch),
            engine: engine.clone(),
            count: 0,
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
                Poll::Ready(Some(Ok(Row::new(row))))
            }
            Poll::Ready(Some(Err(error))) => {
                let sql = watch.sql().to_owned();
                watch.end(Err(&error));
                let error = Error::from_statement(error, &sql, this.engine.pool().address());
                Poll::Ready(Some(Err(error)))
            }
            Poll::Ready(None) => {
                watch.end(Ok(Some(this.count)));
                Poll::Ready(None)
            }
        }
    }
}
