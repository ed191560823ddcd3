//! [`EngineBuilder`]: the pool's size and habits. [`Engine::builder`](super::Engine::builder) begins one.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use super::dial::Dialer;
use super::observe::{Echo, Observer};
use super::pool::Pool;
use super::sizes::Sizes;
use super::url::Address;
use super::{Engine, Inner, Link, Pace};
use crate::error::Result;

/// What the builder was told.
pub(super) struct Settings {
    pub(super) pool_size: usize,
    pub(super) max_overflow: usize,
    pub(super) pool_timeout: Option<Duration>,
    pub(super) pool_recycle: Option<Duration>,
    pub(super) pool_pre_ping: bool,
    pub(super) statement_cache: bool,
    pub(super) warn_n_plus_one: Option<usize>,
    pub(super) observers: Vec<Arc<dyn Observer>>,
}

/// Makes an [`Engine`]. The names and what they begin with are those of SQLAlchemy's `create_engine`.
///
/// # The URL
///
/// `postgresql://user:password@host:port/database?option=value&..`, as libpq reads it, with `postgres://` as another
/// spelling. Every part may be left out. Special characters in user, password and database are percent-encoded (`@` is
/// `%40`, `/` is `%2F`). Several hosts stand with commas between them and are tried in order; a host that begins with `/`,
/// written `%2Fvar%2Frun%2Fpostgresql` or given as `?host=/var/run/postgresql`, is the directory of a Unix socket; IPv6
/// stands in brackets.
///
/// | option | what it does |
/// | --- | --- |
/// | `host`, `hostaddr`, `port`, `user`, `password`, `dbname` | the same as the URL's parts |
/// | `sslmode` | `disable`, `allow`, `prefer` (without the option), `require`, `verify-ca`, `verify-full` |
/// | `sslrootcert` | a file of certificates to trust, or `system`; without it, those of the operating system |
/// | `sslcert`, `sslkey` | the client's certificate and key |
/// | `sslnegotiation`, `channel_binding` | as in libpq |
/// | `application_name` | shown in `pg_stat_activity` |
/// | `options` | settings for each connection: `-c statement_timeout=5s` |
/// | `connect_timeout` | seconds, for each host |
/// | `target_session_attrs` | `any`, `read-write`, `read-only`, `primary`, `standby` |
/// | `load_balance_hosts` | `disable`, `random` |
/// | `keepalives`, `keepalives_idle`, `keepalives_interval`, `keepalives_count`, `tcp_user_timeout` | as in libpq |
///
/// TLS needs the feature `tls`. `require` encrypts and believes any certificate, `verify-ca` checks who signed it,
/// `verify-full` also checks that it was made out to the host: over a network that one does not own, only `verify-full` is
/// enough.
///
/// ```
#[doc = include_str!("../guide/shop.txt")]
/// let engine = Engine::builder(shop.test.url()).pool_size(2).max_overflow(0).echo(true).connect().await?;
/// assert_eq!(User::query().count(&mut engine.session()).await?, 3);
/// # Ok(())
/// # }
/// ```
#[must_use = "a builder does nothing until `connect` is called"]
pub struct EngineBuilder {
    url: String,
    application_name: Option<String>,
    echo: Option<Echo>,
    settings: Settings,
}

impl EngineBuilder {
    pub(super) fn new(url: String) -> Self {
        EngineBuilder {
            url,
            application_name: None,
            echo: None,
            settings: Settings {
                pool_size: 5,
                max_overflow: 10,
                pool_timeout: Some(Duration::from_secs(30)),
                pool_recycle: None,
                pool_pre_ping: false,
                statement_cache: true,
                warn_n_plus_one: None,
                observers: Vec::new(),
            },
        }
    }

    /// How many connections the pool keeps open; 5 if not said. SQLAlchemy: `pool_size`.
    ///
    /// They are opened when they are needed first.
    ///
    /// ```
    /// use orm_core::Engine;
    ///
    /// let builder = Engine::builder("postgresql://localhost/shop").pool_size(20);
    /// ```
    pub fn pool_size(mut self, connections: usize) -> Self {
        self.settings.pool_size = connections;
        self
    }

    /// How many connections may be open beyond `pool_size` while they are in use; 10 if not said.
    /// SQLAlchemy: `max_overflow`.
    ///
    /// A connection that comes back while `pool_size` idle ones are there is closed.
    ///
    /// ```
    /// use orm_core::Engine;
    ///
    /// let builder = Engine::builder("postgresql://localhost/shop").pool_size(20).max_overflow(0);
    /// ```
    pub fn max_overflow(mut self, connections: usize) -> Self {
        self.settings.max_overflow = connections;
        self
    }

    /// How long to wait for a connection when all are in use, before [`Error::Timeout`](crate::Error::Timeout); 30 s if
    /// not said, `None` waits for ever. SQLAlchemy: `pool_timeout`.
    ///
    /// ```
    /// use orm_core::Engine;
    /// use std::time::Duration;
    ///
    /// let builder = Engine::builder("postgresql://localhost/shop").pool_timeout(Duration::from_secs(2));
    /// ```
    pub fn pool_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.settings.pool_timeout = timeout.into();
        self
    }

    /// Closes a connection of this age instead of lending it again, for firewalls and servers that cut old ones; never if
    /// not said. SQLAlchemy: `pool_recycle`.
    ///
    /// ```
    /// use orm_core::Engine;
    /// use std::time::Duration;
    ///
    /// let builder = Engine::builder("postgresql://localhost/shop").pool_recycle(Duration::from_secs(3600));
    /// ```
    pub fn pool_recycle(mut self, greatest_age: impl Into<Option<Duration>>) -> Self {
        self.settings.pool_recycle = greatest_age.into();
        self
    }

    /// Asks a connection for a sign of life before lending it, and takes another when there is none; off if not said.
    /// SQLAlchemy: `pool_pre_ping`.
    ///
    /// It costs a round trip for each borrowing. Without it, a connection that the server has closed in an orderly way
    /// is noticed too; one that was cut silently is met by the first statement.
    ///
    /// ```
    /// use orm_core::Engine;
    ///
    /// let builder = Engine::builder("postgresql://localhost/shop").pool_pre_ping(true);
    /// ```
    pub fn pool_pre_ping(mut self, on: bool) -> Self {
        self.settings.pool_pre_ping = on;
        self
    }

    /// Whether connections keep their prepared statements; on if not said. SQLAlchemy (asyncpg):
    /// `prepared_statement_cache_size`.
    ///
    /// Off is for poolers that give each transaction another server connection, such as PgBouncer before 1.21: each
    /// statement is then prepared, run and closed, with two round trips instead of one. Behind such a pooler statements
    /// should run in transactions, since outside of one the preparation and the run may reach different servers.
    ///
    /// ```
    /// use orm_core::Engine;
    ///
    /// let builder = Engine::builder("postgresql://localhost/shop").statement_cache(false);
    /// ```
    pub fn statement_cache(mut self, on: bool) -> Self {
        self.settings.statement_cache = on;
        self
    }

    /// The name of the program, shown in `pg_stat_activity`; it goes before the URL's.
    /// SQLAlchemy: `connect_args={"application_name": ..}`.
    ///
    /// ```
    /// use orm_core::Engine;
    ///
    /// let builder = Engine::builder("postgresql://localhost/shop").application_name("nightly report");
    /// ```
    pub fn application_name(mut self, name: impl Into<String>) -> Self {
        self.application_name = Some(name.into());
        self
    }

    /// Writes every statement to standard error with rows and time, without values. SQLAlchemy: `echo=True`, which shows
    /// values; here [`EngineBuilder::echo_values`] does.
    ///
    /// ```
    /// use orm_core::Engine;
    ///
    /// let builder = Engine::builder("postgresql://localhost/shop").echo(true);
    /// ```
    pub fn echo(mut self, on: bool) -> Self {
        self.echo = on.then_some(Echo { values: false });
        self
    }

    /// Writes every statement to standard error with its values, which may be secret. SQLAlchemy: `echo=True` with
    /// `hide_parameters=False`.
    ///
    /// ```
    /// use orm_core::Engine;
    ///
    /// let builder = Engine::builder("postgresql://localhost/shop").echo_values(true);
    /// ```
    pub fn echo_values(mut self, on: bool) -> Self {
        self.echo = on.then_some(Echo { values: true });
        self
    }

    /// Warns of N+1 patterns, for development: where one place in a program calls `db.load(handle, ..)`, `db.get(..)`,
    /// `db.refresh(handle)`, `db.count_of(handle, ..)`, `db.aggregate(..)` or `db.load_as(..)` for single rows, or asks one query with other values, and more than this many of these calls in
    /// one transaction send a statement. The warning names the model, the relationship, the place and the fix; it is a
    /// `tracing` event of level WARN, and [`Observer::n_plus_one`] is told. Once for each place and transaction. Off if not
    /// said, and then nothing is counted. What was counted is a table: [`Engine::n_plus_one_report`](super::Engine::n_plus_one_report).
    ///
    /// Queries with a LIMIT or a lock of their own and pages aren't counted: loops of them go through rows a few at a time on
    /// purpose.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let engine = Engine::builder(shop.test.url()).warn_n_plus_one(2).connect().await?;
    /// let mut db = engine.session();
    /// for order in Order::query().all(&mut db).await? {
    ///     db.load(order, Order::ITEMS).await?; // the third of these warns
    /// }
    /// assert_eq!(engine.n_plus_one_report().places[0].statements, 3);
    /// # Ok(())
    /// # }
    /// ```
    pub fn warn_n_plus_one(mut self, more_than: usize) -> Self {
        self.settings.warn_n_plus_one = Some(more_than);
        self
    }

    /// Tells every statement to an observer. May be called several times. SQLAlchemy: the event
    /// `after_cursor_execute`.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use orm_core::engine::{Engine, StatementLog};
    ///
    /// let log = StatementLog::new();
    /// let builder = Engine::builder("postgresql://localhost/shop").observe(Arc::new(log.clone()));
    /// ```
    pub fn observe(mut self, observer: Arc<dyn Observer>) -> Self {
        self.settings.observers.push(observer);
        self
    }

    /// Makes the engine and opens its first connection, so that mistakes show at once.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let engine = Engine::builder(shop.test.url()).pool_size(2).connect().await?;
    /// assert_eq!(engine.pool_status().open, 1);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Config`](crate::Error::Config) when the URL or a certificate cannot be understood,
    /// [`Error::Connection`](crate::Error::Connection) when the server cannot be reached or refuses.
    #[track_caller]
    pub fn connect(self) -> impl Future<Output = Result<Engine>> + Send {
        let at = Location::caller();
        async move {
            let engine = self.build()?;
            drop(Link::checkout(&engine, at).await?);
            Ok(engine)
        }
    }

    /// Makes the engine without opening a connection; the first is opened when one is needed.
    /// SQLAlchemy's `create_engine` does the same.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let engine = Engine::builder("postgresql://127.0.0.1:1/nowhere").build()?; // no connection yet
    /// assert_eq!(engine.pool_status().open, 0);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Config`](crate::Error::Config) when the URL or a certificate cannot be understood.
    pub fn build(mut self) -> Result<Engine> {
        if let Some(echo) = self.echo {
            self.settings.observers.push(Arc::new(echo));
        }
        let mut address = Address::parse(&self.url)?;
        if let Some(name) = self.application_name {
            address.set_application_name(name);
        }
        let pool = Pool::new(Dialer::new(address)?, &self.settings)?;
        Ok(Engine {
            session_defaults: None,
            inner: Arc::new(Inner {
                pool,
                settings: self.settings,
                pace: Pace::default(),
                sizes: Sizes::default(),
                triggers: super::triggers::Known::default(),
                singles: super::n_plus_one::Counts::default(),
            }),
        })
    }
}

/// Names the settings, and of the URL what errors name.
impl fmt::Debug for EngineBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("EngineBuilder");
        if let Ok(address) = Address::parse(&self.url) {
            shown.field("database", &format_args!("{address}"));
        }
        shown
            .field("pool_size", &self.settings.pool_size)
            .field("max_overflow", &self.settings.max_overflow)
            .field("pool_timeout", &self.settings.pool_timeout)
            .field("pool_recycle", &self.settings.pool_recycle)
            .field("pool_pre_ping", &self.settings.pool_pre_ping)
            .field("statement_cache", &self.settings.statement_cache)
            .finish_non_exhaustive()
    }
}

#[cfg(all(test, not(feature = "tls")))]
mod tests {
    use super::*;

    #[test]
    fn without_the_feature_tls_it_is_named() {
        for mode in ["require", "verify-ca", "verify-full"] {
            let url = format!("postgresql://ann:hush@db.example/shop?sslmode={mode}");
            let error = EngineBuilder::new(url)
                .build()
                .expect_err("there is no TLS");
            assert_eq!(
                error.to_string(),
                format!(
                    "sslmode={mode} for shop at db.example needs TLS, which this build leaves out: enable orm-core's \
                     feature `tls`"
                )
            );
        }
        for options in ["", "?sslmode=disable", "?sslmode=allow", "?sslmode=prefer"] {
            let url = format!("postgresql://db.example/shop{options}");
            EngineBuilder::new(url).build().expect("TLS is not needed");
        }
    }
}
