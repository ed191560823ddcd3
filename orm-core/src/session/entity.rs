//! `db[handle]`, `peek`, `draft`, `state`: reading and changing entities as plain structs.

use std::ops::{Index, IndexMut};

use super::store::Store;
use super::{Arena, Session, State};
use crate::error::{Error, Result};
use crate::model::{Handle, Model, RawHandle};

impl Session {
    /// Where the entity stands in its life. SQLAlchemy: `inspect(obj)`.
    ///
    /// ```
    #[doc = include_str!("example_shop.txt")]
    /// use orm_core::session::State;
    ///
    /// let cara = db.add(User::create().name("Cara"));
    /// assert_eq!(db.state(cara), State::Pending);
    /// db.flush().await?;
    /// assert_eq!(db.state(cara), State::Persistent);
    /// db.rollback().await?;
    /// assert_eq!(db.state(cara), State::Detached);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    pub fn state<M: Model>(&self, handle: Handle<M>) -> State {
        self.raw_state(handle.raw())
    }

    /// The row of an entity, or why there is none. `db[handle]` is the same with a panic in place of the error.
    ///
    /// ```
    #[doc = include_str!("example_shop.txt")]
    /// let cara = db.add(User::create().name("Cara"));
    /// assert!(matches!(db.peek(cara), Err(orm_core::Error::Pending { .. })));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    /// # Errors
    /// [`Error::Pending`] for an entity that was not flushed, [`Error::Detached`] for a handle that names none.
    pub fn peek<M: Model>(&self, handle: Handle<M>) -> Result<&M> {
        if let Some(row) = self.row_of(handle) {
            return Ok(row);
        }
        self.check(handle)?;
        Err(Error::Pending {
            model: M::TABLE.model,
        })
    }

    /// The row that a handle names, if it names one. Asked for each read of a field, so what it asks is known by type.
    fn row_of<M: Model>(&self, handle: Handle<M>) -> Option<&M> {
        let raw = handle.raw();
        let store = self.arenas.get(raw.arena as usize)?;
        let arena: &Arena<M> = store.as_any().downcast_ref()?;
        if raw.session != self.id {
            return None;
        }
        arena.slots().head(raw)?;
        arena.row(raw.index)
    }

    /// The draft of an entity that was added and not flushed: what `create()` put together, with client-side defaults. Every
    /// column is an `Option`: `None` is no value yet.
    ///
    /// ```
    #[doc = include_str!("example_shop.txt")]
    /// let cara = db.add(User::create().name("Cara"));
    /// assert_eq!(db.draft(cara)?.id, None); // the server makes it
    /// db.draft(cara)?.name = Some("Carla".to_owned());
    /// db.flush().await?;
    /// assert_eq!(db[cara].name, "Carla");
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    /// # Errors
    /// [`Error::Detached`], and [`Error::Invalid`] for an entity that has a row already.
    pub fn draft<M: Model>(&mut self, handle: Handle<M>) -> Result<&mut M::Draft> {
        self.check(handle)?;
        let store = self.arenas[handle.raw().arena as usize].as_mut();
        Self::typed_mut::<M>(store)
            .draft_mut(handle.raw().index)
            .ok_or_else(|| {
                Error::invalid(format!(
                    "this `{}` has a row already: change it with `db[handle]`",
                    M::TABLE.model
                ))
            })
    }

    /// Several rows of one model at once, all of them mutable.
    ///
    /// Two entities cannot be borrowed at once through `db[..]` when one of them is changed, because both come out of the
    /// session: `std::mem::swap(&mut db[a].total, &mut db[b].total)` does not compile. This does:
    ///
    /// ```
    #[doc = include_str!("example_shop.txt")]
    /// let [a, b] = Order::query().limit(2).all(&mut db).await?[..] else { panic!("there are more") };
    /// let [first, second] = db.get_disjoint_mut([a, b]);
    /// std::mem::swap(&mut first.total, &mut second.total);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    /// # Panics
    /// When two of the handles are the same, or one names no row that can be changed.
    #[track_caller]
    pub fn get_disjoint_mut<M: Model, const N: usize>(
        &mut self,
        handles: [Handle<M>; N],
    ) -> [&mut M; N] {
        for handle in handles {
            if let Err(error) = self.begin_change(handle) {
                panic!("{error}");
            }
        }
        self.arena_mut::<M>()
            .rows_mut(handles.map(|handle| handle.raw().index))
            .unwrap_or_else(|| panic!("two of the handles name the same `{}`", M::TABLE.model))
    }

    /// Rows of two models at once, both of them mutable.
    ///
    /// ```
    #[doc = include_str!("example_shop.txt")]
    /// let item = OrderItem::query().with(OrderItem::ORDER).first(&mut db).await?.unwrap();
    /// let order = db.related(item, OrderItem::ORDER)?;
    /// let (item, order) = db.get_pair_mut(item, order);
    /// order.total -= item.price;
    /// item.quantity -= 1;
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    /// # Panics
    /// When the two are of the same model (use [`get_disjoint_mut`](Session::get_disjoint_mut)), or one names no row that can
    /// be changed.
    #[track_caller]
    pub fn get_pair_mut<A: Model, B: Model>(
        &mut self,
        a: Handle<A>,
        b: Handle<B>,
    ) -> (&mut A, &mut B) {
        if let Err(error) = self.begin_change(a).and_then(|()| self.begin_change(b)) {
            panic!("{error}");
        }
        let (a, b) = (a.raw(), b.raw());
        let stores = self
            .arenas
            .get_disjoint_mut([a.arena as usize, b.arena as usize])
            .unwrap_or_else(|_| panic!("the two handles are of one model: use `get_disjoint_mut`"));
        let [first, second] = stores;
        let first = Self::typed_mut::<A>(first.as_mut()).row_mut(a.index);
        let second = Self::typed_mut::<B>(second.as_mut()).row_mut(b.index);
        match (first, second) {
            (Some(first), Some(second)) => (first, second),
            _ => unreachable!("`begin_change` has checked that both are rows"),
        }
    }

    /// Says why a handle names nothing.
    pub(super) fn check<M: Model>(&self, handle: Handle<M>) -> Result<()> {
        self.check_raw(handle.raw(), M::TABLE.model)
    }

    pub(super) fn check_raw(&self, handle: RawHandle, model: &'static str) -> Result<()> {
        if self.raw_state(handle) != State::Detached {
            return Ok(());
        }
        let why = if handle.session != self.id {
            "it is of another session; take a row's key and `get` it here"
        } else {
            "the entity was deleted, expunged, or added in a transaction that was rolled back"
        };
        Err(Error::Detached { model, why })
    }

    /// What must happen before a row is handed out mutably: a copy is kept for the flush to compare with, and the undo
    /// log knows what it was.
    fn begin_change<M: Model>(&mut self, handle: Handle<M>) -> Result<()> {
        self.begin_raw_change(handle.raw(), M::TABLE.model)
    }

    fn begin_raw_change(&mut self, handle: RawHandle, model: &'static str) -> Result<()> {
        match self.raw_state(handle) {
            State::Persistent => {
                self.touch_row(handle);
                Ok(())
            }
            State::Pending => Err(Error::Pending { model }),
            State::Deleted => Err(Error::Detached {
                model,
                why: "its row was deleted in this transaction",
            }),
            State::Detached => self.check_raw(handle, model),
        }
    }

    /// [`begin_change`](Session::begin_change) without the type; does nothing for a pending entity.
    pub(super) fn touch(&mut self, handle: RawHandle) {
        if self.raw_state(handle) == State::Persistent {
            self.touch_row(handle);
        }
    }

    fn touch_row(&mut self, handle: RawHandle) {
        let frame = self.undo.frame() + 1;
        let store = self.store_mut(handle);
        if let Some(copy) = store.begin_change(handle.index, frame) {
            self.undo.changed(handle, copy);
        }
    }
}

/// The row of an entity.
///
/// # Panics
/// When the handle names no row: one that is pending, gone, or of another session. [`Session::peek`] gives an error
/// instead.
impl<M: Model> Index<Handle<M>> for Session {
    type Output = M;

    #[track_caller]
    fn index(&self, handle: Handle<M>) -> &M {
        match self.peek(handle) {
            Ok(row) => row,
            Err(error) => panic!("{error}"),
        }
    }
}

/// The row of an entity, to be changed. The first mutable access keeps a copy, and the flush sends the columns that
/// differ from it; a row that was touched and is equal sends nothing.
///
/// # Panics
/// As [`Index`].
impl<M: Model> IndexMut<Handle<M>> for Session {
    #[track_caller]
    fn index_mut(&mut self, handle: Handle<M>) -> &mut M {
        if let Err(error) = self.begin_change(handle) {
            panic!("{error}");
        }
        let store = self.arenas[handle.raw().arena as usize].as_mut();
        match Self::typed_mut::<M>(store).row_mut(handle.raw().index) {
            Some(row) => row,
            None => unreachable!("`begin_change` has checked that it is a row"),
        }
    }
}
