//! What enters and leaves a unit of work: `add`, `insert`, `delete`, `expunge`, `apply`.

use super::{Session, State};
use crate::error::{Error, Result};
use crate::model::{ChangesOf, Handle, Insertable, Model, RawHandle};
use crate::query::Running;

/// For so many rows room is made ahead.
const MOST_AT_ONCE: usize = 1 << 20;

impl Session {
    /// Puts a new entity into the unit of work: a complete `create()` builder, or a row of your own, whose every value is
    /// inserted as it is, the key too. No statement is sent until the next flush. SQLAlchemy: `add`.
    ///
    /// ```
    #[doc = include_str!("example_shop.txt")]
    /// let cara = db.add(User::create().name("Cara"));
    /// let order = db.add(Order::create().total(7).user(cara)); // the handle of a parent that has no key yet
    /// assert!(db.peek(order).is_err()); // pending: it has no row to read
    /// db.commit().await?; // users, then orders; keys come back by RETURNING
    /// assert_eq!(db[order].user_id, Some(db[cara].id));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    /// The entity is pending: `db[handle]` panics until it is flushed, and [`draft`](Session::draft) shows it. A row of your
    /// own with a key of your own doesn't move the sequence of an identity column: the builder is for new rows.
    ///
    /// What the builder's relationships lead to may be new itself, to any depth: the whole graph is added, and becomes one
    /// INSERT for each table. A child needs no foreign key, which it has by where it stands. Its handle comes from
    /// [`related`](Session::related), as the relationships of what is new are known. SQLAlchemy: the `save-update` cascade.
    ///
    /// ```
    #[doc = include_str!("example_shop.txt")]
    /// let order = db.add(
    ///     Order::create().total(40).user(User::create().name("Cara")).items([
    ///         OrderItem::create().product("tea").price(10).quantity(1),
    ///         OrderItem::create().product("cup").price(15).quantity(2),
    ///     ]),
    /// );
    /// let items = db.related(order, Order::ITEMS)?;
    /// db.commit().await?; // three statements: users, orders, order_items
    /// assert_eq!(db[items[1]].order_id, db[order].id);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    ///
    /// A row with the primary key of one that was deleted and not flushed takes its place, by an UPDATE.
    ///
    /// # Panics
    /// When a relationship, however deep, was set to an entity of another session. Nothing was added then.
    #[track_caller]
    pub fn add<I: Insertable<Model = M>, M: Model>(&mut self, new: I) -> Handle<M> {
        Handle::from_raw(self.add_new(new.into_new()))
    }

    /// Adds several. One INSERT is sent for all rows of one model that have the same columns, whatever their number.
    /// SQLAlchemy: `add_all`.
    ///
    /// ```
    #[doc = include_str!("example_shop.txt")]
    /// let users = db.add_all(["Cara", "Dan"].map(|name| User::create().name(name)));
    /// db.flush().await?;
    /// assert!(db[users[0]].id < db[users[1]].id); // keys are given in the order of `add`
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    /// # Panics
    /// As [`add`](Session::add).
    #[track_caller]
    pub fn add_all<I: Insertable<Model = M>, M: Model>(
        &mut self,
        new: impl IntoIterator<Item = I>,
    ) -> Vec<Handle<M>> {
        let new = new.into_iter();
        // What an iterator promises is seldom more than there is room for.
        let rows = new.size_hint().0.min(MOST_AT_ONCE);
        self.arena_mut::<M>().reserve_new(rows);
        new.map(|new| self.add(new)).collect()
    }

    /// Adds an entity and flushes, so that it can be read at once: one INSERT, and what else is pending. Nothing is added before it is
    /// awaited, nor where the pool has no connection in time, or the future is dropped while it waits for one.
    ///
    /// ```
    #[doc = include_str!("example_shop.txt")]
    /// let cara = db.insert(User::create().name("Cara")).await?;
    /// println!("user {}", db[cara].id);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    /// # Errors
    /// As [`flush`](Session::flush).
    ///
    /// # Panics
    /// As [`add`](Session::add).
    pub fn insert<I: Insertable<Model = M>, M: Model>(&mut self, new: I) -> Running<'_, Handle<M>> {
        let new = new.into_new();
        Running::new(async move {
            self.ready().await?;
            // Nobody has the handle before this ends: where there is no connection, nothing is added.
            self.reserve().await?;
            let handle = self.add_new(new);
            self.flush().await?;
            // A hook may have taken the row out.
            self.reserved = None;
            Ok(Handle::from_raw(handle))
        })
    }

    /// Marks an entity to be deleted by the next flush, with what its relationships' cascades take along; a pending one
    /// just leaves the session. SQLAlchemy: `delete`.
    ///
    /// ```
    #[doc = include_str!("example_shop.txt")]
    /// let order = Order::query().first(&mut db).await?.unwrap();
    /// db.delete(order)?;
    /// assert_eq!(db.deleted::<Order>(), [order]);
    /// db.flush().await?; // loads its items, deletes them, deletes the order
    /// assert_eq!(db[order].total, 30); // its last values can be read until the commit
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    /// # Errors
    /// [`Error::Detached`].
    pub fn delete<M: Model>(&mut self, handle: Handle<M>) -> Result<()> {
        match self.doom(handle.raw()) {
            State::Detached => self.check(handle),
            _ => Ok(()),
        }
    }

    /// Takes a [`delete`](Session::delete) back that no flush has seen: the row stays, and what was changed in it is
    /// flushed as ever. Children that a [`plan`](Session::plan) or a rejected flush has marked to go with it stay, too; pending
    /// ones have left the session by then. An entity that isn't to be deleted stays as it is. For hooks that turn deletes into something else
    /// (see [`SessionEvents`](super::SessionEvents)). SQLAlchemy: `add` of an object in `session.deleted`.
    ///
    /// ```
    #[doc = include_str!("example_shop.txt")]
    /// let order = Order::query().first(&mut db).await?.unwrap();
    /// db.delete(order)?;
    /// db.undelete(order)?;
    /// assert!(db.deleted::<Order>().is_empty());
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    /// # Errors
    /// [`Error::Detached`]; of an entity whose DELETE was sent, too, which only a rollback brings back.
    pub fn undelete<M: Model>(&mut self, handle: Handle<M>) -> Result<()> {
        self.check(handle)?;
        let raw = handle.raw();
        if self.raw_state(raw) == State::Deleted {
            return Err(Error::Detached {
                model: M::TABLE.model,
                why: "its row was deleted in this transaction",
            });
        }
        self.spare(raw);
        Ok(())
    }

    /// [`delete`](Session::delete) without the type. Gives the state that the entity was in.
    pub(super) fn doom(&mut self, handle: RawHandle) -> State {
        let state = self.raw_state(handle);
        match state {
            State::Pending => {
                self.let_go_of_children(handle);
                self.discard(handle);
            }
            State::Persistent => {
                let slots = self.arenas[handle.arena as usize].slots_mut();
                slots.touch(handle.index);
                let head = &mut slots.heads[handle.index as usize];
                if !std::mem::replace(&mut head.doomed, true) {
                    self.undo.deleted(handle, head.saved);
                }
            }
            State::Deleted | State::Detached => {}
        }
        state
    }

    /// Takes an entity out of the session without touching the database. Unflushed changes are lost; the handle names
    /// nothing any more. For what was worked on and isn't needed any more in a long run. SQLAlchemy: `expunge`.
    ///
    /// A relationship of another entity that led here is not loaded any more: what it leads to is in the database, and this session
    /// cannot show it. (SQLAlchemy keeps the expunged object in the collection.)
    ///
    /// ```
    #[doc = include_str!("example_shop.txt")]
    /// let order = Order::query().first(&mut db).await?.unwrap();
    /// db.expunge(order)?;
    /// assert_eq!(db.state(order), orm_core::session::State::Detached);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    /// # Errors
    /// [`Error::Detached`].
    pub fn expunge<M: Model>(&mut self, handle: Handle<M>) -> Result<()> {
        self.check(handle)?;
        self.take_away(handle.raw());
        Ok(())
    }

    /// Discards an entity whose row stays in the database: collections that it is in are no longer all that there is.
    pub(super) fn take_away(&mut self, handle: RawHandle) {
        if self.raw_state(handle) == State::Persistent {
            self.expunged.insert(handle);
            self.leave_places(handle);
        }
        self.discard(handle);
    }

    pub(super) fn discard(&mut self, handle: RawHandle) {
        self.set_links.remove_all_of(handle);
        self.expressions.forget(handle);
        self.replaced.forget(handle);
        self.store_mut(handle).release(handle.index);
    }

    /// Writes a set of changes (`#[derive(Changes)]`) into an entity: the values that are present; the others stay. A PATCH
    /// in one line.
    ///
    /// ```
    #[doc = include_str!("example_shop.txt")]
    /// #[derive(Changes)]
    /// #[orm(model = User)]
    /// struct UserPatch {
    ///     name: Option<String>,
    /// }
    /// let ann = User::query().filter(User::NAME.eq("Ann")).one(&mut db).await?;
    /// db.apply(ann, UserPatch { name: Some("Anna".to_owned()) });
    /// assert_eq!(db[ann].name, "Anna");
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    /// # Panics
    /// As `db[handle]`.
    #[track_caller]
    pub fn apply<M: Model>(&mut self, handle: Handle<M>, changes: impl ChangesOf<M>) {
        changes.apply(&mut self[handle]);
    }

    /// Fails where a read-only session has anything to write.
    pub(super) fn refuse_writes(&self) -> Result<()> {
        if !self.options.is_read_only() {
            return Ok(());
        }
        let refuse = |what: &str, model: &str| {
            Err(Error::invalid(format!(
                "this session is read-only, and a `{model}` was {what}: use `engine.session()` to write, or `rollback` \
                 to forget it"
            )))
        };
        for store in &self.arenas {
            let slots = store.slots();
            if !slots.pending().is_empty() {
                return refuse("added", slots.table.model);
            }
            for index in slots.touched() {
                if slots.heads[index as usize].doomed {
                    return refuse("deleted", slots.table.model);
                }
                let handle = slots.handle(index);
                if !store.changes(index).is_empty() || !self.computed_columns(handle).is_empty() {
                    return refuse("changed", slots.table.model);
                }
            }
        }
        if let Some((_, relation)) = self.replaced_of_rows().next() {
            return refuse("changed", relation.from.model);
        }
        match self.link_rows.iter().next() {
            Some(row) => refuse("linked to another row", row.relation.from.model),
            None => Ok(()),
        }
    }

    /// The entities of a model that were added and not flushed, in the order of `add`. SQLAlchemy: `new`.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let used = db.add(Tag::create().word("used"));
    /// assert_eq!(db.new_entities::<Tag>(), [used]);
    /// db.flush().await?;
    /// assert!(db.new_entities::<Tag>().is_empty());
    /// # Ok(())
    /// # }
    /// ```
    pub fn new_entities<M: Model>(&self) -> Vec<Handle<M>> {
        self.handles(|slots| slots.pending())
    }

    /// The entities of a model whose rows differ from the database, as far as the session knows. SQLAlchemy: `dirty`.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let products = Product::query().all(&mut db).await?;
    /// db[products[1]].stock += 1;
    /// assert_eq!(db.dirty::<Product>(), [products[1]]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn dirty<M: Model>(&self) -> Vec<Handle<M>> {
        let touched = self.handles::<M>(|slots| {
            let touched = slots.touched().into_iter();
            touched
                .filter(|index| !slots.heads[*index as usize].doomed)
                .collect()
        });
        touched
            .into_iter()
            .filter(|handle| self.is_modified(*handle))
            .collect()
    }

    /// The entities of a model that the next flush will delete. SQLAlchemy: `deleted`.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let air = db.get::<Product>(1).await?.expect("it is there");
    /// db.delete(air)?;
    /// assert_eq!(db.deleted::<Product>(), [air]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn deleted<M: Model>(&self) -> Vec<Handle<M>> {
        self.handles(|slots| slots.doomed())
    }

    /// Some entities of a model.
    fn handles<M: Model>(&self, wanted: impl Fn(&super::Slots) -> Vec<u32>) -> Vec<Handle<M>> {
        let Some(number) = self.arena_of.get(&M::TABLE.id()) else {
            return Vec::new();
        };
        let slots = self.arenas[*number as usize].slots();
        wanted(slots)
            .into_iter()
            .map(|index| Handle::from_raw(slots.handle(index)))
            .collect()
    }

    /// Whether the entity's row differs from what was last read or written. SQLAlchemy: `is_modified`.
    ///
    /// ```
    #[doc = include_str!("example_shop.txt")]
    /// let ann = User::query().filter(User::NAME.eq("Ann")).one(&mut db).await?;
    /// db[ann].name = "Anna".to_owned();
    /// assert!(db.is_modified(ann));
    /// db[ann].name = "Ann".to_owned();
    /// assert!(!db.is_modified(ann)); // it was touched, and is equal: nothing will be sent
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    pub fn is_modified<M: Model>(&self, handle: Handle<M>) -> bool {
        let raw = handle.raw();
        self.raw_state(raw) == State::Persistent
            && !self
                .store(raw)
                .changes(raw.index)
                .union(self.keys_to_come(raw))
                .union(self.computed_columns(raw))
                .is_empty()
    }

    /// Fails unless the handle names a row that can be read.
    pub(super) fn check_row(&self, handle: RawHandle) -> Result<()> {
        let model = self
            .arenas
            .get(handle.arena as usize)
            .map_or("entity", |store| store.slots().table.model);
        self.check_raw(handle, model)?;
        match self.raw_state(handle) {
            State::Pending => Err(Error::Pending { model }),
            _ => Ok(()),
        }
    }
}
