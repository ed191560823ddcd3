//! The engine: the only part of the crate that talks to the driver.
//!
//! It knows nothing of models, queries or sessions. It is given a [`Statement`](crate::query::Statement), sends it, and
//! hands rows back. From the address to a row:
//!
//! | file | what it is |
//! | --- | --- |
//! | `url` | `postgresql://..` as libpq reads it, into an `Address`; `url/parts` takes it apart, `url/options` knows what stands behind the `?` |
//! | `tls` | `sslmode` and certificates, for rustls (feature `tls`) |
//! | `dial` | opens one connection: tries the hosts, with TLS or without; `refusal` says in words why it did not work |
//! | `builder` | [`EngineBuilder`]: the pool's size and habits |
//! | `pool` | lends connections, and knows who has them; `client` is one of them |
//! | `link` | one borrowed connection: send a statement, get rows; under [`Connection`] and under the session |
//! | `pipeline` | statements that go out together, in one round trip |
//! | `watch` | one statement from sending to the end of its answer: tells the next two |
//! | `pace` | how long a round trip takes, and when letting the server repeat a query is less than that |
//! | `traffic` | what is known of a link's transaction, and of statements that were given up |
//! | `observe` | [`Observer`]: is told of every statement; [`StatementLog`] and `echo` are two |
//! | `n_plus_one` | [`NPlusOne`]: the warning of loops that read row by row |
//! | `triggers` | which tables have triggers that may change what is written, asked of the catalog |
//! | `prepared` | prepared statements: kept, bounded, forgotten when they have grown stale |
//! | `incoming` | an answer whose rows are read while they come in |
//! | `sizes` | how many rows a statement has given, so that there is room for as many |
//! | `row_stream` | rows as they arrive |
//! | `cursor` | cursors on the server: rows of a query as they arrive, or in chunks |
//! | `copy`, `copy_out` | rows into a table by binary COPY, in chunks; rows of a query by COPY |
//! | `connection`, `transaction` | [`Connection`] and [`Transaction`]: hand-written SQL, SQLAlchemy's Core level |
//! | `sql`, `named` | [`sql()`]: hand-written SQL, and its named parameters |

mod builder;
mod client;
mod connection;
mod copy;
mod copy_out;
mod cursor;
mod dial;
mod incoming;
mod link;
mod n_plus_one;
mod named;
mod observe;
mod pace;
mod pipeline;
mod plain;
mod pool;
mod prepared;
mod refusal;
mod row_stream;
mod sizes;
mod sql;
#[cfg(feature = "tls")]
mod tls;
mod traffic;
mod transaction;
mod triggers;
mod url;
mod watch;

use std::any::Any;
use std::fmt;
use std::sync::Arc;

pub use builder::EngineBuilder;
pub use connection::Connection;
pub(crate) use cursor::{CursorHost, OF_STREAM, ROWS_A_FETCH, ServerCursor, arriving};
pub(crate) use incoming::AnswerRows;
pub(crate) use link::Link;
pub use n_plus_one::{NPlusOne, NPlusOneCall, NPlusOnePlace, NPlusOneReport};
pub use observe::{Observer, StatementEvent, StatementLog};
pub(crate) use pace::Pace;
pub(crate) use pipeline::{Outcome, Pipeline};
pub use pool::PoolStatus;

use crate::error::Result;
use crate::model::Table;
use builder::Settings;
use pool::Pool;
use sizes::Sizes;
pub use sql::{BindValue, Sql, sql};
pub use transaction::Transaction;
pub use triggers::Rewritten;
pub(crate) use triggers::{Fires, Triggers};

/// A PostgreSQL database and the pool of connections to it. SQLAlchemy: `Engine`.
///
/// One is made when the program starts and lives as long as it; clones are cheap and are the same engine. Connections
/// are opened when they are needed, lent out, and come back when what borrowed them is dropped.
///
/// The pool belongs to the tokio runtime in which it was used first, because the tasks that read from its connections
/// run there. A program has one runtime and need not think of it. Tests do: each `#[tokio::test]` has a runtime of its
/// own, so each makes its own engine.
///
/// ```
#[doc = include_str!("guide/shop.txt")]
/// let engine = Engine::connect(shop.test.url()).await?;
/// let same = engine.clone(); // the same pool
/// assert!(format!("{same:?}").starts_with("Engine { database: ")); // which one and where, never the password
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
    /// The options of its sessions, which this layer does not know.
    session_defaults: Option<Arc<dyn Any + Send + Sync>>,
}

struct Inner {
    pool: Pool,
    settings: Settings,
    singles: n_plus_one::Counts,
    pace: Pace,
    sizes: Sizes,
    triggers: triggers::Known,
}

impl Engine {
    /// From how many statements of one kind and place on a session warns, if it does.
    pub(crate) fn warns_after(&self) -> Option<usize> {
        self.inner.settings.warn_n_plus_one
    }

    /// A statement was sent for one row. Tells the observers where it makes a loop that reads row by row.
    pub(crate) fn note_single(&self, one: NPlusOne) {
        if self
            .warns_after()
            .is_some_and(|limit| one.count == limit + 1)
        {
            n_plus_one::publish(&self.inner.settings.observers, &one);
        }
        self.inner.singles.note(one);
    }

    /// Which places of the program have read single rows since the engine was made, and how often: a table for the end of a
    /// test run or a day of development. Counted where [`warn_n_plus_one`](EngineBuilder::warn_n_plus_one) is on; empty
    /// where it is not. Sends nothing. SQLAlchemy has nothing like it; Ruby's `bullet` and Python's `nplusone` do.
    ///
    /// ```
    #[doc = include_str!("session/example_shop.txt")]
    /// # drop(db);
    /// # let engine = orm_core::engine::Engine::builder(test.url()).warn_n_plus_one(2).connect().await?;
    /// # let mut db = engine.session();
    /// for order in Order::query().all(&mut db).await? {
    ///     db.load(order, Order::ITEMS).await?; // three orders, three statements
    /// }
    /// let report = engine.n_plus_one_report();
    /// assert_eq!((report.places[0].model, report.places[0].statements), ("Order", 3));
    /// println!("{report}");
    /// // most in one  statements  transactions  call               place
    /// //           3           3             1  load Order::ITEMS  src/main.rs:9:8
    /// //              N+1: pass all of them at once before the loop, `db.load(&orders, Order::ITEMS)`, or ..
    /// # assert!(report.to_string().contains("load Order::ITEMS"));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    pub fn n_plus_one_report(&self) -> NPlusOneReport {
        self.inner
            .singles
            .report(self.warns_after().unwrap_or(usize::MAX))
    }

    /// Connects with the settings that [`Engine::builder`] begins with. SQLAlchemy: `create_engine(url)`.
    ///
    /// The address is a URL as libpq knows it; [`EngineBuilder`] lists what may stand in it. One connection is opened
    /// at once, so that a wrong address or password is known when the program starts and not at its first request. Sends
    /// no statement.
    ///
    /// ```
    #[doc = include_str!("guide/shop.txt")]
    /// let engine = Engine::connect(shop.test.url()).await?;
    /// assert_eq!(User::query().count(&mut engine.session()).await?, 3);
    ///
    /// let error = Engine::connect("postgresql://127.0.0.1:1/shop").await.unwrap_err();
    /// assert!(matches!(error, orm_core::Error::Connection { .. }));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Config`](crate::Error::Config) when the URL cannot be understood,
    /// [`Error::Connection`](crate::Error::Connection) when the server cannot be reached or refuses. Neither contains
    /// the password.
    pub async fn connect(url: &str) -> Result<Engine> {
        Engine::builder(url).connect().await
    }

    /// An engine with settings of its own. SQLAlchemy: `create_engine(url, ..)`.
    ///
    /// ```
    #[doc = include_str!("guide/shop.txt")]
    /// let engine = Engine::builder(shop.test.url()).pool_size(20).pool_pre_ping(true).connect().await?;
    /// assert_eq!(User::query().count(&mut engine.session()).await?, 3);
    /// # Ok(())
    /// # }
    /// ```
    pub fn builder(url: impl Into<String>) -> EngineBuilder {
        EngineBuilder::new(url.into())
    }

    /// How many connections there are, and what they do. SQLAlchemy: `engine.pool.status()`. Sends nothing.
    ///
    /// ```
    #[doc = include_str!("guide/shop.txt")]
    /// let conn = engine.acquire().await?;
    /// let status = engine.pool_status();
    /// assert_eq!((status.open - status.idle, status.waiting), (1, 0));
    /// drop(conn);
    /// # Ok(())
    /// # }
    /// ```
    pub fn pool_status(&self) -> PoolStatus {
        self.inner.pool.status()
    }

    /// Closes the connections that nobody has borrowed, lends no more, and lets those who wait fail.
    /// SQLAlchemy: `engine.dispose()`. Borrowed connections are closed when they come back. Sends nothing.
    ///
    /// ```
    #[doc = include_str!("guide/shop.txt")]
    /// engine.close();
    /// assert!(engine.acquire().await.is_err());
    /// # Ok(())
    /// # }
    /// ```
    pub fn close(&self) {
        self.inner.pool.close();
    }

    /// The same pool under another engine, which keeps something for the sessions that are made of it.
    pub(crate) fn with_session_defaults(&self, defaults: Arc<dyn Any + Send + Sync>) -> Engine {
        Engine {
            inner: Arc::clone(&self.inner),
            session_defaults: Some(defaults),
        }
    }

    /// What was kept for the sessions.
    pub(crate) fn session_defaults(&self) -> Option<&(dyn Any + Send + Sync)> {
        self.session_defaults.as_deref()
    }

    /// What is known of the way to the server; nothing where it is on this machine, behind a socket.
    pub(crate) fn pace(&self) -> Option<&Pace> {
        let far = self.pool().address().has_tcp_host();
        far.then_some(&self.inner.pace)
    }

    /// The triggers of a table, where they are known.
    pub(crate) fn triggers_of(&self, table: &'static Table) -> Option<Triggers> {
        self.inner.triggers.of(table)
    }

    /// Triggers have changed what a session was writing. Tells the observers.
    pub(crate) fn note_rewritten(&self, rewritten: &Rewritten) {
        triggers::publish(&self.inner.settings.observers, rewritten);
    }

    fn triggers(&self) -> &triggers::Known {
        &self.inner.triggers
    }

    fn pool(&self) -> &Pool {
        &self.inner.pool
    }

    fn settings(&self) -> &Settings {
        &self.inner.settings
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("database", &format_args!("{}", self.pool().address()))
            .field("pool", &self.pool_status())
            .finish_non_exhaustive()
    }
}
