//! The [`Session`]: a unit of work over an identity map. SQLAlchemy: `Session`.
//!
//! The session owns the rows of a unit of work; a [`Handle`](crate::model::Handle) names one. Rows are read and changed as
//! plain structs, and what was changed is found by comparing at the flush. A flush goes through four steps with a plain
//! value between each, one file a step: find what changed (`change_set`), decide the actions and order them (`steps`, with
//! `crate::order`, which knows ids and edges only), write the statements (`statements`), and run them (`flush`).
//!
//! | file | what it is |
//! | --- | --- |
//! | `entity` | `db[handle]`, `peek`, `draft`, `state`: reading and changing entities |
//! | `unit` | `add`, `delete`, `expunge`, `apply`: what enters and leaves a unit of work |
//! | `expire` | `expire`: rows to be read again, and their unflushed changes given up |
//! | `expressions` | `set_expr`: values that the server computes at the flush |
//! | `graph` | what `add` does with a new entity and the new ones that it leads to |
//! | `json_shape`, `from_json` | `add_json`, `merge_json`, `apply_json`: graphs from JSON, and what it may set |
//! | `related` | `related`, `set`, `push`, `remove`: relationships in memory |
//! | `view` | `view`: reading along relationships |
//! | `computed` | values computed from rows, in Rust and in SQL, and whether the two agree |
//! | `links` | what `set` and `push` change: both sides, and the foreign key |
//! | `transaction` | `commit`, `rollback`: what is sent when |
//! | `written` | whether anything may have been written or locked in the open transaction |
//! | `savepoint` | `begin_nested`, and the guards that deref to the session |
//! | `options` | isolation level, read-only, autoflush; hooks and info for every session |
//! | `info` | [`Info`]: values of a program's own, at hand wherever the session is |
//! | `hooks` | [`Hooks`], [`SessionEvents`]: what users write to take part in a flush |
//! | `hook_calls` | when each hook runs |
//! | `advisory` | advisory locks |
//! | `closure` | `engine.transaction(..)`, `engine.transaction_retry(..)` |
//! | `execute` | queries on a session: autoflush, entities from rows, bulk writes |
//! | `cursor` | [`Cursor`]: entities in chunks; streams of rows |
//! | `by_key`, `rows_by_key` | `get` and `refresh`, with locks and loads; rows by their keys, for them and for merges |
//! | `merge` | values onto the entities of their keys |
//! | `detached` | [`Detached`]: rows outside of any session, and what else `merge` takes |
//! | `detach` | `detach`, `attach`: out of a session, and into another |
//! | `criteria` | conditions that every query of a model has |
//! | `load` | `load`: relationships of entities that are there |
//! | `loader` | relationships from the database, level by level |
//! | `load_joined` | relationships that come with the rows of a statement |
//! | `load_tree` | a relationship of a model to itself, followed to its end |
//! | `singles` | counts statements for single rows, to warn of N+1 patterns |
//! | `load_values` | `count_of`, `aggregate`, `load_as`: of related rows without their entities |
//! | `load_sql` | the statements of loaders |
//! | `ahead` | levels of a load path that go out together with the query, where that pays |
//! | `cascade` | what a delete takes with it, orphans |
//! | `replaced` | `has_one` that were set before it was known what they led to |
//! | `spared` | a delete that is taken back, with what it has taken along |
//! | `change_set` | what a flush has to do, found in what was touched |
//! | `plan` | [`Plan`]: the steps of a flush, which can be printed |
//! | `steps` | deciding the steps and their order |
//! | `parking` | what a unique column holds while its value is moved aside |
//! | `statements` | a step's SQL |
//! | `matching` | which returned row belongs to which entity |
//! | `flush` | running a plan |
//! | `shortfall` | what it means that a statement changed fewer rows than it was sent for |
//! | `triggers` | what triggers have made of rows that were written |
//! | `new_keys` | keys that were changed, and the loaded rows that follow |
//! | `together` | which of its steps go out together, and whether COMMIT goes with them |
//! | `judged` | statements whose answers the server judges, since COMMIT goes with them |
//! | `too_long` | which text was too long for its column |
//! | `history` | `changes`: what was changed of an entity, with what was there before |
//! | `debug_view` | `debug_view`: what is in the session, as text |
//! | `undo` | the undo log: what rollback puts back |
//! | `undo_view` | `undo_view`: the undo log as text |
//! | `arena`, `store`, `drafts`, `slots`, `key`, `state` | where entities are kept: rows, drafts, heads, the identity map |
//! | `copies`, `kept` | what rows were before they were changed, and which of these each is compared with |
//! | `hash` | the hasher of maps by keys and handles |
//! | `collection`, `link_rows`, `set_links` | what is known of a to-many relationship; many-to-many links to be written; `belongs_to` that were set |

mod advisory;
mod ahead;
mod arena;
mod by_key;
mod cascade;
mod change_set;
mod closure;
mod collection;
mod computed;
mod copies;
mod criteria;
mod cursor;
mod debug_view;
mod detach;
mod detached;
mod drafts;
mod entity;
mod execute;
mod expire;
mod expressions;
mod flush;
#[cfg(feature = "json")]
mod from_json;
mod graph;
mod hash;
mod history;
mod hook_calls;
mod hooks;
mod info;
#[cfg(feature = "json")]
mod json_shape;
mod judged;
mod kept;
mod key;
mod key_map;
mod link_rows;
mod links;
mod load;
mod load_joined;
mod load_sql;
mod load_tree;
mod load_values;
mod loader;
mod matching;
mod merge;
mod new_keys;
mod options;
mod parking;
mod plan;
mod related;
mod replaced;
mod rows_by_key;
mod same;
mod savepoint;
mod set_links;
mod shortfall;
mod singles;
mod slots;
mod spared;
mod state;
mod statements;
mod steps;
mod store;
mod together;
mod too_long;
mod transaction;
mod triggers;
mod undo;
mod undo_view;
mod unit;
mod view;
mod written;

use std::fmt;
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

pub use advisory::LockKey;
pub use ahead::PipelinedLoads;
pub use arena::arena;
pub use by_key::{Columns, Get, IntoKey, Refresh};
pub use closure::{RetryFn, TransactionFn};
pub use computed::{Computed, Disagreement};
pub use cursor::Cursor;
pub use debug_view::DebugView;
pub use detached::{Branch, Detached, Mergeable, Partial};
pub use history::{Change, FieldChange, History, LinkChange, NewValue};
pub use hooks::{HookContext, Hooks, Problems, SessionEvents};
pub use info::Info;
#[cfg(feature = "json")]
pub use json_shape::JsonShape;
pub use load::Loadable;
pub use options::{Isolation, SessionOptions};
pub use plan::{Plan, Step, StepKind};
pub use savepoint::{Nested, NoAutoflush};
pub use state::State;
pub use undo_view::UndoView;
pub use view::{View, ViewShape};

use self::arena::Arena;
use self::criteria::Criteria;
use self::hash::{FastMap, FastSet};
use self::hook_calls::HookSet;
use self::link_rows::{LinkRow, LinkRows};
use self::set_links::SetLinks;
use self::slots::Slots;
use self::spared::TakenAlong;
use self::store::Store;
use self::transaction::Phase;
use self::undo::UndoLog;
use crate::engine::{Engine, Link};
use crate::model::{Model, RawHandle, RelationInfo, Table};
use crate::query::Effect;

/// A unit of work: an identity map, change tracking, and one transaction at a time. SQLAlchemy: `Session`.
///
/// `engine.session()` makes one and takes no connection: the first statement does, and begins a transaction; `commit`
/// and `rollback` end it and give the connection back. A session dropped in a transaction is rolled back at once.
///
/// ```
#[doc = include_str!("session/example_shop.txt")]
/// let ann = User::query().filter(User::NAME.eq("Ann")).one(&mut db).await?;
/// db[ann].name = "Anna".to_owned(); // a plain struct; the flush finds out what differs
/// let order = db.add(Order::create().total(12).user(ann));
/// db.commit().await?;
/// println!("order {} of {}", db[order].id, db[ann].name);
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "testing"))] fn main() {}
/// ```
///
/// A session is used by one task at a time (every statement takes `&mut self`) and is `Send`.
///
/// # Which statements go out
///
/// | call | sends |
/// | --- | --- |
/// | `add`, `delete`, `set`, `push`, `db[handle]`, `plan`, `expire`, `expunge` | nothing |
/// | a query, `load`, `refresh` | a flush of what is pending, then its own |
/// | `get` | nothing for a row of this transaction that is in memory, else one SELECT |
/// | `flush` | one statement for each batch of rows of one table with the same columns; nothing where nothing differs |
/// | `commit` | a flush and COMMIT; the flush alone where that is one statement and no transaction is open; nothing where nothing is to be done |
/// | `rollback` | ROLLBACK; nothing where no transaction is open |
/// | `begin_nested`, its `commit`, its `rollback` | a flush and SAVEPOINT, RELEASE SAVEPOINT, ROLLBACK TO SAVEPOINT |
///
/// BEGIN travels with the first statement of a transaction, and COMMIT with the last of a flush where it can. Statements of a
/// flush that don't need one another's answers go out together. A unit of work that is one statement is sent without BEGIN and
/// COMMIT, since PostgreSQL makes a transaction of it by itself. So `add` and `commit` of rows of one model
/// are one round trip, and `get`, a change, and `commit` are two. What a query loads with it goes out together with it where
/// that is asked for ([`pipelined`](crate::query::Query::pipelined)) or measured to pay ([`PipelinedLoads`]).
///
/// # When something fails
///
/// An error of the server ends what can be done in a transaction: every call gives [`Error::RollbackRequired`], which
/// names the first cause, until [`rollback`](Session::rollback). Then memory is what it was when the transaction began,
/// and the session goes on. The same holds for a future that was dropped before it finished. Behind a savepoint, rolling
/// back the savepoint is enough.
///
/// [`Error::RollbackRequired`]: crate::Error::RollbackRequired
pub struct Session {
    id: u32,
    engine: Engine,
    options: SessionOptions,
    /// Who made the session, for the message when the pool runs out.
    made_at: &'static Location<'static>,
    /// The connection, while a transaction is open.
    link: Option<Link>,
    /// A connection that was taken for a transaction which the next statement begins.
    reserved: Option<Link>,
    phase: Phase,
    /// Whether a flush is under way, or was when its future was dropped.
    is_flushing: bool,
    /// Whether the last failure was a serialization failure or a deadlock.
    lost: bool,
    /// What was done in the transaction at most.
    effect: Effect,
    /// The cursors of the transaction.
    cursors: Vec<cursor::OpenCursor>,
    arenas: Vec<Box<dyn Store>>,
    arena_of: FastMap<usize, u16>,
    /// The tables of the first arenas, which are those of most sessions: asked for each row that is read.
    first_tables: Vec<usize>,
    undo: UndoLog,
    /// Counts transactions: a row of an earlier one is stale.
    epoch: u32,
    autoflush: bool,
    /// Relationships that were set since the last flush, whose foreign keys are copied at the next.
    set_links: SetLinks,
    /// Expressions that the next flush lets the server compute.
    expressions: expressions::Expressions,
    /// Many-to-many links that were added (true) or removed (false) since the last flush.
    link_rows: LinkRows,
    /// Children that were taken out of a parent that deletes its orphans.
    orphans: Vec<(RawHandle, &'static RelationInfo)>,
    taken_along: TakenAlong,
    /// Entities whose `has_one` was set before it was known what it led to: the next flush finds out.
    replaced: replaced::Replaced,
    /// Entities whose DELETE was sent in this transaction.
    gone: Vec<RawHandle>,
    /// Entities with rows that were taken out: what holds one of them is not known any more.
    expunged: FastSet<RawHandle>,
    /// Whether the rows of the query that is read overwrite what is known: those of a locking query do.
    refresh_rows: bool,
    /// What a query that loads relationships collects while its rows are read.
    loading: Option<load_joined::Loading>,
    /// What is known while a load path is followed.
    ahead: ahead::Ahead,
    /// Counts statements for single rows, where the engine warns of loops that send them.
    singles: Option<Box<singles::Singles>>,
    /// Values of the program's own.
    info: Info,
    hooks: Arc<HookSet>,
    criteria: Criteria,
    /// What hooks want to be added.
    hook_queue: hooks::Queue,
}

/// Of how many tables the arenas are found by looking through a list.
const FIRST_TABLES: usize = 8;

static SESSIONS: AtomicU32 = AtomicU32::new(1);

impl Engine {
    /// A new session, with the options of [`with_sessions`](Engine::with_sessions). It takes no connection until its first
    /// statement.
    ///
    /// ```
    #[doc = include_str!("guide/shop.txt")]
    /// let mut db = engine.session();
    /// assert!(!db.in_transaction()); // no connection yet
    /// User::query().count(&mut db).await?;
    /// assert!(db.in_transaction());
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn session(&self) -> Session {
        let options = SessionOptions::of_engine(self);
        Session::new(self.clone(), options, Location::caller())
    }

    /// A new session with options: isolation level, read-only, autoflush. The engine's hooks, criteria and info, those of
    /// [`with_sessions`](Engine::with_sessions), are there as well.
    ///
    /// ```
    #[doc = include_str!("guide/shop.txt")]
    /// use orm_core::session::SessionOptions;
    ///
    /// let mut db = engine.session_with(SessionOptions::new().autoflush(false));
    /// db.add(Tag::create().word("used"));
    /// assert_eq!(Tag::query().count(&mut db).await?, 2); // the new one was not sent
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn session_with(&self, options: SessionOptions) -> Session {
        let options = options.beside_those_of(self);
        Session::new(self.clone(), options, Location::caller())
    }

    /// A new session that reads and does not write: its transactions are READ ONLY, and a flush with anything to do is refused
    /// before it is sent. SQLAlchemy: `postgresql_readonly`.
    ///
    /// ```
    #[doc = include_str!("session/example_shop.txt")]
    /// let mut db = engine.read_only_session();
    /// let ann = db.get::<User>(1).await?.expect("the row is there"); // BEGIN READ ONLY, SELECT ..
    /// db[ann].name = "Anna".to_owned();
    /// assert!(matches!(db.flush().await, Err(orm_core::Error::Invalid { .. }))); // nothing was sent
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    #[track_caller]
    pub fn read_only_session(&self) -> Session {
        let options = SessionOptions::of_engine(self).read_only();
        Session::new(self.clone(), options, Location::caller())
    }

    /// The same engine, on the same pool, for whose sessions these options hold: those of
    /// [`session`](Engine::session) and [`transaction`](Engine::transaction). SQLAlchemy: `sessionmaker(engine, ..)`.
    ///
    /// Where a session is made with options of its own (`session_with`, `transaction_retry`), hooks, criteria and info add up, and
    /// the rest is what those options say.
    ///
    /// ```
    #[doc = include_str!("session/example_shop.txt")]
    /// use orm_core::session::SessionOptions;
    ///
    /// #[derive(Clone)]
    /// struct Tenant(i32);
    ///
    /// let engine = engine.with_sessions(SessionOptions::new().info(Tenant(3)));
    /// assert_eq!(engine.session().info().get::<Tenant>().unwrap().0, 3);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    #[must_use = "the engine itself stays as it is"]
    pub fn with_sessions(&self, options: SessionOptions) -> Engine {
        self.with_session_defaults(Arc::new(options))
    }
}

impl Session {
    fn new(
        engine: Engine,
        mut options: SessionOptions,
        made_at: &'static Location<'static>,
    ) -> Self {
        let info = std::mem::take(&mut options.info);
        let criteria = std::mem::take(&mut options.criteria);
        let hooks = Arc::new(std::mem::take(&mut options.hooks));
        let singles = engine.warns_after().map(|_| Box::default());
        Session {
            id: SESSIONS.fetch_add(1, Ordering::Relaxed),
            engine,
            autoflush: options.autoflush,
            options,
            made_at,
            link: None,
            reserved: None,
            phase: Phase::Idle,
            is_flushing: false,
            lost: false,
            effect: Effect::Reads,
            cursors: Vec::new(),
            arenas: Vec::new(),
            arena_of: FastMap::default(),
            first_tables: Vec::new(),
            undo: UndoLog::default(),
            epoch: 1,
            set_links: SetLinks::default(),
            expressions: expressions::Expressions::default(),
            link_rows: LinkRows::default(),
            orphans: Vec::new(),
            taken_along: TakenAlong::default(),
            replaced: replaced::Replaced::default(),
            gone: Vec::new(),
            expunged: FastSet::default(),
            refresh_rows: false,
            loading: None,
            ahead: ahead::Ahead::default(),
            singles,
            info,
            hooks,
            criteria,
            hook_queue: Vec::new(),
        }
    }

    /// The engine that the session's connections come from.
    ///
    /// ```
    #[doc = include_str!("guide/shop.txt")]
    /// let mut another = db.engine().session(); // for something that must be kept even if this is rolled back
    /// another.add(Tag::create().word("kept"));
    /// another.commit().await?;
    /// db.rollback().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The number of the place where a table's rows are kept; made when it is first asked for.
    #[inline]
    fn arena_number(&mut self, table: &'static Table) -> u16 {
        let id = table.id();
        match self.first_tables.iter().position(|first| *first == id) {
            Some(number) => number as u16,
            None => self.later_arena_number(table),
        }
    }

    /// The same, where it isn't one of the first.
    #[cold]
    fn later_arena_number(&mut self, table: &'static Table) -> u16 {
        let id = table.id();
        if let Some(number) = self.arena_of.get(&id) {
            return *number;
        }
        let number = self.arenas.len() as u16;
        self.arenas.push(arena::open(table, self.id, number));
        self.arena_of.insert(id, number);
        if self.first_tables.len() < FIRST_TABLES {
            self.first_tables.push(id);
        }
        number
    }

    fn arena_mut<M: Model>(&mut self) -> &mut Arena<M> {
        let number = self.arena_number(M::TABLE);
        Self::typed_mut(self.arenas[number as usize].as_mut())
    }

    fn typed_mut<M: Model>(store: &mut dyn Store) -> &mut Arena<M> {
        store
            .as_any_mut()
            .downcast_mut()
            .unwrap_or_else(|| unreachable!("an arena's number is found by its model's table"))
    }

    fn store(&self, handle: RawHandle) -> &dyn Store {
        self.arenas[handle.arena as usize].as_ref()
    }

    fn store_mut(&mut self, handle: RawHandle) -> &mut dyn Store {
        self.arenas[handle.arena as usize].as_mut()
    }

    fn slots(&self, handle: RawHandle) -> &Slots {
        self.store(handle).slots()
    }

    fn table(&self, handle: RawHandle) -> &'static Table {
        self.slots(handle).table
    }

    /// The state of what a raw handle names; `Detached` for one that names nothing.
    fn raw_state(&self, handle: RawHandle) -> State {
        if handle.session != self.id {
            return State::Detached;
        }
        self.arenas
            .get(handle.arena as usize)
            .and_then(|store| store.slots().head(handle))
            .map_or(State::Detached, |head| head.state)
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_struct("Session");
        for store in &self.arenas {
            let slots = store.slots();
            map.field(slots.table.model, &slots.inhabited().count());
        }
        map.finish_non_exhaustive()
    }
}
