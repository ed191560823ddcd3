//! [`SessionOptions`] and [`Isolation`]: how a session behaves, and how its transactions begin.

use super::criteria::Criteria;
use super::hook_calls::HookSet;
use super::{Hooks, Info, PipelinedLoads, SessionEvents};
use crate::engine::Engine;
use crate::model::Model;

/// How a session behaves, and how its transactions begin.
///
/// ```
#[doc = include_str!("example_shop.txt")]
/// use orm_core::session::{Isolation, SessionOptions};
///
/// let options = SessionOptions::new().isolation(Isolation::RepeatableRead).read_only();
/// let mut report = engine.session_with(options);
/// assert_eq!(User::query().count(&mut report).await?, 2); // BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "testing"))] fn main() {}
/// ```
#[derive(Debug, Clone)]
pub struct SessionOptions {
    pub(super) autoflush: bool,
    isolation: Option<Isolation>,
    read_only: bool,
    deferrable: bool,
    pub(super) pipelined_loads: PipelinedLoads,
    pub(super) info: Info,
    pub(super) hooks: HookSet,
    pub(super) criteria: Criteria,
}

/// The isolation level of a transaction. SQLAlchemy: `isolation_level`.
///
/// ```
#[doc = include_str!("../guide/shop.txt")]
/// use orm_core::session::{Isolation, SessionOptions};
///
/// let mut db = engine.session_with(SessionOptions::new().isolation(Isolation::Serializable));
/// Tag::query().count(&mut db).await?;
/// assert!(log.take()[0].ends_with("ISOLATION LEVEL SERIALIZABLE"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isolation {
    /// Each statement sees what was committed before it: PostgreSQL's default.
    ReadCommitted,
    /// All statements see what was committed before the first.
    RepeatableRead,
    /// As if transactions ran one after the other; one that cannot is [`Error::Retryable`](crate::Error::Retryable).
    Serializable,
}

impl Default for SessionOptions {
    fn default() -> Self {
        SessionOptions {
            autoflush: true,
            isolation: None,
            read_only: false,
            deferrable: false,
            pipelined_loads: PipelinedLoads::Measured,
            info: Info::default(),
            hooks: HookSet::default(),
            criteria: Criteria::default(),
        }
    }
}

impl SessionOptions {
    /// Autoflush, the server's isolation level, reading and writing.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// use orm_core::session::SessionOptions;
    ///
    /// let mut db = engine.session_with(SessionOptions::new()); // as engine.session()
    /// # User::query().count(&mut db).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether queries flush what is pending before they read. On by default. SQLAlchemy: `autoflush`.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// use orm_core::session::SessionOptions;
    ///
    /// let mut db = engine.session_with(SessionOptions::new().autoflush(false));
    /// db.add(Tag::create().word("used"));
    /// assert_eq!(Tag::query().count(&mut db).await?, 2);
    /// db.flush().await?;
    /// assert_eq!(Tag::query().count(&mut db).await?, 3);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn autoflush(mut self, autoflush: bool) -> Self {
        self.autoflush = autoflush;
        self
    }

    /// The isolation level of the session's transactions. SQLAlchemy: `isolation_level`.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// use orm_core::session::{Isolation, SessionOptions};
    ///
    /// let options = SessionOptions::new().isolation(Isolation::RepeatableRead);
    /// let mut db = engine.session_with(options);
    /// let before = Tag::query().count(&mut db).await?; // BEGIN ISOLATION LEVEL REPEATABLE READ
    /// shop.elsewhere("INSERT INTO tags (word) VALUES ('used')").await?;
    /// assert_eq!(Tag::query().count(&mut db).await?, before);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn isolation(mut self, isolation: Isolation) -> Self {
        self.isolation = Some(isolation);
        self
    }

    /// Refuses writes: `READ ONLY`. A flush with anything to do is refused before it is sent. SQLAlchemy:
    /// `postgresql_readonly`.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// use orm_core::session::SessionOptions;
    ///
    /// let mut db = engine.session_with(SessionOptions::new().read_only());
    /// db.add(Tag::create().word("used"));
    /// assert!(matches!(db.flush().await, Err(orm_core::Error::Invalid { .. }))); // nothing was sent
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }

    /// Waits, with `SERIALIZABLE READ ONLY`, until the transaction can no longer fail: `DEFERRABLE`.
    /// SQLAlchemy: `postgresql_deferrable`.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// use orm_core::session::{Isolation, SessionOptions};
    ///
    /// let report = SessionOptions::new().isolation(Isolation::Serializable).read_only().deferrable();
    /// let mut db = engine.session_with(report);
    /// assert_eq!(User::query().count(&mut db).await?, 3); // BEGIN; SET TRANSACTION ISOLATION LEVEL SERIALIZABLE READ ONLY DEFERRABLE
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn deferrable(mut self) -> Self {
        self.deferrable = true;
        self
    }

    /// Whether the levels of load paths (`with(User::POSTS.then(Post::COMMENTS))`, `load`, `get(..).with(..)`) go out together
    /// with the query, in one round trip. Measured if not said otherwise: see [`PipelinedLoads`]. One query asks for it with
    /// [`pipelined`](crate::query::Query::pipelined).
    ///
    /// ```
    #[doc = include_str!("example_shop.txt")]
    /// use orm_core::session::{PipelinedLoads, SessionOptions};
    ///
    /// let mut db = engine.session_with(SessionOptions::new().pipelined_loads(PipelinedLoads::Always));
    /// let users = User::query().with(User::ORDERS.then(Order::ITEMS)).all(&mut db).await?; // BEGIN and three SELECTs at once
    /// let order = db.related(users[0], User::ORDERS)?[0];
    /// assert_eq!(db.related(order, Order::ITEMS)?.len(), 1);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    #[must_use]
    pub fn pipelined_loads(mut self, when: PipelinedLoads) -> Self {
        self.pipelined_loads = when;
        self
    }

    /// A value that every session begins with: see [`Info`]. SQLAlchemy: `info`.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// use orm_core::session::SessionOptions;
    ///
    /// #[derive(Clone)]
    /// struct Tenant(i32);
    ///
    /// let db = engine.session_with(SessionOptions::new().info(Tenant(3)));
    /// assert_eq!(db.info().get::<Tenant>().map(|tenant| tenant.0), Some(3));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn info<T: Clone + Send + Sync + 'static>(mut self, value: T) -> Self {
        self.info.insert(value);
        self
    }

    /// Hooks for the rows of a model: see [`Hooks`]. Those of one model run in the order in which they are named here.
    /// SQLAlchemy: `event.listen(Product, ..)`.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// use orm_core::session::{HookContext, Hooks, SessionOptions};
    ///
    /// struct Trimmed;
    ///
    /// impl Hooks<Tag> for Trimmed {
    ///     fn before_insert(&self, tag: &mut TagDraft, _: &mut HookContext<'_, Tag>) -> orm_core::Result<()> {
    ///         tag.word = tag.word.take().map(|word| word.trim().to_owned());
    ///         Ok(())
    ///     }
    /// }
    ///
    /// let mut db = engine.session_with(SessionOptions::new().hooks(Trimmed));
    /// let tag = db.insert(Tag::create().word(" used ")).await?;
    /// assert_eq!(db[tag].word, "used");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn hooks<M: Model>(mut self, hooks: impl Hooks<M>) -> Self {
        self.hooks.add_rows(hooks);
        self
    }

    /// Hooks for the session as a whole: see [`SessionEvents`]. SQLAlchemy: `event.listen(Session, ..)`.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// use orm_core::session::{SessionEvents, SessionOptions};
    ///
    /// struct Told;
    ///
    /// impl SessionEvents for Told {
    ///     fn after_commit(&self, db: &mut Session) {
    ///         *db.info_mut().get_or_default::<u32>() += 1;
    ///     }
    /// }
    ///
    /// let mut db = engine.session_with(SessionOptions::new().events(Told));
    /// db.add(Tag::create().word("used"));
    /// db.commit().await?;
    /// assert_eq!(db.info().get::<u32>(), Some(&1));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn events(mut self, events: impl SessionEvents) -> Self {
        self.hooks.add_events(events);
        self
    }

    /// Those that an engine has for its sessions.
    pub(super) fn of_engine(engine: &Engine) -> Self {
        let defaults = engine.session_defaults();
        defaults
            .and_then(|defaults| defaults.downcast_ref::<SessionOptions>())
            .cloned()
            .unwrap_or_default()
    }

    /// These, and what adds up of an engine's own.
    pub(super) fn beside_those_of(self, engine: &Engine) -> Self {
        let mut base = Self::of_engine(engine);
        base.info.extend(self.info);
        base.hooks.extend(self.hooks);
        base.criteria.extend(self.criteria);
        SessionOptions {
            info: base.info,
            hooks: base.hooks,
            criteria: base.criteria,
            ..self
        }
    }

    pub(super) fn is_read_only(&self) -> bool {
        self.read_only
    }

    /// Whether each statement sees what was committed before it. Where nothing was said the server has the last word.
    pub(super) fn may_be_read_committed(&self) -> bool {
        matches!(self.isolation, None | Some(Isolation::ReadCommitted))
    }

    pub(super) fn begin(&self) -> String {
        let mut sql = "BEGIN".to_owned();
        match self.isolation {
            None => {}
            Some(Isolation::ReadCommitted) => sql.push_str(" ISOLATION LEVEL READ COMMITTED"),
            Some(Isolation::RepeatableRead) => sql.push_str(" ISOLATION LEVEL REPEATABLE READ"),
            // A standby has no such level, and refuses it. Were it BEGIN that is refused, the statement that travels with it
            // would be run by itself, in no transaction; so it is refused in the transaction, which then has failed.
            Some(Isolation::Serializable) => {
                sql.push_str("; SET TRANSACTION ISOLATION LEVEL SERIALIZABLE");
            }
        }
        if self.read_only {
            sql.push_str(" READ ONLY");
        }
        if self.deferrable {
            sql.push_str(" DEFERRABLE");
        }
        sql
    }
}
