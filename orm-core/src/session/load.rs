//! `get`, `refresh` and `load`: reading from the database by handle or key. What follows relationships is in `loader`.

use super::key::KeyBytes;
use super::{Session, State};
use crate::error::{Error, Result};
use crate::model::{Handle, Handles, Model, RawHandle, RowReader, Table};
use crate::query::{Running, StartsAt};

/// What [`load`](Session::load) takes: one handle, or many in a slice, a `Vec`, an array, or [`Handles`].
pub trait Loadable<M> {
    /// The handles.
    fn handles(&self) -> Vec<Handle<M>>;
}

impl<M> Loadable<M> for Handle<M> {
    fn handles(&self) -> Vec<Handle<M>> {
        vec![*self]
    }
}

impl<M, T: AsRef<[Handle<M>]> + ?Sized> Loadable<M> for &T {
    fn handles(&self) -> Vec<Handle<M>> {
        self.as_ref().to_vec()
    }
}

impl<M> Loadable<M> for Vec<Handle<M>> {
    fn handles(&self) -> Vec<Handle<M>> {
        self.clone()
    }
}

impl<M, const N: usize> Loadable<M> for [Handle<M>; N] {
    fn handles(&self) -> Vec<Handle<M>> {
        self.to_vec()
    }
}

impl<M> Loadable<M> for Handles<M> {
    fn handles(&self) -> Vec<Handle<M>> {
        self.to_vec()
    }
}

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

impl Session {
    /// The entity of a primary key. A row of this transaction that is in the identity map sends nothing; else what is
    /// pending is flushed, and one SELECT refreshes a stale row or finds an unknown one. SQLAlchemy: `get`.
    ///
    /// ```
    #[doc = include_str!("example_shop.txt")]
    /// let ann = db.get::<User>(1).await?.expect("the row is there");
    /// assert_eq!(db.get::<User>(1).await?, Some(ann)); // sends nothing
    /// assert_eq!(db.get::<User>(99).await?, None);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    ///
    /// # Errors
    /// What the server refuses; those of [`flush`](Session::flush).
    pub fn get<M: Model>(&mut self, key: impl IntoKey<M::Key>) -> Running<'_, Option<Handle<M>>> {
        let key = key.into_key();
        let bytes = KeyBytes::encode(M::TABLE.primary_key.len(), |part, out| {
            M::encode_key(&key, part, out)
        });
        Box::pin(async move {
            match bytes {
                Some(bytes) => Ok(self.get_raw(M::TABLE, bytes).await?.map(Handle::from_raw)),
                None => Ok(None),
            }
        })
    }

    async fn get_raw(
        &mut self,
        table: &'static Table,
        bytes: KeyBytes,
    ) -> Result<Option<RawHandle>> {
        self.ready().await?;
        if let Some(known) = self.fresh(table, &bytes) {
            return Ok(Some(known));
        }
        if self.autoflush && self.has_changes() {
            self.flush().await?;
            // It may have been pending.
            if let Some(known) = self.fresh(table, &bytes) {
                return Ok(Some(known));
            }
        }
        let select = self.select_by_key(table, table.primary_key, &[bytes]);
        let rows = self.send(&select).await?;
        match rows.first() {
            Some(row) => {
                let read = self.read_entity(table, &mut RowReader::new(row), false)?;
                Ok(Some(read))
            }
            None => Ok(None),
        }
    }

    /// The entity of a key, if it is known and needn't be read again.
    pub(super) fn fresh(&mut self, table: &'static Table, key: &KeyBytes) -> Option<RawHandle> {
        let number = self.arena_number(table);
        let slots = self.arenas[number as usize].slots();
        let index = *slots.keys.get(key)?;
        let head = slots.heads[index as usize];
        (head.epoch == self.epoch || head.touched).then(|| slots.handle(index))
    }

    /// Reads the row of an entity again, and gives up its unflushed changes; loaded relationships are unknown again.
    /// One SELECT. SQLAlchemy: `refresh`.
    ///
    /// ```
    #[doc = include_str!("example_shop.txt")]
    /// let ann = db.get::<User>(1).await?.expect("the row is there");
    /// db[ann].name.push('!');
    /// db.refresh(ann).await?;
    /// assert_eq!(db[ann].name, "Ann");
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    ///
    /// # Errors
    /// [`Error::NotFound`] where the row is gone, [`Error::Pending`], [`Error::Detached`].
    pub async fn refresh<M: Model>(&mut self, handle: Handle<M>) -> Result<()> {
        self.peek(handle)?;
        let raw = handle.raw();
        let table = M::TABLE;
        let key = self.key_before(raw);
        self.expire(handle)?;
        self.before_read().await?;
        let key: Vec<_> = key.into_iter().collect();
        let select = self.select_by_key(table, table.primary_key, &key);
        let rows = self.send(&select).await?;
        match rows.first() {
            Some(row) => self
                .read_entity(table, &mut RowReader::new(row), true)
                .map(drop),
            None => Err(Error::NotFound {
                what: format!("the row of this `{}`, to refresh it from", table.model),
            }),
        }
    }

    /// Loads a relationship, or a path of them, of one entity or many: the explicit form of lazy loading.
    ///
    /// Sends one statement a level whatever the number of entities; a to-one sends nothing for targets that the session
    /// has read in this transaction, nor for foreign keys that are NULL. A collection that is loaded already is loaded
    /// again. Flushes first, if anything is pending. SQLAlchemy: `selectinload` for objects that are there.
    ///
    /// ```
    #[doc = include_str!("example_shop.txt")]
    /// let users = User::query().all(&mut db).await?;
    /// db.load(&users, User::ORDERS.then(Order::ITEMS)).await?; // two statements
    /// let orders = db.related(users[0], User::ORDERS)?;
    /// db.load(&orders, Order::USER).await?; // none: they are all here
    /// db.load(orders[0], Order::ITEMS.filter(OrderItem::QUANTITY.gt(5))).await?;
    /// assert!(db.related(orders[0], Order::ITEMS)?.is_empty());
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    ///
    /// # Errors
    /// [`Error::Detached`], [`Error::Pending`] where autoflush is off, what the server refuses.
    pub fn load<M: Model, P: StartsAt<M>>(
        &mut self,
        handles: impl Loadable<M>,
        path: P,
    ) -> Running<'_, ()> {
        let roots = handles.handles();
        let steps = path.into_steps();
        Box::pin(async move {
            let roots = self.rows_of(roots).await?;
            self.load_step(roots, steps).await
        })
    }

    /// What is to be done before relationships of some entities are read: autoflush. Each must have a row then.
    pub(super) async fn rows_of<M: Model>(
        &mut self,
        handles: Vec<Handle<M>>,
    ) -> Result<Vec<RawHandle>> {
        let roots: Vec<_> = handles.into_iter().map(Handle::raw).collect();
        for root in &roots {
            self.check_raw(*root, M::TABLE.model)?;
        }
        self.before_read().await?;
        for root in &roots {
            self.check_row(*root)?;
        }
        Ok(roots)
    }

    /// Takes an entity of a table off a row.
    pub(super) fn read_entity(
        &mut self,
        table: &'static Table,
        row: &mut RowReader<'_>,
        overwrite: bool,
    ) -> Result<RawHandle> {
        let number = self.arena_number(table);
        let epoch = self.epoch;
        let store = self.arenas[number as usize].as_mut();
        let read = store.read(row, epoch, overwrite)?;
        let handle = store.slots().handle(read.index);
        if let Some((image, changed)) = read.refreshed {
            let frame = self.undo.frame() + 1;
            let head = &mut self.arenas[number as usize].slots_mut().heads[read.index as usize];
            if head.saved < frame {
                head.saved = frame;
                self.undo.push(super::undo::Undo::Row(handle, image));
            }
            self.follow_row(handle, changed);
        }
        if read.taken {
            self.note_read(handle);
        }
        Ok(handle)
    }

    /// Takes an entity off a row, or none where the row has no partner in an outer join.
    pub(super) fn read_maybe(
        &mut self,
        table: &'static Table,
        row: &mut RowReader<'_>,
    ) -> Result<Option<RawHandle>> {
        if table
            .primary_key
            .iter()
            .any(|key| row.is_null(*key as usize))
        {
            row.skip(table.columns.len());
            return Ok(None);
        }
        self.read_entity(table, row, false).map(Some)
    }

    /// Whether the entity has a row that relationships can be loaded of.
    pub(super) fn is_persistent(&self, handle: RawHandle) -> bool {
        self.raw_state(handle) == State::Persistent
    }
}
