//! A cursor on the server: DECLARE, FETCH, CLOSE. A part of `link`. The rows of a streamed query, and those of a COPY, come through
//! [`arriving`], on a connection and on a session alike; a session's own cursors are fetched from in chunks.
//!
//! The rows of a FETCH are handed on as they come off the wire, so that no more of them is kept than the network has at hand.
//! The server computes all rows of a FETCH before it sends the first. So when a reader goes who has had one, what is left of
//! the FETCH is short and comes at once; when one goes who still waits, the server may be at work for long.
//!
//! CLOSE is sent and not waited for: whoever drops a stream cannot wait.

use futures_util::{FutureExt, StreamExt, TryStreamExt, stream};

use super::link::{Keep, Link};
use super::prepared;
use super::row_stream::RowStream;
use super::watch::Watch;
use super::{Connection, Transaction};
use crate::error::{Error, Result};
use crate::model::Row;
use crate::query::{Arriving, SqlText, Statement};

/// How many rows a stream asks for at a time.
pub(crate) const ROWS_A_FETCH: u32 = 1000;

/// The name of a stream's cursor. A stream borrows what it runs on, so there is one at a time.
pub(crate) const OF_STREAM: &str = "orm_stream";

/// A cursor that was declared.
pub(crate) struct ServerCursor {
    name: String,
    /// What declared it: errors of a FETCH are about that.
    declared: SqlText,
    fetch: Statement,
    /// The cursor has to be there for the server to say what a FETCH gives, so this is made by the first one. It is not
    /// shared: another cursor of this name has other columns.
    prepared: Option<tokio_postgres::Statement>,
    /// How many rows a FETCH asks for.
    rows: u32,
}

impl ServerCursor {
    /// Whether there may be more rows behind a FETCH that gave so many.
    pub(crate) fn goes_on(&self, rows: u64) -> bool {
        rows >= u64::from(self.rows)
    }
}

impl Link {
    /// Declares a cursor for a query, with `before` (BEGIN) sent ahead of it. It is of the open transaction, and `rows` are
    /// fetched at a time.
    pub(crate) async fn open_cursor(
        &self,
        before: Option<&str>,
        name: &str,
        rows: u32,
        query: Statement,
    ) -> Result<ServerCursor> {
        let declare = Statement {
            sql: format!("DECLARE {name} NO SCROLL CURSOR FOR {}", query.sql).into(),
            params: query.params,
        };
        match before {
            Some(before) => self.after(before, &declare).await.map(|_| ())?,
            None => self.execute(&declare).await.map(|_| ())?,
        }
        Ok(ServerCursor {
            name: name.to_owned(),
            declared: declare.sql,
            fetch: Statement::plain(format!("FETCH FORWARD {rows} FROM {name}")),
            prepared: None,
            rows,
        })
    }

    /// The next rows of a cursor; fewer than it fetches at a time, when they are at their end.
    pub(crate) async fn fetch_chunk(&self, cursor: &mut ServerCursor) -> Result<Vec<Row>> {
        let mut watch = self.watch(&cursor.fetch);
        let answer = async {
            let fetch = prepare_fetch(self, &cursor.fetch, &mut cursor.prepared, &mut watch);
            let fetch = fetch.await?;
            self.answer(&fetch, &cursor.fetch, Keep::Rows).await
        };
        let answer = answer.await;
        watch.answered(answer.as_ref());
        let answer = answer.map_err(|error| self.explain(error, &cursor.declared))?;
        Ok(answer.rows)
    }

    /// The same, as they arrive.
    async fn fetch_arriving(&self, cursor: &mut ServerCursor) -> Result<RowStream> {
        let mut watch = self.watch(&cursor.fetch).owned();
        let opened = async {
            let fetch = prepare_fetch(self, &cursor.fetch, &mut cursor.prepared, &mut watch);
            let fetch = fetch.await?;
            let rows = self.client().query_raw(&fetch, &cursor.fetch.params);
            Ok(rows.await?.map_ok(Row::new))
        };
        match opened.await {
            Ok(rows) => {
                let sql = cursor.declared.clone();
                Ok(RowStream::new(rows, watch, self.engine(), sql))
            }
            Err(error) => {
                watch.end(Err(&error));
                Err(self.explain(error, &cursor.declared))
            }
        }
    }

    /// Sends CLOSE, and does not wait. Nothing where the cursor is gone with its transaction.
    pub(crate) fn close_cursor(&self, name: &str) {
        if self.is_closed() || self.must_roll_back() || !self.in_transaction() {
            return;
        }
        let sql = format!("CLOSE {name}");
        let mut watch = Watch::start_text(self.engine(), self.traffic(), &sql);
        watch.round_trips = 0;
        // The first poll sends.
        match self.client().batch_execute(&sql).now_or_never() {
            Some(answer) => watch.end(answer.as_ref().map(|()| None)),
            None => watch.sent(),
        }
    }
}

/// The prepared form of a FETCH.
async fn prepare_fetch(
    link: &Link,
    fetch: &Statement,
    prepared: &mut Option<tokio_postgres::Statement>,
    watch: &mut Watch<'_>,
) -> Result<tokio_postgres::Statement, tokio_postgres::Error> {
    if let Some(prepared) = prepared {
        return Ok(prepared.clone());
    }
    watch.round_trips += 1;
    let made = prepared::prepare_anew(link.client(), fetch).await?;
    *prepared = Some(made.clone());
    Ok(made)
}

/// Who has the cursor whose rows arrive.
pub(crate) trait CursorHost: Send {
    /// The connection.
    fn link(&self) -> Result<&Link>;

    /// A FETCH failed.
    fn failed(&mut self, error: &Error);

    /// Whether the cursor stays behind in a transaction that goes on.
    fn is_left_open(&self) -> bool {
        true
    }

    /// All rows have been read.
    fn finish(self) -> impl Future<Output = Result<()>> + Send;
}

/// The rows of a statement, and then those that a cursor has behind them. Dropped before their end, the cursor is closed.
pub(crate) fn arriving<'a>(
    host: impl CursorHost + 'a,
    rows: Option<RowStream>,
    cursor: Option<ServerCursor>,
) -> Arriving<'a> {
    let reading = Box::new(Reading {
        host: Some(host),
        cursor,
        rows,
        fetched: 0,
    });
    Box::pin(stream::try_unfold(reading, |mut reading| async move {
        let row = reading.next().await?;
        Ok(row.map(|row| (row, reading)))
    }))
}

struct Reading<H: CursorHost> {
    /// Taken at the end.
    host: Option<H>,
    cursor: Option<ServerCursor>,
    /// Those of the statement that is being read.
    rows: Option<RowStream>,
    /// How many of them there were.
    fetched: u64,
}

impl<H: CursorHost> Reading<H> {
    async fn next(&mut self) -> Result<Option<Row>> {
        loop {
            let Some(host) = &mut self.host else {
                return Ok(None);
            };
            let rows = match (&mut self.rows, &mut self.cursor) {
                (Some(rows), _) => rows,
                (none, Some(cursor)) => {
                    let link = host.link()?;
                    let opened = link.fetch_arriving(cursor).await;
                    self.fetched = 0;
                    none.insert(opened.inspect_err(|error| host.failed(error))?)
                }
                (None, None) => return Ok(None),
            };
            match rows.next().await {
                Some(Ok(row)) => {
                    self.fetched += 1;
                    return Ok(Some(row));
                }
                Some(Err(error)) => {
                    host.failed(&error);
                    return Err(error);
                }
                None if self.goes_on() => self.rows = None,
                None => {
                    self.close();
                    if let Some(host) = self.host.take() {
                        host.finish().await?;
                    }
                    return Ok(None);
                }
            }
        }
    }

    fn goes_on(&self) -> bool {
        let cursor = self.cursor.as_ref();
        cursor.is_some_and(|cursor| cursor.goes_on(self.fetched))
    }

    fn close(&self) {
        if let (Some(host), Some(cursor)) = (&self.host, &self.cursor)
            && host.is_left_open()
            && let Ok(link) = host.link()
        {
            link.close_cursor(&cursor.name);
        }
    }
}

impl<H: CursorHost> Drop for Reading<H> {
    fn drop(&mut self) {
        // First what is left of a FETCH is given up, which CLOSE then stands behind.
        match self.rows.take() {
            // The server sends the first row of a FETCH when it has them all.
            Some(rows) if self.fetched > 0 && self.cursor.is_some() => rows.leave(),
            rows => drop(rows),
        }
        self.close();
    }
}

/// A connection's cursor: in a transaction of its own, which ends with the rows, or in the one that is open.
pub(super) enum Borrowed<'a> {
    Alone(Transaction<'a>),
    Within(&'a mut Connection),
}

impl CursorHost for Borrowed<'_> {
    fn link(&self) -> Result<&Link> {
        Ok(match self {
            Borrowed::Alone(transaction) => transaction.link(),
            Borrowed::Within(connection) => connection.link(),
        })
    }

    /// The link knows.
    fn failed(&mut self, _: &Error) {}

    fn is_left_open(&self) -> bool {
        matches!(self, Borrowed::Within(_))
    }

    async fn finish(self) -> Result<()> {
        match self {
            Borrowed::Alone(transaction) => transaction.commit().await,
            Borrowed::Within(_) => Ok(()),
        }
    }
}

impl Connection {
    /// Runs a SELECT by a cursor, and gives its rows as they arrive. A transaction is begun for it where none is open.
    pub(crate) async fn stream_by_cursor(&mut self, query: Statement) -> Result<Arriving<'_>> {
        if self.has_transaction() {
            let cursor = self.declare(query).await?;
            return Ok(arriving(Borrowed::Within(self), None, Some(cursor)));
        }
        let mut transaction = self.begin().await?;
        let cursor = transaction.declare(query).await?;
        Ok(arriving(Borrowed::Alone(transaction), None, Some(cursor)))
    }
}
