//! [`LinkRows`]: rows of many-to-many link tables that wait for the next flush.
//!
//! A row is known by its two ends and the two foreign keys of the link table, so that it is the same row from whichever
//! side it was pushed. Adding and removing it cancel out where it is known whether it is in the database; else the last word counts.

use std::collections::BTreeMap;

use super::hash::{FastMap, FastSet};
use crate::model::{RawHandle, RelationInfo, RelationKind};

/// A row of a many-to-many's link table, to be inserted or deleted.
#[derive(Debug, Clone, Copy)]
pub(super) struct LinkRow {
    pub(super) relation: &'static RelationInfo,
    pub(super) owner: RawHandle,
    pub(super) target: RawHandle,
    pub(super) added: bool,
    /// Whether it was known that the database has the opposite.
    pub(super) was_known: bool,
}

/// The link table's two foreign keys, the one with the lower address first, and what each refers to.
type Ends = [(usize, RawHandle); 2];

/// The rows, each once, in the order in which they were changed.
#[derive(Debug, Default)]
pub(super) struct LinkRows {
    rows: BTreeMap<u64, LinkRow>,
    places: FastMap<Ends, u64>,
    next: u64,
}

impl LinkRows {
    /// A link was added or removed. Where the opposite was waiting, that is taken back.
    pub(super) fn change(&mut self, row: LinkRow) {
        let Some(ends) = ends(&row) else {
            return;
        };
        let Some(place) = self.places.get(&ends) else {
            self.next += 1;
            self.rows.insert(self.next, row);
            self.places.insert(ends, self.next);
            return;
        };
        match self.rows.get_mut(place) {
            Some(old) if old.added == row.added => {}
            Some(old) if !old.was_known => {
                let was_known = false;
                *old = LinkRow { was_known, ..row };
            }
            _ => {
                self.rows.remove(place);
                self.places.remove(&ends);
            }
        }
    }

    /// Takes those out that were changed from the side of some entities.
    pub(super) fn take_of(&mut self, owners: &FastSet<RawHandle>) -> Vec<LinkRow> {
        let taken = self
            .rows
            .extract_if(.., |_, row| owners.contains(&row.owner));
        let taken: Vec<_> = taken.map(|(_, row)| row).collect();
        for ends in taken.iter().filter_map(ends) {
            self.places.remove(&ends);
        }
        taken
    }

    /// What waits along a relationship, from either side: for each of its owners the targets, and whether they come.
    pub(super) fn along(
        &self,
        relation: &'static RelationInfo,
    ) -> FastMap<RawHandle, Vec<(RawHandle, bool)>> {
        let mut found: FastMap<RawHandle, Vec<(RawHandle, bool)>> = FastMap::default();
        let wanted = keys(relation);
        for row in self.rows.values() {
            let have = keys(row.relation);
            if have == wanted {
                let targets = found.entry(row.owner).or_default();
                targets.push((row.target, row.added));
            } else if have.map(|(near, far)| (far, near)) == wanted {
                let targets = found.entry(row.target).or_default();
                targets.push((row.owner, row.added));
            }
        }
        found
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &LinkRow> {
        self.rows.values()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.rows.clear();
        self.places.clear();
    }
}

fn ends(row: &LinkRow) -> Option<Ends> {
    let (near, far) = keys(row.relation)?;
    let mut ends = [(near, row.owner), (far, row.target)];
    ends.sort_unstable();
    Some(ends)
}

/// What tells a many-to-many's two foreign keys apart.
fn keys(relation: &'static RelationInfo) -> Option<(usize, usize)> {
    match &relation.kind {
        RelationKind::ManyToMany { near, far } => Some((
            std::ptr::from_ref(*near).addr(),
            std::ptr::from_ref(*far).addr(),
        )),
        _ => None,
    }
}
