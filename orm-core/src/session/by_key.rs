//! [`Get`] and [`Refresh`]: reading rows by their keys, with locks, named columns and relationships where they are asked
//! for. Called by users as `db.get(..)` and `db.refresh(..)`; they run when they are awaited, in `rows_by_key`.

use std::fmt;
use std::future::IntoFuture;
use std::marker::PhantomData;
use std::panic::Location;

use super::key::KeyBytes;
use super::{Loadable, Session};
use crate::error::Result;
use crate::expr::{Column, Lock, LockStrength, LockWait};
use crate::model::{Handle, Model};
use crate::query::{LoadStep, Running, StartsAt, merge_step};

/// What [`get`](Session::get) takes: the primary key, or what becomes it by `into`.
///
/// ```
/// use orm_core::session::IntoKey;
///
/// let key: String = "de".into_key(); // `db.get::<Country>("de")`, whose key is a `String`
/// assert_eq!(key, "de");
/// ```
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
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::session::Columns;
///
/// let mut positions = Vec::new();
/// Columns::<Product>::push_to(&(Product::PRICE, Product::STOCK), &mut positions); // `.columns((..))`
/// assert_eq!(positions, [2, 3]);
/// ```
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
///
/// ```
#[doc = include_str!("../guide/shop.txt")]
/// let air = db.get::<Product>(1).for_update().with(Product::CATEGORY).await?.expect("it is there");
/// assert_eq!(db.view(air).related(Product::CATEGORY)?.map(|shelf| shelf.row().name.as_str()), Some("Laptops"));
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is read until it is awaited"]
pub struct Get<'db, M: Model> {
    db: &'db mut Session,
    key: Option<KeyBytes>,
    ask: Ask,
    model: PhantomData<fn() -> M>,
}

/// [`Session::refresh`]: runs when it is awaited.
///
/// ```
#[doc = include_str!("../guide/shop.txt")]
/// let air = db.get::<Product>(1).await?.expect("it is there");
/// shop.elsewhere("UPDATE products SET stock = 3 WHERE id = 1").await?;
/// db.refresh(air).columns(Product::STOCK).await?;
/// assert_eq!(db[air].stock, 3);
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is read until it is awaited"]
pub struct Refresh<'db, M: Model> {
    db: &'db mut Session,
    handles: Vec<Handle<M>>,
    columns: Option<Vec<u16>>,
    ask: Ask,
}

/// What was asked for beside the rows.
#[derive(Debug)]
pub(super) struct Ask {
    /// Where in the program.
    pub at: &'static Location<'static>,
    pub lock: Option<Lock>,
    /// Whether a row that is known is read again.
    again: bool,
    pub unfiltered: bool,
    pub loads: Vec<LoadStep>,
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
    pub(super) fn asks_server(&self) -> bool {
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
    /// Reads these columns alone, and gives up their unflushed changes. Those of the others stay, relationships stay loaded, and a
    /// stale row stays stale. SQLAlchemy: `attribute_names`.
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
            return Running::new(std::future::ready(Ok(Some(Handle::from_raw(found)))));
        }
        Running::new(async move {
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
        Running::new(async move {
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
            key: KeyBytes::encode(M::TABLE.primary_key.len(), &mut |part, out| {
                M::encode_key(&key, part, out)
            }),
            ask: Ask::here(),
            model: PhantomData,
        }
    }

    /// Reads the row of an entity again, or of many with one statement, and gives up unflushed changes as [`expire`](Session::expire)
    /// does; loaded relationships are unknown again. One SELECT. SQLAlchemy: `refresh`.
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
    /// [`Error::NotFound`](crate::Error::NotFound) where a row is gone, or locked by another and to be skipped; [`Error::Pending`](crate::Error::Pending),
    /// [`Error::Detached`](crate::Error::Detached).
    #[track_caller]
    pub fn refresh<M: Model>(&mut self, handles: impl Loadable<M>) -> Refresh<'_, M> {
        Refresh {
            handles: handles.handles(),
            db: self,
            columns: None,
            ask: Ask::here(),
        }
    }
}
