//! What a delete takes with it: the pre-pass of a flush, which repeats until nothing new joins.
//!
//! Children of a deleted parent are deleted with it where the relationship cascades, else their foreign key becomes NULL.
//! Children that aren't loaded are loaded first, one statement a relationship and level, never one a parent; with
//! `passive_deletes` they are left to the database's ON DELETE, and those that are in memory follow, whether the
//! collection is loaded or not. Where a new row takes the parent's place, no DELETE is sent, so there they are loaded, too.
//! Orphans are deleted where the relationship says so.

use super::hash::FastSet;
use super::{Session, State};
use crate::error::{Error, Result};
use crate::model::{RawHandle, RelationInfo, RelationKind, Table};

impl Session {
    /// Finds all that goes with what is deleted, loading children that aren't known.
    pub(super) async fn cascade(&mut self) -> Result<()> {
        if self.takes_nothing_along() {
            return Ok(());
        }
        // Boxed: it is seldom needed, and no flush should carry the future of loading.
        Box::pin(self.cascade_to_all()).await
    }

    /// Whether nothing is deleted that others belong to, or may have to be: so it is of most flushes.
    fn takes_nothing_along(&self) -> bool {
        let mut all_slots = self.arenas.iter().map(|store| store.slots());
        self.orphans.is_empty()
            && self.replaced.is_empty()
            && !all_slots.any(|slots| slots.any_doomed() && has_children(slots.table))
    }

    async fn cascade_to_all(&mut self) -> Result<()> {
        self.forget_reading();
        self.doom_orphans();
        if self.replaced.is_empty() {
            self.refuse_known()?;
        }
        self.let_go_of_replaced().await?;
        self.doom_orphans();
        let mut seen = FastSet::default();
        let mut held = Vec::new();
        while let Some(by_table) = self.newly_doomed(&mut seen) {
            for parents in by_table {
                for relation in self.relations_of(&parents) {
                    if from_parent(relation).is_some() {
                        let parents = self.deleted_without_server(parents.clone(), relation);
                        self.load_for_delete(&parents, relation).await?;
                    }
                    let before = held.len();
                    self.cascade_along(&parents, relation, &mut held);
                    if held.len() > before {
                        self.refuse_known()?;
                    }
                }
            }
        }
        self.refuse(&held)
    }

    /// The same as far as it can be told without loading anything.
    pub(super) fn cascade_known(&mut self) -> Result<()> {
        self.doom_orphans();
        let mut seen = FastSet::default();
        let mut held = Vec::new();
        while let Some(by_table) = self.newly_doomed(&mut seen) {
            for parents in by_table {
                for relation in self.relations_of(&parents) {
                    self.cascade_along(&parents, relation, &mut held);
                }
            }
        }
        self.refuse(&held)
    }

    /// Refuses a delete before anything is asked, where what is loaded is enough to tell: all that the delete takes with it
    /// is known, and leaves a child behind that must have its parent.
    fn refuse_known(&self) -> Result<()> {
        let mut open = self.doomed(has_children);
        if open.is_empty() {
            return Ok(());
        }
        let mut gone: FastSet<RawHandle> = self.doomed(|_| true).into_iter().collect();
        let (mut held, mut unknown) = (Vec::new(), Vec::new());
        while let Some(parent) = open.pop() {
            for relation in self.table(parent).relations {
                let Some(via) = from_parent(relation) else {
                    continue;
                };
                let is_known =
                    !relation.cascade.passive_deletes && self.is_complete(parent, relation);
                match is_known.then(|| self.targets(parent, relation)).flatten() {
                    Some(children) if takes_along(relation) => {
                        open.extend(children.into_iter().filter(|child| gone.insert(*child)));
                    }
                    Some(children) if via.required_column().is_some() => {
                        held.extend(children.into_iter().map(|child| (child, *relation)));
                    }
                    Some(_) => {}
                    None if takes_along(relation) => unknown.push(relation.to),
                    None => {}
                }
            }
        }
        // What isn't loaded and goes along may be the very children, or take them along.
        held.retain(|(child, _)| {
            let table = self.table(*child);
            !gone.contains(child) && !unknown.iter().any(|from| takes_rows_of(from, table))
        });
        self.refuse(&held)
    }

    /// Fails where a child must have the parent that is deleted, and nothing has deleted it as well.
    fn refuse(&self, held: &[(RawHandle, &'static RelationInfo)]) -> Result<()> {
        let Some((_, relation)) = held.iter().find(|(child, _)| self.is_alive(*child)) else {
            return Ok(());
        };
        let column = |via: &RelationInfo| {
            via.required_column()
                .map_or("", |at| via.from.columns[at as usize].name)
        };
        let (child, column) = relation
            .owner()
            .map_or(("", ""), |via| (via.from.name, column(via)));
        Err(Error::invalid(format!(
            "deleting a `{}` would set `{child}.{column}` of its `{}` to NULL, which it must not be: delete the children first, \
             or let `{}` cascade: `cascade(delete)`, or `passive_deletes` with ON DELETE in the database",
            relation.from.model,
            relation.name,
            relation.path(),
        )))
    }

    /// What is to be deleted, takes others along, and was not seen before, by table; `None` where that is nothing.
    fn newly_doomed(&self, seen: &mut FastSet<RawHandle>) -> Option<Vec<Vec<RawHandle>>> {
        let mut by_table: Vec<Vec<RawHandle>> = vec![Vec::new(); self.arenas.len()];
        let mut found = false;
        let doomed = self.doomed(has_children);
        if seen.is_empty() {
            seen.reserve(doomed.len());
        }
        for handle in doomed {
            if seen.insert(handle) {
                by_table[handle.arena as usize].push(handle);
                found = true;
            }
        }
        found.then_some(by_table)
    }

    /// The relationships of some rows of one table.
    fn relations_of(&self, rows: &[RawHandle]) -> &'static [&'static RelationInfo] {
        rows.first().map_or(&[], |row| self.table(*row).relations)
    }

    /// What is to be deleted in some tables.
    fn doomed(&self, wanted: impl Fn(&'static Table) -> bool) -> Vec<RawHandle> {
        let mut doomed = Vec::new();
        for store in &self.arenas {
            let slots = store.slots();
            if !wanted(slots.table) {
                continue;
            }
            let here = slots.doomed().into_iter();
            doomed.extend(here.map(|index| slots.handle(index)));
        }
        doomed
    }

    /// A child that was taken out of a parent that deletes its orphans, and has no new one.
    fn doom_orphans(&mut self) {
        for (child, relation) in std::mem::take(&mut self.orphans) {
            if self.raw_state(child) != State::Detached
                && self.known_target(child, relation) == Some(None)
            {
                self.set_links.remove(child, relation);
                if self.is_alive(child) {
                    self.taken_along.orphan(child);
                }
                self.doom(child);
            }
        }
    }

    fn cascade_along(
        &mut self,
        parents: &[RawHandle],
        relation: &'static RelationInfo,
        held: &mut Vec<(RawHandle, &'static RelationInfo)>,
    ) {
        let Some(via) = from_parent(relation) else {
            return;
        };
        let children = if relation.cascade.passive_deletes {
            self.children_in_memory(parents, via)
        } else {
            let of = |parent: &RawHandle| self.targets(*parent, relation).unwrap_or_default();
            parents.iter().flat_map(of).collect()
        };
        for child in children {
            if takes_along(relation) {
                self.note_taken(child, via, false);
                self.doom(child);
            } else if via.required_column().is_some() {
                // Something else may take it along.
                held.push((child, relation));
            } else {
                self.note_taken(child, via, true);
                self.assign(child, via, None);
            }
        }
    }

    /// Those of some deleted parents whose children along a relationship are not the database's to delete.
    pub(super) fn deleted_without_server(
        &self,
        mut parents: Vec<RawHandle>,
        relation: &RelationInfo,
    ) -> Vec<RawHandle> {
        let (Some(first), true) = (parents.first(), relation.cascade.passive_deletes) else {
            return parents;
        };
        let slots = self.slots(*first);
        let key = slots.table.primary_key;
        let pending = slots.pending().into_iter();
        let taken: FastSet<_> = pending
            .filter_map(|index| self.key_at(slots.handle(index), key))
            .collect();
        parents.retain(|parent| {
            let key = self.key_before(*parent);
            key.is_some_and(|key| taken.contains(&key))
        });
        parents
    }

    /// The children of some parents that the session has, as they are in this transaction: where the others are left to
    /// the database. What was read in an earlier one may have another parent by now, and is left to it, too.
    fn children_in_memory(
        &self,
        parents: &[RawHandle],
        via: &'static RelationInfo,
    ) -> Vec<RawHandle> {
        let Some(number) = self.arena_of.get(&via.from.id()) else {
            return Vec::new();
        };
        let (columns, references) = via.columns();
        let keys = parents
            .iter()
            .filter_map(|parent| self.key_before_at(*parent, references));
        let keys: FastSet<_> = keys.collect();
        let parents: FastSet<_> = parents.iter().copied().collect();
        let slots = self.arenas[*number as usize].slots();
        let children = slots.inhabited().map(|index| slots.handle(index));
        children
            .filter(|child| {
                let is_new = self.raw_state(*child) == State::Pending;
                let is_known = is_new || slots.heads[child.index as usize].epoch == self.epoch;
                let is_theirs = || match self.known_target(*child, via) {
                    Some(target) => target.is_some_and(|target| parents.contains(&target)),
                    None => self
                        .key_at(*child, columns)
                        .is_some_and(|key| keys.contains(&key)),
                };
                is_known && self.is_alive(*child) && is_theirs()
            })
            .collect()
    }

    /// A pending entity leaves the session: what cascades goes with it, and other children lead nowhere.
    pub(super) fn let_go_of_children(&mut self, parent: RawHandle) {
        // A child that is its parent's parent must not come back here.
        self.store_mut(parent).slots_mut().heads[parent.index as usize].doomed = true;
        for relation in self.table(parent).relations {
            let Some(via) = from_parent(relation) else {
                continue;
            };
            for child in self.targets(parent, relation).unwrap_or_default() {
                if takes_along(relation) {
                    self.doom(child);
                } else {
                    self.assign(child, via, None);
                }
            }
        }
    }
}

/// Whether deleting rows of one table may delete rows of another.
fn takes_rows_of(from: &'static Table, table: &'static Table) -> bool {
    let (mut open, mut seen) = (vec![from], FastSet::default());
    while let Some(from) = open.pop() {
        if from.id() == table.id() {
            return true;
        }
        if seen.insert(from.id()) {
            let relations = from.relations.iter();
            open.extend(relations.filter(|one| takes_along(one)).map(|one| one.to));
        }
    }
    false
}

/// Whether there may be children of a table's rows, which a delete has to look at.
fn has_children(table: &'static Table) -> bool {
    let mut relations = table.relations.iter();
    relations.any(|relation| from_parent(relation).is_some())
}

/// Whether children are deleted with their parent.
fn takes_along(relation: &RelationInfo) -> bool {
    relation.cascade.delete || relation.cascade.delete_orphan
}

/// The foreign key of the children, where a relationship leads from a parent to children.
fn from_parent(relation: &'static RelationInfo) -> Option<&'static RelationInfo> {
    match &relation.kind {
        _ if relation.members.read_only => None,
        RelationKind::HasMany { via } | RelationKind::HasOne { via } => Some(via),
        _ => None,
    }
}
