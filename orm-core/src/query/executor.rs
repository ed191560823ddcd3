//! [`Executor`]: what a query runs on. A `Connection` gives plain rows, a `Session` tracked entities; both implement it
//! in the layers above. [`Running`] is what its caller awaits.

use std::future::poll_fn;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::Stream;

use super::{CopyRows, Loads, Statement};
use crate::error::Result;
use crate::expr::{Select, Write};
use crate::model::{Model, Row, RowReader, Table};

/// What a call gives that talks to the server: a future, to be awaited.
///
/// It is boxed so that its type holds nothing but the result. Of an `async fn`, whose type holds its arguments' types and
/// what is asked of them, rustc reports one wrong argument three times: at the call, at its future and at the `.await`.
/// One allocation beside a round trip to a server costs nothing that could be measured.
pub type Running<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// Rows that are handed on as they arrive.
pub type Arriving<'a> = Pin<Box<dyn Stream<Item = Result<Row>> + Send + 'a>>;

/// The rows of an answer that is coming in, read one by one: each is gone before the next.
#[doc(hidden)]
pub trait Incoming: Send {
    /// Waits for the next row; false when there is none.
    ///
    /// # Errors
    /// What the server refuses.
    fn poll_row(&mut self, context: &mut Context<'_>) -> Poll<Result<bool>>;

    /// A guess how many there will be, for those who make room.
    fn expected(&self) -> usize;

    /// The row that has come.
    ///
    /// # Panics
    /// Where none was announced.
    fn row(&self) -> &Row;
}

/// Reads rows to the last one. What is wrong with one ends the reading and not the answer, which has to come in whole. Gives what
/// became of the answer, for [`Executor::close_rows`], and of the reading.
pub(crate) async fn read_all(
    rows: &mut dyn Incoming,
    mut read: impl FnMut(&Row) -> Result<()> + Send,
) -> (Result<()>, Result<()>) {
    let mut reading = Ok(());
    loop {
        match poll_fn(|context| rows.poll_row(context)).await {
            Ok(true) if reading.is_ok() => reading = read(rows.row()),
            Ok(true) => {}
            Ok(false) => return (Ok(()), reading),
            Err(error) => return (Err(error), reading),
        }
    }
}

/// What a query runs on: a `&mut Session` (or a savepoint's guard), which gives `Handle<M>`s, or a `&mut Connection`,
/// which gives rows. Code that works on both is generic over it:
///
/// ```
/// use orm_core::prelude::*;
///
/// # #[derive(Model, Clone)] #[orm(table = "users")]
/// # struct User { #[orm(primary_key)] id: i32, name: String }
/// async fn names<X: Executor>(on: &mut X) -> orm_core::Result<Vec<String>> {
///     let users = User::query().order_by(User::NAME).all(on).await?;
///     Ok(users.iter().map(|user| on.row(user).name.clone()).collect())
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "a query cannot run on `{Self}`",
    label = "expected a session, a connection or a transaction",
    note = "from an engine: `&mut engine.session()`, or `&mut engine.acquire().await?`"
)]
pub trait Executor: Send {
    /// What an entity of `M` is here: a handle, or the row itself.
    type Entity<M: Model>: Send;

    /// Takes an entity off a row.
    ///
    /// # Errors
    /// [`Error::Decode`](crate::Error::Decode).
    fn entity<M: Model>(&mut self, row: &mut RowReader<'_>) -> Result<Self::Entity<M>>;

    /// So many rows with an entity of a model in each are about to be read.
    fn make_room<M: Model>(&mut self, rows: usize) {
        let _ = rows;
    }

    /// What must happen before a query reads: a session flushes what is pending (autoflush).
    fn before_query(&mut self) -> impl Future<Output = Result<()>> + Send;

    /// Sends a statement and gives its rows.
    fn fetch(&mut self, statement: Statement) -> impl Future<Output = Result<Vec<Row>>> + Send;

    /// Sends a statement whose rows are to be read while they come in. When the last has been read, or reading has failed,
    /// [`close_rows`](Executor::close_rows) is told.
    #[doc(hidden)]
    fn open_rows(
        &mut self,
        statement: Statement,
    ) -> impl Future<Output = Result<Box<dyn Incoming>>> + Send;

    /// What became of the rows that [`open_rows`](Executor::open_rows) gave: nothing, or the server's error.
    ///
    /// # Errors
    /// The same.
    #[doc(hidden)]
    fn close_rows(&mut self, end: Result<()>) -> Result<()> {
        end
    }

    /// Sends a SELECT and gives its rows as they arrive, by a cursor on the server.
    fn stream_rows(
        &mut self,
        statement: Statement,
    ) -> impl Future<Output = Result<Arriving<'_>>> + Send;

    /// Sends a statement and gives the number of rows that it changed.
    fn execute(&mut self, statement: Statement) -> impl Future<Output = Result<u64>> + Send;

    /// Runs an INSERT, UPDATE or DELETE and gives the number of rows that it wrote. A session brings the entities that it
    /// has loaded in step.
    fn write(&mut self, write: Write) -> impl Future<Output = Result<u64>> + Send;

    /// Runs a write that returns rows. A session may ask for more of each, behind what was asked for.
    fn write_rows(&mut self, write: &mut Write) -> impl Future<Output = Result<Vec<Row>>> + Send;

    /// Sends rows by COPY and gives their number. Nothing is tracked.
    fn copy_in(&mut self, rows: &mut CopyRows<'_>) -> impl Future<Output = Result<u64>> + Send;

    /// Sends what a SELECT gives by COPY, and gives its rows as they arrive.
    fn copy_out(&mut self, select: Select) -> impl Future<Output = Result<Arriving<'_>>> + Send;

    /// Sends a statement, gives its rows, and takes back whatever it did: by a savepoint, or by a transaction of its own where
    /// none is open.
    fn fetch_and_undo(
        &mut self,
        statement: Statement,
    ) -> impl Future<Output = Result<Vec<Row>>> + Send;

    /// The rows that [`write_rows`](Executor::write_rows) gave have been read, of each the first `own` columns: a session
    /// brings the entities that it has loaded in step.
    ///
    /// # Errors
    /// [`Error::Decode`](crate::Error::Decode).
    fn written(&mut self, write: &Write, own: usize, rows: &[Row]) -> Result<()>;

    /// Says how the rows of the next query are read: `refresh` lets them overwrite what is known of their entities, as
    /// rows that are locked must. Called before every query.
    fn read_mode(&mut self, refresh: bool);

    /// Adds what holds for every query here: a session's criteria. Called for every SELECT before it is rendered.
    fn restrict(&mut self, select: &mut Select) {
        let _ = select;
    }

    /// The same for an INSERT, UPDATE or DELETE that is looked at and not run. One that is run gets it from
    /// [`write`](Executor::write).
    fn restrict_write(&mut self, write: &mut Write) {
        let _ = write;
    }

    /// Is told of a query that is about to be fetched, and where in the program it is asked: a session counts, to warn of
    /// loops.
    fn note_query(
        &mut self,
        of: &'static Table,
        statement: &Statement,
        at: &'static Location<'static>,
    ) {
        let _ = (of, statement, at);
    }

    /// The row of an entity.
    ///
    /// # Panics
    /// On a session, as `db[handle]` does.
    fn row<'a, M: Model>(&'a self, entity: &'a Self::Entity<M>) -> &'a M;

    /// Prepares for the rows of a query that loads relationships with it.
    ///
    /// # Errors
    /// Where there is no place to keep them: on a plain connection.
    fn begin_loads(&mut self, loads: &Loads) -> Result<()>;

    /// Sends the statement of a query that loads relationships with it, and gives its rows. A session may send what is to be
    /// loaded along with it.
    fn fetch_leading(
        &mut self,
        statement: Statement,
        select: &Select,
        loads: &mut Loads,
    ) -> impl Future<Output = Result<Vec<Row>>> + Send {
        let _ = (select, loads);
        self.fetch(statement)
    }

    /// Takes the relationships that were joined to a row, behind the row's own columns, and says whether the row is one of
    /// the query's result: not where it only brings more members of a collection.
    ///
    /// # Errors
    /// [`Error::Decode`](crate::Error::Decode).
    fn joined_loads(&mut self, loads: &Loads, row: &mut RowReader<'_>) -> Result<bool>;

    /// Loads what is left, level by level.
    fn finish_loads(&mut self, loads: Loads) -> impl Future<Output = Result<()>> + Send;
}
