//! [`Get`] and [`Refresh`]: reading rows by their keys, with locks, named columns and relationships where they are asked
//! for. Called by users as `db.get(..)` and `db.refresh(..)`; they run when they are awaited.

use std::collections::BTreeMap;
use std::fmt;
use std::future::IntoFuture;
use std::marker::PhantomData;
use std::panic::Location;

use super::ahead::Origin;
use super::hash::{FastMap, FastSet};
use super::key::KeyBytes;
use super::load_joined::Gathered;
use super::singles::Single;
use super::{Loadable, Session};
use crate::error::{Error, Result};
use crate::expr::{Column, Item, Lock, LockStrength, LockWait, Node, OrderNode, Select, TableRef};
use crate::model::{ColumnSet, Handle, Model, RawHandle, Row, RowReader, Table};
use crate::query::{LoadStep, Loads, Running, StartsAt, merge_step, render};

/// What [`get`](Session::get) takes: the primary key, or what becomes it by `into`.
#[diagnostic::on_unimplemented(
    message = "the primary key is `{Key}`, and `{Self}` was given",
    label = "expected `{Key}`",
    note = "a primary key of several columns is a tuple, in the order of the fields"
)]
pub trait IntoKey<Key> {
    /// The key.
    fn into_key(self) -> Key;
}

#[diagnostic::do_not_recommend]
impl<Key, T: Into<Key>> IntoKey<Key> for T {
    fn into_key(self) -> Key {
        self.into()
    }
}

/// What [`Refresh::columns`] takes: a column of the model, or a tuple of up to eight.
#[diagnostic::on_unimplemented(
    message = "expected columns of `{M}`",
    label = "expected `{M}::SOME_COLUMN`, or a tuple of up to 8 of these; found `{Self}`"
)]
pub trait Columns<M> {
    /// Appends the positions.
    fn push_to(&self, positions: &mut Vec<u16>);
}

#[diagnostic::do_not_recommend]
impl<M, T> Columns<M> for Column<M, T> {
    fn push_to(&self, positions: &mut Vec<u16>) {
        positions.push(self.position());
    }
}

macro_rules! tuples {
    ($($name:ident)*) => {
        #[diagnostic::do_not_recommend]
        impl<Of, $($name: Columns<Of>),*> Columns<Of> for ($($name,)*) {
            #[allow(non_snake_case)]
            fn push_to(&self, positions: &mut Vec<u16>) {
                let ($($name,)*) = self;
                $($name.push_to(positions);)*
            }
        }
    };
}

tuples!(A);
tuples!(A B);
tuples!(A B C);
tuples!(A B C D);
tuples!(A B C D E);
tuples!(A B C D E F);
tuples!(A B C D E F G);
tuples!(A B C D E F G H);

/// [`Session::get`]: runs when it is awaited.
#[must_use = "nothing is read until it is awaited"]
pub struct Get<'db, M: Model> {
    db: &'db mut Session,
    key: Option<KeyBytes>,
    ask: Ask,
    model: PhantomData<fn() -> M>,
}

/// [`Session::refresh`]: runs when it is awaited.
#[must_use = "nothing is read until it is awaited"]
pub struct Refresh<'db, M: Model> {
    db: &'db mut Session,
    handles: Vec<Handle<M>>,
    columns: Option<Vec<u16>>,
    ask: Ask,
}

/// What was asked for beside the rows.
#[derive(Debug)]
struct Ask {
    /// Where in the program.
    at: &'static Location<'static>,
    lock: Option<Lock>,
    /// Whether a row that is known is read again.
    again: bool,
    unfiltered: bool,
    loads: Vec<LoadStep>,
}

impl Ask {
    #[track_caller]
    fn here() -> Self {
        Ask {
            at: Location::caller(),
            lock: None,
            again: false,
            unfiltered: false,
            loads: Vec::new(),
        }
    }

    fn lock(&mut self, strength: LockStrength) {
        let wait = self.lock.as_ref().map_or(LockWait::Wait, |lock| lock.wait);
        self.lock = Some(Lock {
            strength,
            wait,
            of: Vec::new(),
        });
    }

    /// Whether the row is read though it is known.
    fn asks_server(&self) -> bool {
        self.again || self.lock.is_some()
    }

    fn wait(&mut self, wait: LockWait) {
        if self.lock.is_none() {
            self.lock(LockStrength::Update);
        }
        if let Some(lock) = &mut self.lock {
            lock.wait = wait;
        }
    }
}

macro_rules! locks {
    ($($read:ident),*) => { $(
        impl<'db, M: Model> $read<'db, M> {
            /// Locks the row until the transaction ends: FOR UPDATE. SQLAlchemy: `with_for_update=True`.
            ///
            /// ```
            #[doc = include_str!("../guide/shop.txt")]
            /// let air = db.get::<Product>(1).for_update().await?.expect("it is there"); // .. FOR UPDATE OF products
            /// db[air].stock -= 1;
            /// db.commit().await?; // others wait until here
            /// db.refresh(air).for_update().await?;
            /// # Ok(())
            /// # }
            /// ```
            pub fn for_update(mut self) -> Self {
                self.ask.lock(LockStrength::Update);
                self
            }

            /// Locks the row, and leaves alone those who only refer to it: FOR NO KEY UPDATE.
            ///
            /// ```
            #[doc = include_str!("../guide/shop.txt")]
            /// let mut other = engine.session();
            /// let ann = db.get::<User>(1).for_no_key_update().await?;
            /// assert!(ann.is_some());
            /// other.add(Order::create().user_id(1)); // refers to the locked row, and doesn't wait
            /// other.commit().await?;
            /// # Ok(())
            /// # }
            /// ```
            pub fn for_no_key_update(mut self) -> Self {
                self.ask.lock(LockStrength::NoKeyUpdate);
                self
            }

            /// Locks the row against changes: FOR SHARE. SQLAlchemy: `with_for_update={"read": True}`.
            ///
            /// ```
            #[doc = include_str!("../guide/shop.txt")]
            /// let mut other = engine.session();
            /// db.get::<Product>(1).for_share().await?;
            /// other.get::<Product>(1).for_share().await?; // several may; nobody may change it
            /// # Ok(())
            /// # }
            /// ```
            pub fn for_share(mut self) -> Self {
                self.ask.lock(LockStrength::Share);
                self
            }

            /// Locks the row's key against changes, as a foreign key does: FOR KEY SHARE.
            ///
            /// ```
            #[doc = include_str!("../guide/shop.txt")]
            /// let mut other = engine.session();
            /// db.get::<User>(1).for_key_share().await?; // it will not be deleted meanwhile
            /// let ann = other.get::<User>(1).await?.expect("she is there");
            /// other[ann].name = "Anna".to_owned();
            /// other.commit().await?; // the rest of the row may change
            /// # Ok(())
            /// # }
            /// ```
            pub fn for_key_share(mut self) -> Self {
                self.ask.lock(LockStrength::KeyShare);
                self
            }

            /// Fails at once where another transaction holds the row: NOWAIT. Locks FOR UPDATE if no lock was asked for.
            ///
            /// ```
            #[doc = include_str!("../guide/shop.txt")]
            /// let mut other = engine.session();
            /// db.get::<Product>(1).for_update().await?;
            /// let refused = other.get::<Product>(1).nowait().await;
            /// assert!(matches!(refused, Err(orm_core::Error::Timeout { .. })));
            /// # Ok(())
            /// # }
            /// ```
            pub fn nowait(mut self) -> Self {
                self.ask.wait(LockWait::Fail);
                self
            }

            /// Does as if a row that another transaction holds were not there: SKIP LOCKED. Locks FOR UPDATE if no lock was
            /// asked for.
            ///
            /// ```
            #[doc = include_str!("../guide/shop.txt")]
            /// let mut other = engine.session();
            /// db.get::<Product>(1).for_update().await?;
            /// assert_eq!(other.get::<Product>(1).skip_locked().await?, None);
            /// # Ok(())
            /// # }
            /// ```
            pub fn skip_locked(mut self) -> Self {
                self.ask.wait(LockWait::Skip);
                self
            }

            /// Loads a relationship, or a path of them, with the row: a to-one in the same statement, a to-many by one more, as
            /// `.with(..)` of a query does. With a row that needn't be read, or named columns of one, it is loaded as by
            /// [`load`](Session::load). SQLAlchemy: the loader options of `get`, the attribute names of `refresh`.
            ///
            /// ```
            #[doc = include_str!("../guide/shop.txt")]
            /// let order = db.get::<Order>(1).with(Order::ITEMS).await?.expect("it is there"); // two statements
            /// assert_eq!(db.related(order, Order::ITEMS)?.len(), 2);
            /// db.refresh(order).with(Order::USER).await?; // one, with a join
            /// # Ok(())
            /// # }
            /// ```
            pub fn with<P: StartsAt<M>>(mut self, path: P) -> Self {
                merge_step(&mut self.ask.loads, path.into_steps());
                self
            }

            /// Leaves the session's criteria out, for the row and for what is loaded behind it: see
            /// [`add_criteria`](Session::add_criteria).
            ///
            /// ```
            #[doc = include_str!("../guide/shop.txt")]
            /// db.add_criteria::<User>(User::ACTIVE.for_model());
            /// assert_eq!(db.get::<User>(3).await?, None);
            /// assert!(db.get::<User>(3).without_criteria().await?.is_some());
            /// # Ok(())
            /// # }
            /// ```
            pub fn without_criteria(mut self) -> Self {
                self.ask.unfiltered = true;
                self
            }
        }

        impl<M: Model> fmt::Debug for $read<'_, M> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($read))
                    .field("model", &M::TABLE.model)
                    .field("ask", &self.ask)
                    .finish_non_exhaustive()
            }
        }
    )* };
}

locks!(Get, Refresh);

impl<M: Model> Get<'_, M> {
    /// Reads the row again, where else one of this transaction that is in memory sends nothing. Locks do so by themselves.
    /// SQLAlchemy: `populate_existing=True`.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let air = db.get::<Product>(1).await?.expect("it is there");
    /// shop.elsewhere("UPDATE products SET stock = 3 WHERE id = 1").await?;
    /// db.get::<Product>(1).await?; // sends nothing
    /// assert_eq!(db[air].stock, 5);
    /// db.get::<Product>(1).populate_existing().await?;
    /// assert_eq!(db[air].stock, 3);
    /// # Ok(())
    /// # }
    /// ```
    pub fn populate_existing(mut self) -> Self {
        self.ask.again = true;
        self
    }
}

impl<M: Model> Refresh<'_, M> {
    /// Reads these columns alone. Unflushed changes of the others stay, relationships stay loaded, and a stale row stays stale.
    /// SQLAlchemy: `attribute_names`.
    ///
    /// ```
    #[doc = include_str!("example_shop.txt")]
    /// let order = Order::query().first(&mut db).await?.unwrap();
    /// db.refresh(order).columns(Order::TOTAL).await?; // SELECT orders.id, orders.total FROM orders WHERE orders.id = $1
    /// db.refresh(order).columns((Order::TOTAL, Order::USER_ID)).await?;
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    pub fn columns(mut self, columns: impl Columns<M>) -> Self {
        columns.push_to(self.columns.get_or_insert_default());
        self
    }
}

impl<'db, M: Model> IntoFuture for Get<'db, M> {
    type Output = Result<Option<Handle<M>>>;
    type IntoFuture = Running<'db, Option<Handle<M>>>;

    fn into_future(self) -> Self::IntoFuture {
        let Get { db, key, ask, .. } = self;
        // A future that has nothing to wait for has nothing to keep: most of what a get at hand would cost.
        if let Some(found) = key.as_ref().and_then(|key| db.at_hand(M::TABLE, key, &ask)) {
            return Box::pin(std::future::ready(Ok(Some(Handle::from_raw(found)))));
        }
        Box::pin(async move {
            let Some(key) = key else { return Ok(None) };
            let found = db.get_raw(M::TABLE, key, ask).await?;
            Ok(found.map(Handle::from_raw))
        })
    }
}

impl<'db, M: Model> IntoFuture for Refresh<'db, M> {
    type Output = Result<()>;
    type IntoFuture = Running<'db, ()>;

    fn into_future(self) -> Self::IntoFuture {
        let Refresh {
            db,
            handles,
            columns,
            ask,
        } = self;
        let mut handles: Vec<_> = handles.into_iter().map(Handle::raw).collect();
        handles.sort_unstable();
        handles.dedup();
        Box::pin(async move {
            for handle in &handles {
                db.check_raw(*handle, M::TABLE.model)?;
                db.check_row(*handle)?;
            }
            match columns {
                None => db.refresh_whole(M::TABLE, handles, ask).await,
                Some(columns) => db.refresh_columns(M::TABLE, handles, columns, ask).await,
            }
        })
    }
}

impl Session {
    /// The entity of a primary key. A row of this transaction that is in the identity map sends nothing; else what is
    /// pending is flushed, and one SELECT refreshes a stale row or finds an unknown one. SQLAlchemy: `get`.
    ///
    /// ```
    #[doc = include_str!("example_shop.txt")]
    /// let ann = db.get::<User>(1).await?.expect("the row is there");
    /// assert_eq!(db.get::<User>(1).await?, Some(ann)); // sends nothing
    /// assert_eq!(db.get::<User>(99).await?, None);
    ///
    /// // With a lock it reads the row as it is now, and one statement more for a relationship.
    /// let locked = db.get::<User>(1).for_update().nowait().with(User::ORDERS).await?;
    /// assert_eq!(locked, Some(ann));
    /// assert_eq!(db.related(ann, User::ORDERS)?.len(), 3);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    ///
    /// # Errors
    /// What the server refuses; those of [`flush`](Session::flush).
    #[track_caller]
    pub fn get<M: Model>(&mut self, key: impl IntoKey<M::Key>) -> Get<'_, M> {
        let key = key.into_key();
        Get {
            db: self,
            key: KeyBytes::encode(M::TABLE.primary_key.len(), |part, out| {
                M::encode_key(&key, part, out)
            }),
            ask: Ask::here(),
            model: PhantomData,
        }
    }

    /// Reads the row of an entity again, or of many with one statement, and gives up unflushed changes; loaded relationships
    /// are unknown again. One SELECT. SQLAlchemy: `refresh`.
    ///
    /// ```
    #[doc = include_str!("example_shop.txt")]
    /// let ann = db.get::<User>(1).await?.expect("the row is there");
    /// db[ann].name.push('!');
    /// db.refresh(ann).await?;
    /// assert_eq!(db[ann].name, "Ann");
    ///
    /// db.refresh(ann).for_update().await?; // .. FOR UPDATE OF users: others wait from here on
    /// let all = User::query().all(&mut db).await?;
    /// db.refresh(&all).for_update().await?; // .. ORDER BY users.id FOR UPDATE: in the order of the keys, so without deadlocks
    /// db.refresh(ann).with(User::ORDERS).await?; // and its orders, by a second statement
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    /// [`columns`](Refresh::columns) reads some columns alone. For a relationship alone there is [`load`](Session::load).
    ///
    /// # Errors
    /// [`Error::NotFound`] where a row is gone, or locked by another and to be skipped; [`Error::Pending`], [`Error::Detached`].
    #[track_caller]
    pub fn refresh<M: Model>(&mut self, handles: impl Loadable<M>) -> Refresh<'_, M> {
        Refresh {
            handles: handles.handles(),
            db: self,
            columns: None,
            ask: Ask::here(),
        }
    }

    /// What a get finds without any statement, and without relationships to load behind it.
    fn at_hand(&mut self, table: &'static Table, key: &KeyBytes, ask: &Ask) -> Option<RawHandle> {
        if !self.is_ready() || ask.asks_server() || !ask.loads.is_empty() {
            return None;
        }
        self.unfiltered = ask.unfiltered;
        self.fresh(table, key)
    }

    async fn get_raw(
        &mut self,
        table: &'static Table,
        key: KeyBytes,
        ask: Ask,
    ) -> Result<Option<RawHandle>> {
        self.ready().await?;
        let again = ask.asks_server();
        self.unfiltered = ask.unfiltered;
        let mut found = self.fresh(table, &key).filter(|_| !again);
        if found.is_none() && self.autoflush && self.has_changes() {
            self.flush().await?;
            // It may have been pending.
            found = self.fresh(table, &key).filter(|_| !again);
        }
        if found.is_none() {
            self.note_single(Single::Get(table), ask.at);
            let mut select = self.select_by_key(table, table.primary_key, &[key]);
            select.lock = ask.lock;
            self.unfiltered = ask.unfiltered;
            let mut loads = Loads::plan(&mut select, ask.loads);
            self.restrict_read(&mut select);
            let found = self.read_with(&select, &mut loads, again).await?;
            let entity = found.first().copied();
            self.load_rests(found, loads.steps).await?;
            self.path_is_loaded();
            return Ok(entity);
        }
        if let Some(found) = found {
            for step in ask.loads {
                self.before_read().await?;
                self.load_step(vec![found], step).await?;
            }
        }
        Ok(found)
    }

    /// The entity of a key, if it is known and needn't be read again.
    pub(super) fn fresh(&mut self, table: &'static Table, key: &KeyBytes) -> Option<RawHandle> {
        if self.hides(table) {
            return None;
        }
        let number = self.arena_number(table);
        let slots = self.arenas[number as usize].slots();
        let index = *slots.keys.get(key)?;
        let head = slots.heads[index as usize];
        (head.epoch == self.epoch || head.is_touched()).then(|| slots.handle(index))
    }

    /// The entities of some keys that the session or the database has, for who asks for several at once: one SELECT a table,
    /// for those that the session doesn't know or that are stale.
    pub(super) async fn find_by_keys(
        &mut self,
        keys: Vec<(&'static Table, KeyBytes)>,
    ) -> Result<Found> {
        let mut found = Found::default();
        let mut missing: BTreeMap<u16, (&'static Table, Vec<KeyBytes>)> = BTreeMap::new();
        for (table, key) in keys {
            if let Some(handle) = self.fresh(table, &key) {
                found.insert((table.id(), key), handle);
                continue;
            }
            let number = self.arena_number(table);
            let (_, keys) = missing.entry(number).or_insert((table, Vec::new()));
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        for (table, keys) in missing.into_values() {
            let mut select = self.select_by_key(table, table.primary_key, &keys);
            self.restrict_read(&mut select);
            for row in &self.send(&render::select(&select)).await? {
                let handle = self.read_entity(table, &mut RowReader::new(row), false)?;
                if let Some(key) = self.key_before(handle) {
                    found.insert((table.id(), key), handle);
                }
            }
        }
        Ok(found)
    }

    async fn refresh_whole(
        &mut self,
        table: &'static Table,
        handles: Vec<RawHandle>,
        ask: Ask,
    ) -> Result<()> {
        let keys = self.keys_before(&handles);
        if keys.len() == 1 {
            self.note_single(Single::Refresh(table), ask.at);
        }
        for handle in &handles {
            self.expire_raw(*handle);
        }
        self.before_read().await?;
        if !keys.is_empty() {
            let mut select = self.select_by_key(table, table.primary_key, &keys);
            lock(&mut select, ask.lock, keys.len());
            self.unfiltered = ask.unfiltered;
            let mut loads = Loads::plan(&mut select, ask.loads);
            // The row itself is read whatever the criteria say; what is joined to it is not.
            self.restrict_joins(&mut select);
            let found = self.read_with(&select, &mut loads, true).await?;
            found_all(table, &keys, found.len())?;
            self.load_rests(found, loads.steps).await?;
            self.path_is_loaded();
        }
        Ok(())
    }

    /// Sends a SELECT for entities by their keys, and takes them and what was joined to them. Each entity comes once.
    async fn read_with(
        &mut self,
        select: &Select,
        loads: &mut Loads,
        overwrite: bool,
    ) -> Result<Vec<RawHandle>> {
        let table = select.from.table;
        let mut gathered = Gathered::default();
        let mut found = Vec::new();
        let mut seen = FastSet::default();
        let statement = render::select(select);
        let origin = Origin::Query(select);
        for row in &self.send_leading(statement, origin, loads).await? {
            let mut reader = RowReader::new(row);
            let entity = self.read_entity(table, &mut reader, overwrite)?;
            self.read_joined(&loads.joined, &mut reader, Some(entity), &mut gathered)?;
            if seen.insert(entity) {
                found.push(entity);
            }
        }
        self.attach_gathered(&loads.joined, gathered);
        Ok(found)
    }

    async fn load_behind_refresh(
        &mut self,
        handles: &[RawHandle],
        unfiltered: bool,
        loads: Vec<LoadStep>,
    ) -> Result<()> {
        self.unfiltered = unfiltered;
        for step in loads {
            self.load_step(handles.to_vec(), step).await?;
        }
        Ok(())
    }

    async fn refresh_columns(
        &mut self,
        table: &'static Table,
        handles: Vec<RawHandle>,
        columns: Vec<u16>,
        ask: Ask,
    ) -> Result<()> {
        let keys = self.keys_before(&handles);
        if keys.len() == 1 {
            self.note_single(Single::Refresh(table), ask.at);
        }
        for handle in &handles {
            self.give_up_changes(*handle, &columns);
        }
        self.before_read().await?;
        if !keys.is_empty() {
            let mut select = self.select_by_key(table, table.primary_key, &keys);
            let from = TableRef::of(table);
            let wanted = table.primary_key.iter().chain(&columns);
            select.items = wanted
                .map(|column| Item::Expr(Node::Column(from, *column)))
                .collect();
            lock(&mut select, ask.lock, keys.len());
            let rows = self.send(&render::select(&select)).await?;
            for row in &rows {
                if let Some(handle) = self.known_entity(table, row, 0) {
                    self.read_columns(handle, &columns, row)?;
                }
            }
            found_all(table, &keys, rows.len())?;
        }
        self.load_behind_refresh(&handles, ask.unfiltered, ask.loads)
            .await
    }

    /// Forgets the unflushed changes of some columns, and relationships that were set along them.
    fn give_up_changes(&mut self, handle: RawHandle, columns: &[u16]) {
        self.save(handle);
        self.store_mut(handle).revert(handle.index, columns);
        for relation in self.set_links.of(handle).collect::<Vec<_>>() {
            let along = relation.columns().0;
            if along.iter().any(|column| columns.contains(column)) {
                self.set_links.remove(handle, relation);
                self.follow_key(handle, relation);
            }
        }
    }

    /// Takes some columns off a row, behind its key.
    fn read_columns(&mut self, handle: RawHandle, columns: &[u16], row: &Row) -> Result<()> {
        let keys = self.table(handle).primary_key.len();
        self.save(handle);
        self.note_read(handle);
        let mut changed = ColumnSet::EMPTY;
        for (at, column) in columns.iter().enumerate() {
            let before = self.field_bytes(handle, *column);
            let value = row.raw(keys + at);
            self.store_mut(handle).write(handle.index, *column, value)?;
            if self.field_bytes(handle, *column) != before {
                changed.insert(*column);
            }
        }
        self.store_mut(handle).rebase(handle.index, columns);
        self.follow_row(handle, changed);
        Ok(())
    }

    fn keys_before(&self, handles: &[RawHandle]) -> Vec<KeyBytes> {
        handles
            .iter()
            .filter_map(|handle| self.key_before(*handle))
            .collect()
    }

    /// The SELECT of some rows of a table by a key.
    pub(super) fn select_by_key(
        &self,
        table: &'static Table,
        columns: &[u16],
        keys: &[KeyBytes],
    ) -> Select {
        let from = TableRef::of(table);
        let mut select = Select::from(from);
        select.items.push(Item::Whole(from));
        select.filters.push(self.is_one_of(from, columns, keys));
        select
    }
}

/// Asks for a lock on the rows of a SELECT by keys. Several are locked in the order of their keys, so that two transactions that
/// lock the same rows don't wait for each other.
fn lock(select: &mut Select, lock: Option<Lock>, rows: usize) {
    if lock.is_some() && rows > 1 {
        let (from, key) = (select.from, select.from.table.primary_key);
        select.order_by.extend(key.iter().map(|column| OrderNode {
            node: Node::Column(from, *column),
            ty: None,
            descending: false,
            nulls_first: None,
        }));
    }
    select.lock = lock;
}

/// Entities by table and key.
pub(super) type Found = FastMap<(usize, KeyBytes), RawHandle>;

/// Fails where fewer rows came than there are keys.
fn found_all(table: &'static Table, keys: &[KeyBytes], rows: usize) -> Result<()> {
    let missing = keys.len().saturating_sub(rows);
    if missing == 0 {
        return Ok(());
    }
    Err(Error::NotFound {
        what: format!(
            "{missing} of {} row(s) of `{}`, to refresh from: deleted by others, or locked by them where locked rows are \
             skipped",
            keys.len(),
            table.model
        ),
    })
}
