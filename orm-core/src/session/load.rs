//! `load`: relationships of entities that are there. What follows them is in `loader`, and rows by their keys in `by_key`.

use std::panic::Location;

use super::singles::Single;
use super::{Session, State};
use crate::error::Result;
use crate::model::{Handle, Handles, Model, RawHandle, RowReader, Table};
use crate::query::{Running, StartsAt};

/// What [`load`](Session::load) takes: one handle, or many in a slice, a `Vec`, an array, or [`Handles`].
///
/// ```
#[doc = include_str!("../guide/shop.txt")]
/// use orm_core::session::Loadable;
///
/// let users = User::query().all(&mut db).await?;
/// assert_eq!((users[0].handles().len(), users.handles().len()), (1, 3));
/// db.load(&users, User::ORDERS).await?; // of all three, one statement
/// # Ok(())
/// # }
/// ```
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

impl Session {
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
    /// [`Error::Detached`](crate::Error::Detached), [`Error::Pending`](crate::Error::Pending) where autoflush is off, what the server refuses.
    #[track_caller]
    pub fn load<M: Model, P: StartsAt<M>>(
        &mut self,
        handles: impl Loadable<M>,
        path: P,
    ) -> Running<'_, ()> {
        let roots = handles.handles();
        let steps = path.into_steps();
        let (at, single) = (Location::caller(), roots.len() == 1);
        let relation = steps.relation;
        Running::new(async move {
            let roots = self.rows_of(roots).await?;
            let before = self.statements_sent();
            self.ahead.may_lead = true;
            self.load_step(roots, steps).await?;
            self.path_is_loaded();
            if single && self.statements_sent() != before {
                self.note_single(Single::Load(relation), at);
            }
            Ok(())
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

    /// So many rows of a table are about to be read: room for all is made at once.
    pub(super) fn make_room(&mut self, table: &'static Table, rows: usize) {
        let number = self.arena_number(table);
        self.arenas[number as usize].reserve(rows);
    }

    /// Takes an entity of a table off a row.
    #[inline]
    pub(super) fn read_entity(
        &mut self,
        table: &'static Table,
        row: &mut RowReader<'_>,
        overwrite: bool,
    ) -> Result<RawHandle> {
        Ok(self.read_row(table, row, overwrite)?.0)
    }

    /// The same, and whether the entity has the row's values now, and did not keep its own.
    pub(super) fn read_row(
        &mut self,
        table: &'static Table,
        row: &mut RowReader<'_>,
        overwrite: bool,
    ) -> Result<(RawHandle, bool)> {
        let number = self.arena_number(table);
        let epoch = self.epoch;
        let store = self.arenas[number as usize].as_mut();
        let read = store.read(row, epoch, overwrite)?;
        let handle = read.handle;
        if let Some(copy) = read.refreshed {
            let changed = store.changes_since(handle.index, copy);
            let frame = self.undo.frame() + 1;
            let head = &mut store.slots_mut().heads[handle.index as usize];
            if head.saved < frame {
                head.saved = frame;
                self.undo.changed(handle, copy);
            } else {
                store.drop_copy(copy);
            }
            self.follow_row(handle, changed);
        }
        if read.taken {
            self.note_read(handle);
        }
        Ok((handle, read.taken))
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
