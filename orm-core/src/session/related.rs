//! Relationships in memory: reading what is loaded, and the calls that change it. Nothing here does I/O; what a change
//! does to both sides is in `links`.

use super::hash::FastSet;
use super::slots::LinkState;
use super::{Loadable, Session, State};
use crate::error::{Error, Result};
use crate::model::{
    Handle, IntoTarget, Model, RawHandle, Relation, RelationInfo, RelationKind, RelationShape,
    Target, ToMany, ToOne, Writable,
};

impl Session {
    /// What a relationship leads to: a `Handle`, an `Option<Handle>` or `Handles`, as the relationship's type says. Only
    /// what is in memory: nothing is sent. A to-one whose foreign key is NULL, or whose target is in the identity map,
    /// counts as loaded, and so do the collections of what this session has added. Members that are deleted are not
    /// given. SQLAlchemy: attribute access with `lazy="raise"`.
    ///
    /// ```
    #[doc = include_str!("example_shop.txt")]
    /// let order = Order::query().with(Order::USER).with(Order::ITEMS).order_by(Order::ID).first(&mut db).await?.unwrap();
    /// let user: Option<Handle<User>> = db.related(order, Order::USER)?;
    /// for item in db.related(order, Order::ITEMS)? { // an owned list, so the loop may write
    ///     db[item].quantity += 1;
    /// }
    /// assert!(db.related(user.unwrap(), User::ORDERS).is_err()); // nobody has loaded them
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    ///
    /// # Errors
    /// [`Error::NotLoaded`] that names the relationship and the calls that load it, [`Error::Detached`].
    pub fn related<From: Model, To: Target, Shape: RelationShape>(
        &self,
        handle: Handle<From>,
        relation: Relation<From, To, Shape>,
    ) -> Result<Shape::Value<To::Model>> {
        self.check(handle)?;
        let info = relation.info();
        self.targets(handle.raw(), info)
            .map(|targets| targets.into_iter().map(Handle::from_raw).collect())
            .and_then(Shape::value)
            .ok_or(Error::NotLoaded {
                model: From::TABLE.model,
                relationship: info.name,
            })
    }

    /// Sets what a to-one relationship leads to, on both sides in memory at once, and the foreign key with it: at once where
    /// the target has its key; by the flush where the target is new, and until then the column has its old value. SQLAlchemy,
    /// where the column always waits for the flush: assignment to the attribute.
    ///
    /// Wins over a foreign-key column that was set by hand, whichever was set last. A column that was set by hand alone
    /// (`db[order].user_id = Some(2)`) is followed by the next flush: the relationship leads where the key says, and loaded
    /// collections on both sides change.
    ///
    /// ```
    #[doc = include_str!("example_shop.txt")]
    /// let order = db.add(Order::create().total(5));
    /// let bob = User::query().filter(User::NAME.eq("Bob")).with(User::ORDERS).one(&mut db).await?;
    /// db.set(order, Order::USER, bob);
    /// assert_eq!(*db.related(bob, User::ORDERS)?, [order]); // the other side knows
    /// assert_eq!(db[order].user_id, Some(db[bob].id));
    /// db.set(order, Order::USER, None);
    /// assert!(db.related(bob, User::ORDERS)?.is_empty());
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    ///
    /// Setting a `has_one` lets go of what it led to before: its foreign key becomes NULL, or the orphan is deleted where
    /// the relationship says so. Where that isn't loaded, the next flush looks for it with one SELECT. The same holds for a
    /// `belongs_to`, also of a new row, whose other side is a `has_one`: the child takes the place of the one before.
    ///
    /// # Panics
    /// When a handle names no entity of this session.
    #[track_caller]
    pub fn set<From: Model, To: Target, Shape: ToOne + Writable>(
        &mut self,
        handle: Handle<From>,
        relation: Relation<From, To, Shape>,
        target: impl IntoTarget<Shape::Value<To::Model>>,
    ) {
        let target = Shape::target(target.into_target()).map(Handle::raw);
        let info = relation.info();
        self.must_be_here(handle.raw(), info.from.model);
        if let Some(target) = target {
            self.must_be_here(target, info.to.model);
        }
        match &info.kind {
            RelationKind::HasOne { via } => self.assign_one(handle.raw(), info, via, target),
            _ => self.assign(handle.raw(), info, target),
        }
    }

    /// Puts an entity into a to-many relationship, on both sides in memory at once. One that is there already stays once.
    /// A child of another parent moves. Nothing has to be loaded: a collection that isn't known stays so, and has the new
    /// member when it is loaded. In a collection with an `order_by` the new member is the last until it is loaded again. A
    /// link of a `many_to_many` that is in the database already, and wasn't loaded, is no mistake: a row of the link table
    /// says no more than that the two are linked, and the INSERT passes over it. Of a push and a removal of the same link the last
    /// counts; where the collection is known, they cancel out. SQLAlchemy: `append`.
    ///
    /// ```
    #[doc = include_str!("example_shop.txt")]
    /// let users = User::query().with(User::ORDERS).order_by(User::ID).all(&mut db).await?;
    /// let (ann, bob) = (users[0], users[1]);
    /// let order = db.related(ann, User::ORDERS)?[0];
    /// db.push(bob, User::ORDERS, order);
    /// assert_eq!(db.related(ann, User::ORDERS)?.len(), 2);
    /// assert_eq!(db.related(order, Order::USER)?, Some(bob));
    /// db.commit().await?; // UPDATE orders SET user_id = $1 WHERE id = $2
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    ///
    /// # Panics
    /// When a handle names no entity of this session.
    #[track_caller]
    pub fn push<From: Model, To: Target, Shape: ToMany + Writable>(
        &mut self,
        owner: Handle<From>,
        relation: Relation<From, To, Shape>,
        target: Handle<To::Model>,
    ) {
        let info = relation.info();
        self.must_be_here(owner.raw(), info.from.model);
        self.must_be_here(target.raw(), info.to.model);
        match &info.kind {
            RelationKind::HasMany { via } => self.assign(target.raw(), via, Some(owner.raw())),
            _ => self.tie(owner.raw(), info, target.raw(), true),
        }
    }

    /// Takes an entity out of a to-many relationship, on both sides in memory at once; the other side's foreign key
    /// becomes NULL, or the orphan is deleted where the relationship says so. One that isn't in it stays as it is, also where
    /// the database is the first to know: a link of a `many_to_many` that is gone already is no mistake.
    /// SQLAlchemy: `remove`.
    ///
    /// ```
    #[doc = include_str!("example_shop.txt")]
    /// let ann = User::query().with(User::ORDERS.then(Order::ITEMS)).order_by(User::ID).first(&mut db).await?.unwrap();
    /// let order = db.related(ann, User::ORDERS)?[0];
    /// let item = db.related(order, Order::ITEMS)?[0];
    /// db.remove(ann, User::ORDERS, order); // UPDATE orders SET user_id = NULL ..
    /// db.remove(order, Order::ITEMS, item); // DELETE FROM order_items ..: orphans are deleted
    /// db.commit().await?;
    /// assert_eq!(db[order].user_id, None);
    /// assert_eq!(OrderItem::query().count(&mut db).await?, 2);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    ///
    /// # Panics
    /// When a handle names no entity of this session.
    #[track_caller]
    pub fn remove<From: Model, To: Target, Shape: ToMany + Writable>(
        &mut self,
        owner: Handle<From>,
        relation: Relation<From, To, Shape>,
        target: Handle<To::Model>,
    ) {
        let info = relation.info();
        self.must_be_here(owner.raw(), info.from.model);
        self.must_be_here(target.raw(), info.to.model);
        match &info.kind {
            RelationKind::HasMany { via } => {
                if self.leads_to(target.raw(), via, owner.raw()) {
                    self.assign(target.raw(), via, None);
                }
            }
            _ => self.tie(owner.raw(), info, target.raw(), false),
        }
    }

    /// Lets a to-many relationship have these members and no others: those that are there stay, others are taken out as
    /// by [`remove`](Session::remove), new ones put in as by [`push`](Session::push). So only what differs is written.
    /// SQLAlchemy: assignment to a collection.
    ///
    /// ```
    #[doc = include_str!("example_shop.txt")]
    /// let ann = User::query().with(User::ORDERS).order_by(User::ID).first(&mut db).await?.unwrap();
    /// let orders = db.related(ann, User::ORDERS)?;
    /// let new = db.add(Order::create().total(5));
    /// db.replace(ann, User::ORDERS, [orders[0], new])?;
    /// assert_eq!(*db.related(ann, User::ORDERS)?, [orders[0], new]);
    /// db.commit().await?; // an UPDATE for two orders, an INSERT for one
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    ///
    /// # Errors
    /// [`Error::NotLoaded`] where the members aren't known, or only a part of them: what would have to go cannot be told.
    ///
    /// # Panics
    /// When a handle names no entity of this session.
    #[track_caller]
    pub fn replace<From: Model, To: Target, Shape: ToMany + Writable>(
        &mut self,
        owner: Handle<From>,
        relation: Relation<From, To, Shape>,
        members: impl Loadable<To::Model>,
    ) -> Result<()> {
        let info = relation.info();
        self.must_be_here(owner.raw(), info.from.model);
        let members = members.handles();
        let partial = matches!(
            self.slots(owner.raw()).link(info.index, owner.raw().index),
            LinkState::Many(collection) if collection.is_partial()
        );
        let known = self.targets(owner.raw(), info).filter(|_| !partial);
        let known = known.ok_or(Error::NotLoaded {
            model: From::TABLE.model,
            relationship: info.name,
        })?;
        let stay: FastSet<RawHandle> = members.iter().map(|member| member.raw()).collect();
        for member in known {
            if !stay.contains(&member) {
                self.remove(owner, relation, Handle::from_raw(member));
            }
        }
        for member in members {
            self.push(owner, relation, member);
        }
        Ok(())
    }

    #[track_caller]
    fn must_be_here(&self, handle: RawHandle, model: &'static str) {
        if let Err(error) = self.check_raw(handle, model) {
            panic!("{error}");
        }
    }

    /// What a relationship leads to, if that is known.
    pub(super) fn targets(
        &self,
        handle: RawHandle,
        relation: &'static RelationInfo,
    ) -> Option<Vec<RawHandle>> {
        if relation.foreign_key().is_some() {
            return self
                .known_target(handle, relation)
                .map(|target| target.into_iter().collect());
        }
        let slots = self.slots(handle);
        let members = match slots.link(relation.index, handle.index) {
            LinkState::One(target) => target.as_slice(),
            LinkState::Many(collection) => collection.members(),
            LinkState::NotLoaded
                if slots.heads[handle.index as usize].created > 0
                    && !relation.members.read_only =>
            {
                &[]
            }
            LinkState::NotLoaded => return None,
        };
        if self.has_expunged(members) {
            return None;
        }
        let members = members.iter().copied();
        Some(members.filter(|member| self.is_alive(*member)).collect())
    }

    /// Whether some of these have rows that the session doesn't hold any more: then they are not all that there are.
    pub(super) fn has_expunged(&self, members: &[RawHandle]) -> bool {
        !self.expunged.is_empty() && members.iter().any(|member| self.expunged.contains(member))
    }

    /// Whether an entity is one that collections show: not deleted, not about to be, and still in the session.
    pub(super) fn is_alive(&self, handle: RawHandle) -> bool {
        matches!(self.raw_state(handle), State::Pending | State::Persistent)
            && !self.slots(handle).heads[handle.index as usize].doomed
    }

    /// Whether all members of a collection or `has_one` are known as they are in this transaction: what was loaded in an
    /// earlier one is good to read, but others may have added to it.
    pub(super) fn is_complete(&self, handle: RawHandle, relation: &'static RelationInfo) -> bool {
        let slots = self.slots(handle);
        let head = slots.heads[handle.index as usize];
        match slots.link(relation.index, handle.index) {
            LinkState::NotLoaded => head.created == self.epoch,
            // What criteria have hidden is there all the same.
            _ if self.hides(relation.to) => false,
            LinkState::Many(collection) => {
                collection.is_complete_in(self.epoch) && !self.has_expunged(collection.members())
            }
            LinkState::One(target) => {
                head.epoch == self.epoch && !self.has_expunged(target.as_slice())
            }
        }
    }

    /// Where a `belongs_to` leads: its link, or what its foreign key says with the help of the identity map. `None` if
    /// that cannot be told without asking the database.
    pub(super) fn known_target(
        &self,
        handle: RawHandle,
        relation: &'static RelationInfo,
    ) -> Option<Option<RawHandle>> {
        match self.slots(handle).link(relation.index, handle.index) {
            LinkState::One(None) => return Some(None),
            LinkState::One(Some(target)) if self.raw_state(*target) != State::Detached => {
                return Some(Some(*target));
            }
            // Of a target that has left the session the foreign key knows more.
            _ => {}
        }
        match self.key_at(handle, relation.foreign_key()?.columns) {
            None => Some(None),
            Some(key) => self.entity_by_key(relation, &key).map(Some),
        }
    }

    /// Whether a `belongs_to` leads to an entity, by its link or by its foreign key.
    fn leads_to(
        &self,
        child: RawHandle,
        relation: &'static RelationInfo,
        target: RawHandle,
    ) -> bool {
        match self.known_target(child, relation) {
            Some(known) => known == Some(target),
            None => {
                let (columns, references) = relation.columns();
                let key = self.key_at(child, columns);
                key.is_some() && key == self.key_before_at(target, references)
            }
        }
    }
}
