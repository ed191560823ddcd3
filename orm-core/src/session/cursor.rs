//! [`Cursor`]: the entities of a query in chunks; and the rows of a streamed one. Both stand on `engine::cursor`.
//!
//! The session keeps a list of the cursors that are open in its transaction. A cursor is alive as long as its owner has the other
//! half of `OpenCursor::alive`, so whoever drops one needs no session at hand: CLOSE goes ahead of the session's next
//! statement.

use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, Weak};

use super::Session;
use super::transaction::Phase;
use crate::engine::{CursorHost, Link, OF_STREAM, ROWS_A_FETCH, ServerCursor, arriving};
use crate::error::{Error, Result};
use crate::expr::{Select, Standalone};
use crate::model::{Row, RowReader};
use crate::query::{
    Arriving, Effect, Executor, LoadStep, Loads, Query, Running, Selection, Statement, ready,
    refuse_loads,
};

/// A cursor of the session's transaction.
#[derive(Debug)]
pub(super) struct OpenCursor {
    number: u32,
    /// How many savepoints there were when it was opened. With the last of them it is rolled back.
    depth: usize,
    /// Nobody has the other half: it is to be closed.
    alive: Weak<()>,
}

/// The rows of a query in chunks of entities: [`Query::cursor`]. SQLAlchemy: a result with `yield_per`.
///
/// ```
#[doc = include_str!("../guide/shop.txt")]
/// let mut cursor = Product::query().order_by(Product::ID).cursor(3); // nothing is sent yet
/// let first = cursor.next(&mut db).await?.expect("there are products");
/// let second = cursor.next(&mut db).await?.expect("there are four");
/// assert_eq!((first.len(), second.len(), cursor.next(&mut db).await?.is_none()), (3, 1, true));
/// # Ok(())
/// # }
/// ```
#[must_use = "rows are read by `cursor.next(&mut db).await`"]
pub struct Cursor<Sel> {
    place: Place,
    /// For messages.
    table: &'static str,
    types: PhantomData<fn() -> Sel>,
}

/// Where a cursor stands.
enum Place {
    /// Nothing was sent yet.
    Before {
        select: Box<Select>,
        loads: Vec<LoadStep>,
        size: u32,
    },
    Open(Box<Open>),
    /// All rows were read.
    End,
    /// A chunk failed, or its future was dropped.
    Broken,
}

struct Open {
    session: u32,
    epoch: u32,
    server: ServerCursor,
    loads: Loads,
    refresh: bool,
    alive: Arc<()>,
}

impl<Sel: Selection, Scope, G> Query<Sel, Scope, G> {
    /// A cursor over the query's rows: tracked entities in chunks of this size, to work through more of them than memory should
    /// hold. SQLAlchemy: `yield_per`. Sends nothing itself.
    ///
    /// ```
    #[doc = include_str!("example_shop.txt")]
    /// let mut cursor = Order::query().order_by(Order::ID).with(Order::ITEMS).cursor(2);
    /// let mut chunks = Vec::new();
    /// while let Some(orders) = cursor.next(&mut db).await? {
    ///     for order in &orders {
    ///         db[*order].total += 1;
    ///         assert_eq!(db.related(*order, Order::ITEMS)?.len(), 1);
    ///     }
    ///     chunks.push(orders.len());
    ///     db.flush().await?; // UPDATE of the chunk
    ///     for order in orders {
    ///         for item in db.related(order, Order::ITEMS)?.to_vec() {
    ///             db.expunge(item)?;
    ///         }
    ///         db.expunge(order)?; // what the session doesn't hold takes no memory
    ///     }
    /// }
    /// assert_eq!(chunks, [2, 1]);
    /// db.commit().await?;
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    /// The cursor is a value beside the session, which is free between two chunks. It is opened by the first
    /// [`next`](Cursor::next). A size of 0 is 1.
    ///
    /// `.with(..)` is loaded for each chunk: one statement a to-many level, also where a collection was to be joined, since
    /// its rows could lie in two chunks.
    pub fn cursor(self, size: u32) -> Cursor<Sel>
    where
        Scope: Standalone,
    {
        Cursor {
            table: self.select.from.table.name,
            place: Place::Before {
                select: Box::new(self.select),
                loads: self.loads,
                size: size.max(1),
            },
            types: PhantomData,
        }
    }
}

impl<Sel: Selection> Cursor<Sel> {
    /// The next chunk, of the cursor's size or, at the end, smaller; `None` when there are no more rows.
    ///
    /// Sends
    ///
    /// ```text
    /// DECLARE orm_cursor_1 NO SCROLL CURSOR FOR SELECT ..     -- the first time
    /// FETCH FORWARD 1000 FROM orm_cursor_1
    /// SELECT ..                                               -- for each to-many level of `.with(..)`
    /// ```
    ///
    /// and first a flush, if anything is pending. CLOSE goes with the session's next statement when all rows were read or the
    /// cursor was dropped.
    ///
    /// The rows are those that there were when the cursor was opened: what was written since, by this session too, is not in
    /// them. An entity that the session has keeps the values that it has in the session.
    ///
    /// The cursor belongs to the transaction in which it was opened. It goes on behind savepoints that began later, released or
    /// rolled back. It ends with `commit` and `rollback`, and when a savepoint is rolled back in which it was opened: the
    /// next call is an error then. To commit in between, read [pages](Query::page).
    ///
    /// # Errors
    /// [`Error::Invalid`] when the cursor ended with its transaction or savepoint, on another session than the first time, after a
    /// chunk that failed or whose future was dropped, and for `with_joined` of a collection; else as
    /// [`Query::all`].
    pub fn next<'a>(
        &'a mut self,
        db: &'a mut Session,
    ) -> Running<'a, Option<Vec<Sel::Row<Session>>>> {
        Running::new(async move {
            match &self.place {
                Place::Open(open) => {
                    if let Some(why) = db.has_lost(open) {
                        return Err(self.refuse(why));
                    }
                    db.before_read().await?;
                }
                Place::Before { .. } => {
                    db.before_read().await?;
                    db.reserve().await?;
                }
                Place::End | Place::Broken => {}
            }
            // What does not come to its end leaves the cursor behind as broken: nobody knows which row is next.
            let mut open = match std::mem::replace(&mut self.place, Place::Broken) {
                Place::Open(open) => open,
                Place::Before {
                    select,
                    loads,
                    size,
                } => {
                    let opened = db.open_cursor(*select, loads, size, Sel::IS_PLAIN).await;
                    // Of a query that cannot have a cursor nothing was sent.
                    db.reserved = None;
                    opened?
                }
                Place::End => {
                    self.place = Place::End;
                    return Ok(None);
                }
                Place::Broken => {
                    return Err(self.refuse(
                        "has failed, or the future of a chunk was dropped, and which row would be next is not known: begin \
                         again with a new one",
                    ));
                }
            };
            let rows = db.fetch_chunk(&mut open.server).await?;
            let goes_on = open.server.goes_on(rows.len() as u64);
            let found = db.read_chunk::<Sel>(&rows, &open).await?;
            self.place = match goes_on {
                true => Place::Open(open),
                false => Place::End,
            };
            Ok((!found.is_empty()).then_some(found))
        })
    }

    fn refuse(&self, why: &str) -> Error {
        Error::invalid(format!("the cursor of `{}` {why}", self.table))
    }
}

impl<Sel> fmt::Debug for Cursor<Sel> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = match &self.place {
            Place::Before { .. } => "not opened",
            Place::Open(_) => "open",
            Place::End => "at its end",
            Place::Broken => "broken",
        };
        f.debug_struct("Cursor")
            .field("of", &self.table)
            .field("place", &format_args!("{place}"))
            .finish()
    }
}

impl Session {
    async fn open_cursor(
        &mut self,
        mut select: Select,
        loads: Vec<LoadStep>,
        size: u32,
        plain: bool,
    ) -> Result<Box<Open>> {
        if plain && !loads.is_empty() {
            return Err(refuse_loads(&select, "leave out `.plain()`"));
        }
        let loads = Loads::of_chunks(&mut select, loads)?;
        let refresh = select.refresh || select.lock.is_some();
        let statement = ready(select, self).await?;
        // The lowest that is free, so that the texts stay few.
        let taken = |number: &u32| self.cursors.iter().any(|open| open.number == *number);
        let number = (1..).find(|number| !taken(number)).unwrap_or_default();
        let server = self.declare(&name(number), size, statement).await?;
        let alive = Arc::new(());
        self.cursors.push(OpenCursor {
            number,
            depth: self.undo.depth(),
            alive: Arc::downgrade(&alive),
        });
        Ok(Box::new(Open {
            session: self.id,
            epoch: self.epoch,
            server,
            loads,
            refresh,
            alive,
        }))
    }

    async fn read_chunk<Sel: Selection>(
        &mut self,
        rows: &[Row],
        cursor: &Open,
    ) -> Result<Vec<Sel::Row<Session>>> {
        self.read_mode(cursor.refresh);
        self.begin_loads(&cursor.loads)?;
        let mut found = Vec::with_capacity(rows.len());
        for row in rows {
            let mut reader = RowReader::new(row);
            found.push(Sel::read(self, &mut reader)?);
            self.joined_loads(&cursor.loads, &mut reader)?;
        }
        self.finish_loads(cursor.loads.clone()).await?;
        Ok(found)
    }

    /// Why a cursor cannot go on here, if so.
    fn has_lost(&self, cursor: &Open) -> Option<&'static str> {
        if cursor.session != self.id {
            return Some("belongs to another session: go on with the one on which it was opened");
        }
        if cursor.epoch != self.epoch {
            return Some(
                "ended with the transaction in which it was opened: a cursor does not outlive `commit` or `rollback`; to \
                 commit in between, read pages with `.page(..)`",
            );
        }
        let is_it = |open: &OpenCursor| open.alive.as_ptr() == Arc::as_ptr(&cursor.alive);
        if !self.cursors.iter().any(is_it) {
            return Some(
                "ended with the savepoint in which it was opened, which was rolled back: open it before the savepoint",
            );
        }
        None
    }

    async fn declare(
        &mut self,
        name: &str,
        rows: u32,
        statement: Statement,
    ) -> Result<ServerCursor> {
        self.ready().await?;
        let begin = self.take_connection().await?;
        self.count_statement();
        self.note_effect(Effect::MayHold);
        self.phase = Phase::Sending;
        let link = self.open_link()?;
        let opened = link.open_cursor(begin.as_deref(), name, rows, statement);
        let opened = opened.await;
        self.settle(opened)
    }

    async fn fetch_chunk(&mut self, cursor: &mut ServerCursor) -> Result<Vec<Row>> {
        self.ready().await?;
        self.phase = Phase::Sending;
        let rows = self.open_link()?.fetch_chunk(cursor).await;
        self.settle(rows)
    }

    /// Runs a SELECT by a cursor, and gives its rows as they arrive.
    pub(super) async fn stream_by_cursor(&mut self, statement: Statement) -> Result<Arriving<'_>> {
        let cursor = self.declare(OF_STREAM, ROWS_A_FETCH, statement).await?;
        Ok(arriving(self, None, Some(cursor)))
    }

    /// The rows of a SELECT by COPY.
    pub(super) async fn copy_rows_out(&mut self, select: Select) -> Result<Arriving<'_>> {
        self.begin_now().await?;
        self.phase = Phase::Sending;
        let rows = self.open_link()?.copy_out(&select).await;
        let rows = self.settle(rows)?;
        Ok(arriving(self, Some(rows), None))
    }

    /// Closes the cursors that nobody has any more. What is sent is not waited for.
    pub(super) fn close_dropped_cursors(&mut self) {
        if self
            .cursors
            .iter()
            .all(|open| open.alive.strong_count() > 0)
        {
            return;
        }
        let (kept, dropped): (Vec<_>, Vec<_>) = std::mem::take(&mut self.cursors)
            .into_iter()
            .partition(|open| open.alive.strong_count() > 0);
        self.cursors = kept;
        if let Ok(link) = self.open_link() {
            for open in dropped {
                link.close_cursor(&name(open.number));
            }
        }
    }

    /// A savepoint was rolled back, and the cursors that were opened in it are gone.
    pub(super) fn forget_cursors(&mut self, depth: usize) {
        self.cursors.retain(|open| open.depth <= depth);
    }

    /// A savepoint was released: what was opened in it belongs to what is around it.
    pub(super) fn keep_cursors(&mut self, depth: usize) {
        for open in &mut self.cursors {
            open.depth = open.depth.min(depth);
        }
    }
}

/// The name of a cursor on the server.
fn name(number: u32) -> String {
    format!("orm_cursor_{number}")
}

/// The session's part in a stream, which borrows it. Rows may be left unread at any time; nothing is wrong with the
/// transaction then.
impl CursorHost for &mut Session {
    fn link(&self) -> Result<&Link> {
        self.open_link()
    }

    fn failed(&mut self, error: &Error) {
        self.note_failure(error);
    }

    async fn finish(self) -> Result<()> {
        Ok(())
    }
}
