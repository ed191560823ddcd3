//! `expire`: rows that are to be read again, and what waits for the next flush of them, given up.
//!
//! What waits is wherever its change was made: in the row, in expressions beside it, in foreign keys that relationships were set along, in
//! rows of link tables, in `has_one` that were set unseen. Memory follows on both sides: a child is again where its key says.

use super::hash::FastSet;
use super::link_rows::LinkRow;
use super::slots::{LinkState, STALE};
use super::undo::Undo;
use super::{Session, State};
use crate::error::Result;
use crate::model::{Handle, Model, RawHandle, RelationInfo, RelationKind};

impl Session {
    /// Says that a row must be read again before it is trusted: the next load of it refreshes it, and a write from it is
    /// guarded. Its unflushed changes are given up; its values stay readable. Sends nothing. SQLAlchemy: `expire`.
    ///
    /// Given up is what the flush would have written of it: values, expressions, its foreign keys, from whichever side they were set, links
    /// that were pushed to its collections or removed from them, a `has_one` that was set to `None` without being loaded. What others
    /// have to write stays: a child that was pushed to it has the foreign key, and is flushed unless it is expired as well.
    ///
    /// ```
    #[doc = include_str!("example_shop.txt")]
    /// let ann = User::query().filter(User::NAME.eq("Ann")).one(&mut db).await?;
    /// db.expire(ann)?;
    /// let id = db[ann].id;
    /// db.get::<User>(id).await?; // reads it again, which it would not for a fresh one
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    /// # Errors
    /// [`Error::Detached`](crate::Error::Detached), [`Error::Pending`](crate::Error::Pending).
    pub fn expire<M: Model>(&mut self, handle: Handle<M>) -> Result<()> {
        self.peek(handle)?;
        self.expire_rows(&[handle.raw()]);
        Ok(())
    }

    /// [`expire`](Session::expire) for all entities. SQLAlchemy: `expire_all`.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let air = db.get::<Product>(1).await?.expect("it is there");
    /// shop.elsewhere("UPDATE products SET stock = 3").await?;
    /// db.expire_all();
    /// assert_eq!(db[air].stock, 5); // still readable
    /// db.get::<Product>(1).await?; // and read again
    /// assert_eq!(db[air].stock, 3);
    /// # Ok(())
    /// # }
    /// ```
    pub fn expire_all(&mut self) {
        let all_slots = self.arenas.iter().map(|store| store.slots());
        let all = all_slots.flat_map(|slots| slots.inhabited().map(|index| slots.handle(index)));
        let all: Vec<_> = all.collect();
        self.expire_rows(&all);
    }

    /// [`expire`](Session::expire) for those of some entities that have rows.
    pub(super) fn expire_rows(&mut self, rows: &[RawHandle]) {
        let rows = rows.iter().copied();
        let rows: Vec<_> = rows
            .filter(|row| self.raw_state(*row) == State::Persistent)
            .collect();
        if !self.orphans.is_empty() || !self.link_rows.is_empty() {
            let expired: FastSet<_> = rows.iter().copied().collect();
            self.orphans.retain(|(child, _)| !expired.contains(child));
            for link in self.link_rows.take_of(&expired) {
                self.give_up_link(&link);
            }
        }
        for row in rows {
            self.expire_row(row);
        }
    }

    fn expire_row(&mut self, row: RawHandle) {
        self.expressions.forget(row);
        self.spare_orphan(row);
        let head = self.slots(row).heads[row.index as usize];
        if head.is_touched() {
            let revert = |session: &mut Session| {
                session.store_mut(row).revive(row.index);
                if head.doomed {
                    session.touch_doomed(row);
                }
            };
            self.give_up(row, |_| true, revert);
        }
        self.forget_created(row);
        self.make_stale(row);
        for relation in self.table(row).relations {
            self.expire_link(row, relation);
        }
    }

    /// The row must be read again before it is trusted.
    pub(super) fn make_stale(&mut self, row: RawHandle) {
        self.store_mut(row).slots_mut().heads[row.index as usize].epoch = STALE;
    }

    /// What was deleted stays so.
    fn touch_doomed(&mut self, row: RawHandle) {
        let slots = self.store_mut(row).slots_mut();
        slots.touch(row.index);
        slots.heads[row.index as usize].doomed = true;
    }

    /// The collections of what this session has created were known to be empty; others may have filled them.
    fn forget_created(&mut self, row: RawHandle) {
        let created = self.slots(row).heads[row.index as usize].created;
        if created == 0 {
            return;
        }
        if self.outlives_rollback(row) {
            self.undo.push(Undo::Created(row, created));
        }
        self.store_mut(row).slots_mut().heads[row.index as usize].created = 0;
    }

    /// A relationship of an expired row isn't known any more. A child that waits to be its one is: that is the child's to write.
    fn expire_link(&mut self, row: RawHandle, relation: &'static RelationInfo) {
        if let RelationKind::HasOne { via } = &relation.kind
            && !relation.members.read_only
        {
            if let LinkState::One(Some(child)) = *self.slots(row).link(relation.index, row.index)
                && self.set_links.contains(child, via)
                && self.known_target(child, via) == Some(Some(row))
            {
                return self.replaced.insert(row, relation);
            }
            self.replaced.remove(row, relation);
        }
        self.set_link(row, relation.index, LinkState::NotLoaded);
    }

    /// Forgets the unflushed changes of some columns, and relationships that were set along them.
    pub(super) fn give_up_columns(&mut self, row: RawHandle, columns: &[u16]) {
        self.save(row);
        self.expressions.forget_columns(row, columns);
        let revert = |session: &mut Session| {
            session.store_mut(row).revert(row.index, columns);
        };
        self.give_up(row, |column| columns.contains(column), revert);
    }

    /// Puts columns of a row back to what the database has, by `revert`. Relationships along them lead where they did.
    fn give_up(
        &mut self,
        row: RawHandle,
        along: impl Fn(&u16) -> bool,
        revert: impl FnOnce(&mut Session),
    ) {
        let relations = self.table(row).relations.iter().copied();
        let relations = relations.filter(|relation| {
            let key = relation.foreign_key();
            key.is_some_and(|key| key.columns.iter().any(&along)) && self.was_set(row, relation)
        });
        let moved: Vec<_> = relations
            .map(|relation| (relation, self.known_target(row, relation).flatten()))
            .collect();
        revert(self);
        for (relation, target) in moved {
            self.give_up_target(row, relation, target);
        }
    }

    /// Whether a `belongs_to` leads elsewhere than in the database: by itself, by its foreign key, or as that of an orphan that was about
    /// to be deleted.
    fn was_set(&self, child: RawHandle, relation: &'static RelationInfo) -> bool {
        let slots = self.slots(child);
        let (columns, _) = relation.columns();
        let changed = self.store(child).changes(child.index);
        self.set_links.contains(child, relation)
            || columns.iter().any(|column| changed.contains(*column))
            || slots.heads[child.index as usize].is_touched()
                && *slots.link(relation.index, child.index) == LinkState::One(None)
                && self.key_before_at(child, columns).is_some()
    }

    /// A `belongs_to` leads where the foreign key says, and not where it was set to.
    fn give_up_target(
        &mut self,
        child: RawHandle,
        relation: &'static RelationInfo,
        target: Option<RawHandle>,
    ) {
        self.set_links.remove(child, relation);
        self.set_link(child, relation.index, LinkState::NotLoaded);
        let now = self.known_target(child, relation).flatten();
        for inverse in relation.inverses() {
            if let Some(target) = target
                && !self.give_up_place(target, inverse, child)
                && Some(target) != now
            {
                self.remove_from(target, inverse, child);
            }
            if let Some(now) = now {
                self.take_place_back(now, inverse, relation, child);
            }
        }
    }

    /// A child is with its owner again. Where that waits to lead to another, the flush lets go of this one.
    fn take_place_back(
        &mut self,
        owner: RawHandle,
        relation: &'static RelationInfo,
        via: &'static RelationInfo,
        child: RawHandle,
    ) {
        if let LinkState::One(Some(other)) = *self.slots(owner).link(relation.index, owner.index)
            && other != child
            && self.set_links.contains(other, via)
        {
            self.replaced.insert(owner, relation);
        }
        if !self.replaced.contains(owner, relation) {
            self.insert_into(owner, relation, via, child);
        }
    }

    /// A row of a link table waits no more: its owner is expired, and the other end is as it was.
    fn give_up_link(&mut self, link: &LinkRow) {
        if self.raw_state(link.target) == State::Detached {
            return;
        }
        for inverse in link.relation.inverses() {
            if link.was_known {
                self.change_collection(link.target, inverse, link.owner, !link.added);
            } else {
                self.set_link(link.target, inverse.index, LinkState::NotLoaded);
            }
        }
    }

    /// An entity leaves the session, and with it what waits of it: who was to lead to it alone leads to nobody knows whom.
    pub(super) fn leave_places(&mut self, child: RawHandle) {
        if self.replaced.is_empty() {
            return;
        }
        for relation in self.set_links.of(child).collect::<Vec<_>>() {
            if let Some(owner) = self.known_target(child, relation).flatten() {
                for inverse in relation.inverses() {
                    self.give_up_place(owner, inverse, child);
                }
            }
        }
    }
}
