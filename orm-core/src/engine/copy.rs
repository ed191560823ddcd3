//! COPY FROM STDIN in PostgreSQL's binary format: rows go out in chunks as they are made, and the next ones are made when the
//! connection has room for them. A part of `link`; `query::copy` says where the rows come from.

use bytes::{BufMut, Bytes, BytesMut};
use futures_util::SinkExt;
use tokio_postgres::types::Type;

use super::link::Link;
use super::prepared;
use super::traffic::Boundary;
use super::watch::Watch;
use crate::error::{Error, Result};
use crate::query::{CopyRow, CopyRows};
use crate::types::put_as;

/// How much is gathered before it is sent.
const CHUNK: usize = 64 * 1024;

/// The signature, no flags, no extension.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

/// In place of a row's number of columns: there are no more rows.
const TRAILER: i16 = -1;

/// In place of a value's length.
const NULL: i32 = -1;

enum Failure {
    /// The server's or the driver's.
    Driver(tokio_postgres::Error),
    /// The rows themselves.
    Rows(Error),
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        Failure::Driver(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Rows(error)
    }
}

impl Link {
    /// Sends rows by COPY and gives their number.
    ///
    /// A future that is dropped halfway ends the COPY with a failure, as the driver does for a sink that was not finished,
    /// and nothing of it is kept.
    pub(crate) async fn copy_in(&self, rows: &mut CopyRows<'_>) -> Result<u64> {
        let sql = rows.sql();
        let watch = Watch::start_text(self.engine(), self.traffic(), &sql);
        match self.send_rows(&sql, rows).await {
            Ok(count) => {
                watch.end(Ok(Some(count)));
                Ok(count)
            }
            Err(Failure::Driver(error)) => {
                watch.end(Err(&error));
                Err(self.explain(error, &sql))
            }
            Err(Failure::Rows(error)) => {
                // The COPY has been given up, which the server knows by now or is about to learn. An answer to what comes
                // behind it says that it has.
                drop(watch);
                if self.client().batch_execute("").await.is_ok() {
                    self.traffic().done(Boundary::Inside);
                }
                Err(error)
            }
        }
    }

    async fn send_rows(&self, sql: &str, rows: &mut CopyRows<'_>) -> Result<u64, Failure> {
        // Not from the cache: a column whose type has changed since would be sent as what it was.
        let typed = prepared::prepare_anew(self.client(), &rows.typed()).await?;
        let types = typed.params();
        let sink = self.client().copy_in::<_, Bytes>(sql).await?;
        let mut sink = std::pin::pin!(sink);
        let mut chunk = BytesMut::with_capacity(CHUNK + CHUNK / 4);
        let mut value = BytesMut::new();
        chunk.put_slice(HEADER);
        while let Some(row) = rows.next().await? {
            put_row(&*row, rows, types, &mut value, &mut chunk)?;
            drop(row);
            if chunk.len() >= CHUNK {
                sink.send(chunk.split().freeze()).await?;
            }
        }
        chunk.put_i16(TRAILER);
        sink.send(chunk.freeze()).await?;
        Ok(sink.finish().await?)
    }
}

/// Appends a row: the number of its columns, and of each value its length and its bytes.
fn put_row(
    row: &dyn CopyRow,
    rows: &CopyRows<'_>,
    types: &[Type],
    value: &mut BytesMut,
    out: &mut BytesMut,
) -> Result<()> {
    let columns = rows.columns();
    // A table has up to 256 columns.
    out.put_i16(columns.len() as i16);
    for (at, ty) in columns.iter().zip(types) {
        let column = &rows.table().columns[*at as usize];
        let refuse = |why: &str| {
            Error::invalid(format!(
                "row {} for `{}` cannot be sent, column `{}`: {why}",
                rows.number(),
                rows.table().name,
                column.name
            ))
        };
        value.clear();
        if !row.encode(*at, value) {
            out.put_i32(NULL);
            continue;
        }
        let start = out.len();
        out.put_i32(0);
        put_as(column.ty, value, ty, out).map_err(|why| refuse(&why))?;
        let length = i32::try_from(out.len() - start - 4)
            .map_err(|_| refuse("the value is larger than 2 GB"))?;
        out[start..start + 4].copy_from_slice(&length.to_be_bytes());
    }
    Ok(())
}
