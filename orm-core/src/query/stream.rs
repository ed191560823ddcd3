//! [`Query::stream`]: the rows of a query as they arrive, by a cursor on the server.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::{Stream, StreamExt, TryStreamExt};

use super::{
    Arriving, Combined, Executor, Query, Running, Selection, Statement, lock, plain, render,
};
use crate::error::Result;
use crate::expr::{Select, Standalone};
use crate::model::RowReader;

/// Rows that arrive one by one: what [`Query::stream`] gives. It is a [`Stream`] too, and ends after an error.
/// SQLAlchemy: `AsyncScalarResult`, `AsyncResult`.
///
/// ```
#[doc = include_str!("../guide/shop.txt")]
/// use orm_core::query::RowsOfStream;
///
/// let mut words: RowsOfStream<'_, String> = Tag::query().select(Tag::WORD).stream(&mut db).await?;
/// while let Some(word) = words.try_next().await? {
///     println!("{word}");
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "rows arrive when they are asked for: `while let Some(row) = rows.try_next().await? { .. }`"]
pub struct RowsOfStream<'a, T> {
    rows: Pin<Box<dyn Stream<Item = Result<T>> + Send + 'a>>,
}

impl<'a, T> RowsOfStream<'a, T> {
    /// Reads rows into what a selection says, with entities as plain rows.
    pub(super) fn reading<Sel>(rows: Arriving<'a>) -> Self
    where
        Sel: Selection<PlainRow = T>,
    {
        let read = |row: Result<_>| Sel::read_plain(&mut RowReader::new(&row?));
        RowsOfStream {
            rows: Box::pin(rows.map(read)),
        }
    }

    /// The next row; `None` behind the last. [`Query::stream`] says when it sends a FETCH. As `TryStreamExt::try_next`, without that trait.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let mut tags = Tag::query().order_by(Tag::ID).stream(&mut db).await?;
    /// assert_eq!(tags.try_next().await?.expect("there are two").word, "new");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// What the server refuses while it computes the rows, and values that do not fit their types. There are no more rows then.
    pub async fn try_next(&mut self) -> Result<Option<T>> {
        self.rows.try_next().await
    }
}

impl<T> Stream for RowsOfStream<'_, T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.rows.as_mut().poll_next(context)
    }
}

impl<T> fmt::Debug for RowsOfStream<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowsOfStream").finish_non_exhaustive()
    }
}

impl<Sel: Selection, Scope, G> Query<Sel, Scope, G> {
    /// The rows as they arrive, in constant memory whatever their number. Entities are plain rows, on a session too: it keeps
    /// nothing of them. For tracked entities in chunks there is [`cursor`](Query::cursor).
    /// SQLAlchemy: `session.stream(..)`, `stream_results=True`.
    ///
    /// ```
    #[doc = include_str!("../session/example_shop.txt")]
    /// let mut orders = Order::query().order_by(Order::TOTAL).stream(&mut db).await?;
    /// let mut sum = 0;
    /// while let Some(order) = orders.try_next().await? { // an `Order`
    ///     sum += order.total;
    /// }
    /// assert_eq!(sum, 60);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    /// Sends
    ///
    /// ```text
    /// DECLARE orm_stream NO SCROLL CURSOR FOR SELECT ..
    /// FETCH FORWARD 1000 FROM orm_stream                  -- until it gives fewer
    /// CLOSE orm_stream                                    -- not waited for
    /// ```
    ///
    /// in the session's transaction, after a flush of what is pending, or in the connection's; a connection without one has
    /// BEGIN before and COMMIT behind it instead of CLOSE. Of a FETCH, rows are read off the network as they are asked for.
    ///
    /// A stream that is dropped before its end leaves everything usable: the cursor is closed, and what is left of the FETCH,
    /// fewer than 1000 rows, is thrown away before the next statement's answer. One that is dropped while it waits for a FETCH's
    /// first row (a timeout) leaves a server at work: the next statement waits for it; when the session or connection goes
    /// away instead, the FETCH is cancelled.
    ///
    /// The server plans a cursor's query to give its first rows soon (`cursor_tuple_fraction`), which may make the last one
    /// come later than [`all`](Query::all) would have it.
    ///
    /// # Errors
    /// What the server refuses, here or from the stream; [`Error::Invalid`](crate::Error::Invalid) for a query with
    /// `.with(..)`. A cursor cannot have a CTE that changes rows: the server says so.
    pub fn stream<X: Executor>(self, on: &mut X) -> Running<'_, RowsOfStream<'_, Sel::PlainRow>>
    where
        Scope: Standalone,
    {
        Running::new(async move {
            if !self.loads.is_empty() {
                return Err(plain::refuse_loads(&self.select, "use `.cursor(..)`"));
            }
            let statement = ready(self.select, on).await?;
            let rows = on.stream_rows(statement).await?;
            Ok(RowsOfStream::reading::<Sel>(rows))
        })
    }
}

impl<Sel: Selection> Combined<Sel> {
    /// The rows as they arrive, by the same statements as [`Query::stream`].
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let words = Tag::query().select(Tag::WORD).union(Category::query().select(Category::NAME));
    /// let mut words = words.stream(&mut db).await?;
    /// let mut letters = 0;
    /// while let Some(word) = words.try_next().await? {
    ///     letters += word.len();
    /// }
    /// assert_eq!(letters, 29);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`Query::stream`].
    pub fn stream<X: Executor>(self, on: &mut X) -> Running<'_, RowsOfStream<'_, Sel::PlainRow>> {
        self.free().stream(on)
    }
}

/// The statement of a query that is about to be read: a session flushes first, and adds its criteria.
pub(crate) async fn ready<X: Executor>(mut select: Select, on: &mut X) -> Result<Statement> {
    lock::check(&select)?;
    on.before_query().await?;
    on.restrict(&mut select);
    Ok(render::select(&select))
}
