//! [`Executor`]: what a query runs on. A `Connection` gives plain rows, a `Session` tracked entities; both implement it
//! in the layers above. [`Running`] is what its caller awaits.

use std::future::poll_fn;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

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
///
/// And it is a struct around the box, because rustc proves at each `.await` that what stands there is a future: of this type
/// in one step, of a `Pin<Box<dyn Future<..>>>` in many.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::query::Running;
///
/// /// A function of one's own that gives what the calls of this crate give.
/// fn words(db: &mut Session) -> Running<'_, Vec<String>> {
///     Tag::query().select(Tag::WORD).all(db)
/// }
/// ```
#[must_use = "nothing is sent before it is awaited"]
pub struct Running<'a, T>(Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>);

impl<'a, T> Running<'a, T> {
    /// A future of one's own as one of these.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// use orm_core::query::Running;
    ///
    /// fn has_tags(db: &mut Session) -> Running<'_, bool> {
    ///     Running::new(async move { Ok(Tag::query().count(db).await? > 0) })
    /// }
    /// ```
    pub fn new(future: impl Future<Output = Result<T>> + Send + 'a) -> Self {
        Running(Box::pin(future))
    }
}

impl<T> std::fmt::Debug for Running<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Running")
    }
}

impl<T> Future for Running<'_, T> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<T>> {
        self.0.as_mut().poll(context)
    }
}

/// Rows that are handed on as they arrive.
///
/// ```
#[doc = include_str!("../guide/shop.txt")]
/// use orm_core::query::{Arriving, Executor, Statement};
///
/// let rows: Arriving<'_> = db.stream_rows(Statement::plain("SELECT id FROM users")).await?; // a `Stream` of `Row`s
/// # drop(rows);
/// # Ok(())
/// # }
/// ```
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
    // Rows that are here already are read at one go: nobody has to wait between them.
    let end = poll_fn(|context| {
        while ready!(rows.poll_row(context))? {
            if reading.is_ok() {
                reading = read(rows.row());
            }
        }
        Poll::Ready(Ok(()))
    });
    (end.await, reading)
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
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// use orm_core::model::RowReader;
    /// use orm_core::query::{Executor, Statement};
    ///
    /// let rows = db.fetch(Statement::plain("SELECT id, word FROM tags ORDER BY id")).await?;
    /// let tag: Handle<Tag> = db.entity(&mut RowReader::new(&rows[0]))?; // tracked; on a connection it is a `Tag`
    /// assert_eq!(db[tag].word, "new");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Decode`](crate::Error::Decode).
    fn entity<M: Model>(&mut self, row: &mut RowReader<'_>) -> Result<Self::Entity<M>>;

    /// So many rows with an entity of a model in each are about to be read.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// use orm_core::query::Executor;
    ///
    /// db.make_room::<Tag>(1000); // what `all` says before it reads so many
    /// # Ok(())
    /// # }
    /// ```
    fn make_room<M: Model>(&mut self, rows: usize) {
        let _ = rows;
    }

    /// What must happen before a query reads: a session flushes what is pending (autoflush).
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// use orm_core::query::Executor;
    ///
    /// db.add(Tag::create().word("used"));
    /// db.before_query().await?; // INSERT
    /// assert_eq!(log.count(), 2);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of a flush.
    fn before_query(&mut self) -> impl Future<Output = Result<()>> + Send;

    /// Sends a statement and gives its rows.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// use orm_core::query::{Executor, Statement};
    ///
    /// let rows = db.fetch(Statement::plain("SELECT id FROM users")).await?;
    /// assert_eq!((rows.len(), rows[0].name(0)), (3, "id"));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// What the server refuses.
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
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// use futures_util::TryStreamExt;
    /// use orm_core::query::{Executor, Statement};
    ///
    /// let mut rows = db.stream_rows(Statement::plain("SELECT id FROM users ORDER BY id")).await?;
    /// let first = rows.try_next().await?.expect("there are three");
    /// assert_eq!(first.get::<i32>(0)?, 1);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// What the server refuses.
    fn stream_rows(
        &mut self,
        statement: Statement,
    ) -> impl Future<Output = Result<Arriving<'_>>> + Send;

    /// Sends a statement and gives the number of rows that it changed.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// use orm_core::query::{Executor, Statement};
    ///
    /// assert_eq!(db.execute(Statement::plain("UPDATE products SET stock = 0")).await?, 4);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// What the server refuses.
    fn execute(&mut self, statement: Statement) -> impl Future<Output = Result<u64>> + Send;

    /// Runs an INSERT, UPDATE or DELETE and gives the number of rows that it wrote. A session brings the entities that it
    /// has loaded in step.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// use orm_core::expr::{Action, Selectable, Write};
    /// use orm_core::query::Executor;
    ///
    /// // What `OrderItem::query().delete().exec(&mut db)` comes to.
    /// let action = Action::Delete { using: Vec::new(), filters: Vec::new() };
    /// let delete = Write { table: OrderItem::table_ref(), action, returning: Vec::new(), unfiltered: false };
    /// assert_eq!(db.write(delete).await?, 5);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// What the server refuses. [`Error::Invalid`](crate::Error::Invalid) for what a session cannot bring in step.
    fn write(&mut self, write: Write) -> impl Future<Output = Result<u64>> + Send;

    /// Runs a write that returns rows. A session may ask for more of each, behind what was asked for.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// use orm_core::expr::{Action, Item, Selectable, Write};
    /// use orm_core::query::Executor;
    ///
    /// // What `OrderItem::query().delete().returning(OrderItem::ALL).all(&mut db)` comes to.
    /// let action = Action::Delete { using: Vec::new(), filters: Vec::new() };
    /// let returning = vec![Item::Whole(OrderItem::table_ref())];
    /// let mut delete = Write { table: OrderItem::table_ref(), action, returning, unfiltered: false };
    /// let rows = db.write_rows(&mut delete).await?;
    /// db.written(&delete, 5, &rows)?; // behind an item's five columns is what the session asked for
    /// assert_eq!(rows.len(), 5);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`write`](Executor::write).
    fn write_rows(&mut self, write: &mut Write) -> impl Future<Output = Result<Vec<Row>>> + Send;

    /// Sends rows by COPY and gives their number. Nothing is tracked.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// assert_eq!(Tag::copy_in([Tag::create().word("used")], &mut db).await?, 1); // who calls it
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// What the server refuses. [`Error::Invalid`](crate::Error::Invalid) for rows that do not have the same columns.
    fn copy_in(&mut self, rows: &mut CopyRows<'_>) -> impl Future<Output = Result<u64>> + Send;

    /// Sends what a SELECT gives by COPY, and gives its rows as they arrive.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// use futures_util::TryStreamExt;
    /// use orm_core::query::{Executor, Subquery};
    ///
    /// let tags = db.copy_out(Tag::query().into_select()).await?; // who calls it: `Tag::query().copy_out(&mut db)`
    /// assert_eq!(tags.try_collect::<Vec<_>>().await?.len(), 2);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// What the server refuses.
    fn copy_out(&mut self, select: Select) -> impl Future<Output = Result<Arriving<'_>>> + Send;

    /// Sends a statement, gives its rows, and takes back whatever it did: by a savepoint, or by a transaction of its own where
    /// none is open.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// use orm_core::query::{Executor, Statement};
    ///
    /// let gone = db.fetch_and_undo(Statement::plain("DELETE FROM order_items RETURNING id")).await?;
    /// assert_eq!((gone.len(), OrderItem::query().count(&mut db).await?), (5, 5));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// What the server refuses. The transaction goes on then.
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
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// use orm_core::query::Executor;
    ///
    /// db.read_mode(true); // what `.populate_existing()` and `.for_update()` ask for
    /// # Ok(())
    /// # }
    /// ```
    fn read_mode(&mut self, refresh: bool);

    /// Adds what holds for every query here: a session's criteria. Called for every SELECT before it is rendered.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// use orm_core::query::{Executor, Subquery};
    ///
    /// db.add_criteria::<Product>(Product::STOCK.gt(0).for_model());
    /// let mut select = Product::query().into_select();
    /// db.restrict(&mut select);
    /// assert_eq!(select.filters.len(), 1);
    /// # Ok(())
    /// # }
    /// ```
    fn restrict(&mut self, select: &mut Select) {
        let _ = select;
    }

    /// The same for an INSERT, UPDATE or DELETE that is looked at and not run. One that is run gets it from
    /// [`write`](Executor::write).
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// use orm_core::expr::{Action, Selectable, Write};
    /// use orm_core::query::Executor;
    ///
    /// db.add_criteria::<Product>(Product::STOCK.gt(0).for_model());
    /// let action = Action::Delete { using: Vec::new(), filters: Vec::new() };
    /// let mut delete = Write { table: Product::table_ref(), action, returning: Vec::new(), unfiltered: false };
    /// db.restrict_write(&mut delete);
    /// assert!(matches!(delete.action, Action::Delete { filters, .. } if filters.len() == 1));
    /// # Ok(())
    /// # }
    /// ```
    fn restrict_write(&mut self, write: &mut Write) {
        let _ = write;
    }

    /// Is told of a query that is about to be fetched, and where in the program it is asked: a session counts, to warn of
    /// loops.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// use orm_core::model::Model as _;
    /// use orm_core::query::Executor;
    ///
    /// let statement = Product::query().filter(Product::ID.eq(1)).statement();
    /// db.asked(Product::TABLE, &statement, std::panic::Location::caller()); // counted, where the engine warns of N+1
    /// # Ok(())
    /// # }
    /// ```
    fn asked(&mut self, of: &'static Table, statement: &Statement, at: &'static Location<'static>) {
        let _ = (of, statement, at);
    }

    /// The row of an entity.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// use orm_core::query::Executor;
    ///
    /// async fn first_word<X: Executor>(on: &mut X) -> orm_core::Result<Option<String>> {
    ///     let tag = Tag::query().order_by(Tag::ID).first(on).await?;
    ///     Ok(tag.map(|tag| on.row(&tag).word.clone())) // of a handle or of a row
    /// }
    /// assert_eq!(first_word(&mut db).await?.as_deref(), Some("new"));
    /// assert_eq!(first_word(&mut engine.acquire().await?).await?.as_deref(), Some("new"));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    /// On a session, as `db[handle]` does.
    fn row<'a, M: Model>(&'a self, entity: &'a Self::Entity<M>) -> &'a M;

    /// Prepares for the rows of a query that loads relationships with it.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// use orm_core::model::{Model as _, RowReader};
    /// use orm_core::query::{Executor, LoadPath, Loads, Subquery};
    ///
    /// // What `User::query().with(User::ORDERS).all(&mut db)` does.
    /// let q = User::query().order_by(User::ID);
    /// let mut loads = Loads { root: User::TABLE, joined: vec![], steps: vec![User::ORDERS.into_steps()], repeats: false, numbered: false };
    /// db.begin_loads(&loads)?;
    /// let rows = db.fetch_leading(q.statement(), &q.into_select(), &mut loads).await?;
    /// let mut users = Vec::new();
    /// for row in &rows {
    ///     let mut reader = RowReader::new(row);
    ///     let user = db.entity::<User>(&mut reader)?;
    ///     if db.joined_loads(&loads, &mut reader)? {
    ///         users.push(user);
    ///     }
    /// }
    /// db.finish_loads(loads).await?; // SELECT .. FROM orders
    /// assert_eq!(db.related(users[0], User::ORDERS)?.len(), 2);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Where there is no place to keep them: on a plain connection.
    fn begin_loads(&mut self, loads: &Loads) -> Result<()>;

    /// Sends the statement of a query that loads relationships with it, and gives its rows. A session may send what is to be
    /// loaded along with it.
    ///
    /// # Errors
    /// What the server refuses.
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
    ///
    /// # Errors
    /// What the server refuses.
    fn finish_loads(&mut self, loads: Loads) -> impl Future<Output = Result<()>> + Send;
}
