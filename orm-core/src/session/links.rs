//! What a change of a relationship does in memory: both sides at once, and the foreign key.
//!
//! The truth of a relationship along a foreign key is the side that has the key: `push` to a collection is `set` on the
//! child, and the collections follow. The foreign-key column is written at once where the target's key is known, else
//! by the flush, when it is.
//!
//! Who wins where the two are set differently: the relationship that was set, over the column. A column that was set by
//! hand, and nothing else, makes the relationship forget its target; collections follow at the flush, or when the
//! relationship is next loaded or set.

use super::collection::Collection;
use super::key::KeyBytes;
use super::slots::LinkState;
use super::undo::Undo;
use super::{LinkRow, Session, State};
use crate::model::{ColumnSet, RawHandle, RelationInfo, Table};

impl Session {
    /// Some columns of an entity as a key; `None` if one is NULL.
    pub(super) fn key_at(&self, handle: RawHandle, columns: &[u16]) -> Option<KeyBytes> {
        let store = self.store(handle);
        KeyBytes::encode(columns.len(), &mut |part, out| {
            store.encode(handle.index, columns[part], out)
        })
    }

    /// The target of a `belongs_to` that the identity map has under the key in its foreign-key columns.
    pub(super) fn entity_by_key(
        &self,
        relation: &'static RelationInfo,
        key: &KeyBytes,
    ) -> Option<RawHandle> {
        if relation.columns().1 != relation.to.primary_key {
            return None;
        }
        let number = *self.arena_of.get(&relation.to.id())?;
        let slots = self.arenas[number as usize].slots();
        slots.keys.get(key).map(|index| slots.handle(index))
    }

    /// Changes what is known of a relationship, and lets the undo log know what was.
    pub(super) fn set_link(&mut self, handle: RawHandle, relation: u16, state: LinkState) {
        let slots = self.store_mut(handle).slots_mut();
        if let Some(old) = slots.change_link(relation, handle.index, state)
            && self.outlives_rollback(handle)
        {
            self.undo.link(handle, relation, old);
        }
    }

    /// Whether the undo log has to keep what relationships of an entity were. Of one that was added in this transaction only behind a
    /// savepoint: else there is no rollback that leaves it in the session.
    pub(super) fn outlives_rollback(&self, handle: RawHandle) -> bool {
        let created = self.slots(handle).heads[handle.index as usize].created;
        created != self.epoch || self.undo.depth() > 0
    }

    /// The collection of an entity, to be changed together with the undo log.
    pub(super) fn collection_mut(
        &mut self,
        owner: RawHandle,
        relation: u16,
    ) -> Option<&mut Collection> {
        if self.raw_state(owner) == State::Detached {
            return None;
        }
        let slots = self.store_mut(owner).slots_mut();
        slots.collection_mut(relation, owner.index)
    }

    /// Lets a `belongs_to` lead to a target, on both sides.
    pub(super) fn assign(
        &mut self,
        child: RawHandle,
        relation: &'static RelationInfo,
        target: Option<RawHandle>,
    ) {
        if self.key_was_set_by_hand(child, relation) {
            self.follow_key(child, relation);
        }
        let old = self.known_target(child, relation).flatten();
        for inverse in relation.inverses() {
            if let Some(old) = old.filter(|old| Some(*old) != target) {
                self.remove_from(old, inverse, child);
                if target.is_none() && inverse.cascade.delete_orphan {
                    self.orphans.push((child, relation));
                }
            }
            if let Some(target) = target {
                self.spare_orphan(child);
                if inverse.is_to_one() {
                    self.take_unseen_place(target, inverse, relation, child);
                }
                self.insert_into(target, inverse, relation, child);
            }
        }
        self.set_link(child, relation.index, LinkState::One(target));
        self.set_links.insert(child, relation);
        self.touch(child);
        self.copy_key(child, relation, target);
    }

    /// Whether the foreign key of a persistent entity has another value than the database, and not by its relationship.
    fn key_was_set_by_hand(&self, child: RawHandle, relation: &'static RelationInfo) -> bool {
        let touched = self.slots(child).heads[child.index as usize].is_touched();
        touched && !self.set_links.contains(child, relation) && {
            let changed = self.store(child).changes(child.index);
            let columns = relation.columns().0;
            columns.iter().any(|column| changed.contains(*column))
        }
    }

    /// A foreign key was set by hand: where its relationship leads is what the key says, and the collections in memory
    /// follow. Doing it again changes nothing.
    pub(super) fn follow_key(&mut self, child: RawHandle, relation: &'static RelationInfo) {
        let new = self.forget_target(child, relation);
        if let Some(new) = new {
            for inverse in relation.inverses() {
                self.insert_into(new, inverse, relation, child);
            }
        }
    }

    /// A row was read or written anew by the server. Where its foreign keys have changed, it leads somewhere else.
    pub(super) fn follow_row(&mut self, child: RawHandle, changed: ColumnSet) {
        for relation in along(self.table(child), changed) {
            if !self.set_links.contains(child, relation) {
                self.lead_elsewhere(child, relation);
            }
        }
    }

    /// The foreign key of a `belongs_to` is another: both sides follow.
    pub(super) fn lead_elsewhere(&mut self, child: RawHandle, relation: &'static RelationInfo) {
        let Some(new) = self.forget_target(child, relation) else {
            return;
        };
        for inverse in relation.inverses() {
            if !inverse.is_to_one() {
                self.add_to(new, inverse, child);
            } else if !self.replaced.contains(new, inverse) && self.targets(new, inverse).is_some()
            {
                self.set_link(new, inverse.index, LinkState::One(Some(child)));
            }
        }
    }

    /// Forgets where a `belongs_to` led, on both sides, and gives what the identity map has under its foreign key now.
    fn forget_target(
        &mut self,
        child: RawHandle,
        relation: &'static RelationInfo,
    ) -> Option<RawHandle> {
        if self.raw_state(child) == State::Detached {
            return None;
        }
        let linked = match self.slots(child).link(relation.index, child.index) {
            LinkState::One(old) => *old,
            _ => None,
        };
        let before = self.key_before_at(child, relation.columns().0);
        let before = before.and_then(|key| self.entity_by_key(relation, &key));
        self.set_link(child, relation.index, LinkState::NotLoaded);
        let new = self.known_target(child, relation).flatten();
        for old in [linked, before].into_iter().flatten() {
            if Some(old) != new {
                for inverse in relation.inverses() {
                    self.remove_from(old, inverse, child);
                }
            }
        }
        new
    }

    /// Sets a `has_one` from the side without the foreign key.
    pub(super) fn assign_one(
        &mut self,
        owner: RawHandle,
        relation: &'static RelationInfo,
        via: &'static RelationInfo,
        target: Option<RawHandle>,
    ) {
        match self.targets(owner, relation) {
            Some(known) => {
                for old in known {
                    if Some(old) != target {
                        self.assign(old, via, None);
                    }
                }
            }
            None => self.replaced.insert(owner, relation),
        }
        if let Some(target) = target {
            self.assign(target, via, Some(owner));
        }
        self.set_link(owner, relation.index, LinkState::One(target));
    }

    /// Adds or removes a row of a many-to-many's link table, on both sides in memory.
    pub(super) fn tie(
        &mut self,
        owner: RawHandle,
        relation: &'static RelationInfo,
        target: RawHandle,
        added: bool,
    ) {
        let known = self.is_tied(owner, relation, target).or_else(|| {
            let mut inverses = relation.inverses();
            inverses.find_map(|inverse| self.is_tied(target, inverse, owner))
        });
        if known == Some(added) {
            return;
        }
        self.change_collection(owner, relation, target, added);
        for inverse in relation.inverses() {
            self.change_collection(target, inverse, owner, added);
        }
        // What is not a row yet is linked to nothing.
        let is_new = |end| self.raw_state(end) == State::Pending;
        self.link_rows.change(LinkRow {
            relation,
            owner,
            target,
            added,
            was_known: known.is_some() || is_new(owner) || is_new(target),
        });
    }

    /// Whether a member is in a to-many relationship; `None` if that isn't known.
    fn is_tied(
        &self,
        owner: RawHandle,
        relation: &'static RelationInfo,
        member: RawHandle,
    ) -> Option<bool> {
        let slots = self.slots(owner);
        match slots.link(relation.index, owner.index) {
            LinkState::Many(collection) if collection.contains(member) => Some(true),
            LinkState::Many(collection) => {
                let all = !collection.is_partial() && !self.has_expunged(collection.members());
                all.then_some(false)
            }
            _ => {
                let created = slots.heads[owner.index as usize].created > 0;
                created.then_some(false)
            }
        }
    }

    pub(super) fn change_collection(
        &mut self,
        owner: RawHandle,
        relation: &'static RelationInfo,
        member: RawHandle,
        added: bool,
    ) {
        if added {
            self.add_to(owner, relation, member);
        } else {
            self.remove_from(owner, relation, member);
        }
    }

    /// Puts a child into the other side of a `belongs_to`.
    pub(super) fn insert_into(
        &mut self,
        owner: RawHandle,
        inverse: &'static RelationInfo,
        via: &'static RelationInfo,
        child: RawHandle,
    ) {
        if !inverse.is_to_one() {
            return self.add_to(owner, inverse, child);
        }
        let Some(known) = self.targets(owner, inverse) else {
            return;
        };
        for other in known {
            if other != child {
                self.assign(other, via, None);
            }
        }
        self.set_link(owner, inverse.index, LinkState::One(Some(child)));
    }

    /// Puts a member into a collection, if the collection is known.
    fn add_to(&mut self, owner: RawHandle, relation: &'static RelationInfo, member: RawHandle) {
        let slots = self.slots(owner);
        let created = slots.heads[owner.index as usize].created;
        let link = slots.link(relation.index, owner.index);
        if created > 0 && matches!(link, LinkState::NotLoaded) {
            let empty = LinkState::Many(Box::new(Collection::new(Vec::new(), created)));
            self.set_link(owner, relation.index, empty);
        }
        let joined = self
            .collection_mut(owner, relation.index)
            .is_some_and(|collection| collection.push(member));
        if joined && self.outlives_rollback(owner) {
            self.undo.push(Undo::Joined(owner, relation.index, member));
        }
    }

    /// Whether a to-one relationship leads to an entity.
    pub(super) fn holds(
        &self,
        owner: RawHandle,
        relation: &'static RelationInfo,
        target: RawHandle,
    ) -> bool {
        *self.slots(owner).link(relation.index, owner.index) == LinkState::One(Some(target))
    }

    /// Takes a member out of the other side, if that is known.
    pub(super) fn remove_from(
        &mut self,
        owner: RawHandle,
        relation: &'static RelationInfo,
        member: RawHandle,
    ) {
        if self.raw_state(owner) == State::Detached {
            return;
        }
        if self.holds(owner, relation, member) {
            return self.set_link(owner, relation.index, LinkState::One(None));
        }
        let left = self
            .collection_mut(owner, relation.index)
            .and_then(|collection| collection.remove(member));
        if let Some(at) = left
            && self.outlives_rollback(owner)
        {
            self.undo
                .push(Undo::Left(owner, relation.index, member, at));
        }
    }

    /// Writes the target's key into the foreign key, if the target has one yet; NULL where there is no target, into the
    /// columns that can be NULL: one is enough to lead nowhere.
    pub(super) fn copy_key(
        &mut self,
        child: RawHandle,
        relation: &'static RelationInfo,
        target: Option<RawHandle>,
    ) {
        self.copy_next_key(&mut LastKey::default(), child, relation, target);
    }

    /// The same for one child after the other, with the same `last`.
    pub(super) fn copy_next_key(
        &mut self,
        last: &mut LastKey,
        child: RawHandle,
        relation: &'static RelationInfo,
        target: Option<RawHandle>,
    ) {
        match target {
            None => self.write_key(child, relation, None),
            Some(target) => {
                let key = last.of(self, target, relation.columns().1);
                if key.is_some() {
                    self.write_key(child, relation, key);
                }
            }
        }
        last.forget(child);
    }

    fn write_key(
        &mut self,
        child: RawHandle,
        relation: &'static RelationInfo,
        key: Option<&KeyBytes>,
    ) {
        let (columns, references) = relation.columns();
        let mut values = key.map(|key| key.parts(references.len()));
        let store = self.store_mut(child);
        for (column, reference) in columns.iter().zip(references) {
            let ty = relation.to.columns[*reference as usize].ty;
            let raw = ty.raw(values.as_mut().and_then(Iterator::next));
            // NULL does not fit a required column; where all are, the flush says so with the relationship's name.
            let _ = store.write(child.index, *column, raw);
        }
    }
}

/// The key of the target that was asked for last: children stand beside those of the same parent, mostly.
#[derive(Default)]
pub(super) struct LastKey {
    /// Whose it is, in which columns.
    of: Option<(RawHandle, &'static [u16])>,
    key: Option<KeyBytes>,
}

impl LastKey {
    fn of(
        &mut self,
        session: &Session,
        target: RawHandle,
        columns: &'static [u16],
    ) -> Option<&KeyBytes> {
        if self.of != Some((target, columns)) {
            self.of = Some((target, columns));
            self.key = session.key_at(target, columns);
        }
        self.key.as_ref()
    }

    /// A row was written, and with it, it may be, its key.
    fn forget(&mut self, row: RawHandle) {
        self.of.take_if(|(known, _)| *known == row);
    }
}

/// The `belongs_to` relationships of a table whose foreign keys have one of some columns.
pub(super) fn along(
    table: &'static Table,
    columns: ColumnSet,
) -> impl Iterator<Item = &'static RelationInfo> {
    let relations = table.relations.iter().copied();
    relations.filter(move |relation| {
        let key = relation.foreign_key();
        key.is_some_and(|key| key.columns.iter().any(|column| columns.contains(*column)))
    })
}
