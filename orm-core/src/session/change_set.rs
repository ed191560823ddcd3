//! [`ChangeSet`]: what a flush has to do, found in what was touched. The first of the flush's four steps.
//!
//! It costs what was touched, not what is loaded.

use super::hash::{FastMap, FastSet};
use super::key::KeyBytes;
use super::links::LastKey;
use super::{LinkRow, Session, State};
use crate::error::{Error, Result};
use crate::model::{ColumnSet, OnUpdate, RawHandle, RelationInfo, RelationKind, Table};

/// What a flush has to do.
#[derive(Debug, Default)]
pub(crate) struct ChangeSet {
    /// Pending entities, model after model, each in the order of `add`.
    pub inserts: Vec<RawHandle>,
    /// Changed rows, with the columns that differ.
    pub updates: Vec<(RawHandle, ColumnSet)>,
    /// Rows to delete.
    pub deletes: Vec<RawHandle>,
    /// Pending entities among the inserts whose primary key is that of an entity that is deleted, which is not among the
    /// deletes: the one takes the place of the other.
    pub replaces: FastMap<RawHandle, RawHandle>,
    /// Rows of link tables to insert and delete.
    pub links: Vec<LinkRow>,
}

impl ChangeSet {
    pub(crate) fn is_empty(&self) -> bool {
        self.inserts.is_empty()
            && self.updates.is_empty()
            && self.deletes.is_empty()
            && self.links.is_empty()
    }

    /// All entities that are deleted, those too whose place is taken.
    pub(crate) fn gone(&self) -> Vec<RawHandle> {
        let mut gone = self.deletes.clone();
        gone.extend(self.replaces.values());
        gone.sort_unstable();
        gone
    }
}

impl Session {
    /// Whether anything was touched since the last flush: what autoflush asks before every query.
    pub(super) fn has_changes(&self) -> bool {
        !self.link_rows.is_empty()
            || !self.replaced.is_empty()
            || self.arenas.iter().any(|store| store.slots().is_waiting())
    }

    /// Finds what a flush has to do.
    ///
    /// # Errors
    /// What can be seen to be wrong before anything is sent: a version column that was set by hand, a required
    /// relationship without a target.
    pub(super) fn change_set(&mut self) -> Result<ChangeSet> {
        self.copy_set_keys()?;
        let mut changes = ChangeSet {
            links: self.live_links(),
            ..ChangeSet::default()
        };
        for number in 0..self.arenas.len() {
            let store = self.arenas[number].as_ref();
            let slots = store.slots();
            if !slots.is_waiting() {
                continue;
            }
            let (touched, pending) = slots.waiting();
            let pending = pending.into_iter();
            changes
                .inserts
                .extend(pending.map(|index| slots.handle(index)));
            // Mostly what is done to one is done to all.
            match touched.first() {
                Some(first) if slots.heads[*first as usize].doomed => {
                    changes.deletes.reserve(touched.len());
                }
                _ => changes.updates.reserve(touched.len()),
            }
            for index in touched {
                let head = &slots.heads[index as usize];
                if head.state != State::Persistent {
                    continue;
                }
                if head.doomed {
                    changes.deletes.push(slots.handle(index));
                    continue;
                }
                let handle = slots.handle(index);
                let changed = store
                    .changes(index)
                    .union(self.keys_to_come(handle))
                    .union(self.computed_columns(handle));
                if !changed.is_empty() {
                    check_version(slots.table, changed)?;
                    changes.updates.push((handle, changed));
                }
            }
        }
        self.find_replaced(&mut changes);
        Ok(changes)
    }

    /// Pairs deleted entities with pending ones of the same primary key. SQLAlchemy calls it a row switch.
    fn find_replaced(&self, changes: &mut ChangeSet) {
        if changes.deletes.is_empty() || changes.inserts.is_empty() {
            return;
        }
        let mut deleted: FastMap<(u16, KeyBytes), RawHandle> = changes
            .deletes
            .iter()
            .filter_map(|old| Some(((old.arena, self.key_before(*old)?), *old)))
            .collect();
        for new in &changes.inserts {
            let key = self.key_at(*new, self.table(*new).primary_key);
            if let Some(old) = key.and_then(|key| deleted.remove(&(new.arena, key))) {
                changes.replaces.insert(*new, old);
            }
        }
        if !changes.replaces.is_empty() {
            let replaced: FastSet<RawHandle> = changes.replaces.values().copied().collect();
            changes.deletes.retain(|old| !replaced.contains(old));
        }
    }

    /// Copies the keys of targets into the foreign keys of relationships that were set. Those of pending targets without
    /// a key are copied again when they have one.
    fn copy_set_keys(&mut self) -> Result<()> {
        let mut last = LastKey::default();
        for (child, relation) in self.set_links.all() {
            if !matches!(self.raw_state(child), State::Pending | State::Persistent)
                || self.slots(child).heads[child.index as usize].doomed
            {
                continue;
            }
            // Where it was set to what has left the session since, the foreign key stays.
            let Some(target) = self.known_target(child, relation) else {
                continue;
            };
            if target.is_none() {
                self.refuse_if_required(child, relation)?;
            }
            self.copy_next_key(&mut last, child, relation, target);
        }
        Ok(())
    }

    /// The foreign keys of relationships that were set to pending entities: their values come with the INSERT.
    pub(super) fn keys_to_come(&self, child: RawHandle) -> ColumnSet {
        if self.set_links.is_empty() {
            return ColumnSet::EMPTY;
        }
        let waiting = self.set_links.of(child).filter(|relation| {
            let target = self.known_target(child, relation).flatten();
            target.is_some_and(|target| self.raw_state(target) == State::Pending)
        });
        waiting
            .flat_map(|relation| relation.columns().0.iter().copied())
            .collect()
    }

    fn refuse_if_required(&self, child: RawHandle, relation: &'static RelationInfo) -> Result<()> {
        match relation.required_column() {
            None => Ok(()),
            Some(column) => Err(Error::invalid(format!(
                "`{}` of {}#{} leads nowhere, and `{}.{}` must not be NULL: set another target, or delete the row",
                relation.path(),
                relation.from.model,
                child.index,
                relation.from.name,
                relation.from.columns[column as usize].name,
            ))),
        }
    }

    /// The link rows whose two ends are still there.
    fn live_links(&self) -> Vec<LinkRow> {
        let here = |handle: RawHandle| {
            matches!(self.raw_state(handle), State::Pending | State::Persistent)
                && !self.slots(handle).heads[handle.index as usize].doomed
        };
        self.link_rows
            .iter()
            .copied()
            .filter(|row| here(row.owner) && here(row.target))
            .collect()
    }

    /// A foreign key that was set by hand takes the entity out of one parent's collection and into another's; what its
    /// relationship led to is unknown from now on. A relationship that was set wins over it.
    ///
    /// Returns those whose target the session doesn't know, or not yet: it may be inserted by the same flush.
    pub(super) fn follow_hand_set_keys(&mut self) -> Vec<(RawHandle, &'static RelationInfo)> {
        let mut moved = Vec::new();
        for store in &self.arenas {
            let slots = store.slots();
            if !slots.is_waiting() {
                continue;
            }
            let relations = slots.table.relations.iter();
            let keys: Vec<_> = relations
                .filter_map(|relation| match &relation.kind {
                    RelationKind::BelongsTo(key) => Some((*relation, key)),
                    _ => None,
                })
                .collect();
            if keys.is_empty() {
                continue;
            }
            let mut moved_here = Vec::new();
            let mut follow = |index: u32, set: ColumnSet| {
                for (relation, key) in &keys {
                    let handle = slots.handle(index);
                    if key.columns.iter().any(|column| set.contains(*column))
                        && !self.set_links.contains(handle, relation)
                    {
                        moved_here.push((handle, *relation));
                    }
                }
            };
            let (touched, pending) = slots.waiting();
            store.each_change(&touched, &mut follow);
            for index in pending {
                follow(index, store.given(index));
            }
            // One relationship after the other, the rows of each in their order.
            moved_here.sort_by_key(|(_, relation)| relation.index);
            moved.extend(moved_here);
        }
        for (child, relation) in &moved {
            self.follow_key(*child, relation);
        }
        moved.retain(|(child, relation)| self.known_target(*child, relation).is_none());
        moved
    }
}

/// The version column is the session's own.
fn check_version(table: &'static Table, changed: ColumnSet) -> Result<()> {
    match table.version {
        Some(version) if changed.contains(version) => Err(Error::invalid(format!(
            "`{}.{}` is the version column, which the session gives by itself: don't set it",
            table.model, table.columns[version as usize].field
        ))),
        _ => Ok(()),
    }
}

/// The columns that every update gives a new value.
pub(super) fn given_anew(table: &'static Table) -> ColumnSet {
    let columns = table.columns.iter().enumerate();
    columns
        .filter(|(_, column)| column.on_update == OnUpdate::Client)
        .map(|(at, _)| at as u16)
        .collect()
}
