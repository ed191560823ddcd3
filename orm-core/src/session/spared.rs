//! [`TakenAlong`]: what deletes have taken with them in a plan, or in a flush that was given up before anything was sent. `cascade` notes
//! it; a delete that is taken back (`undelete`), and an orphan that gets a parent, take it back as well.

use super::hash::{FastMap, FastSet};
use super::{Session, State};
use crate::model::{RawHandle, RelationInfo};

/// What waits to be deleted, or leads nowhere, because something else is deleted.
#[derive(Default)]
pub(super) struct TakenAlong {
    /// By the parent that is deleted: the child, and the foreign key that led to the parent where the child stays.
    with_parent: FastMap<RawHandle, Vec<(RawHandle, Option<&'static RelationInfo>)>>,
    orphans: FastSet<RawHandle>,
}

impl TakenAlong {
    pub(super) fn clear(&mut self) {
        self.with_parent.clear();
        self.orphans.clear();
    }

    pub(super) fn orphan(&mut self, child: RawHandle) {
        self.orphans.insert(child);
    }
}

impl Session {
    /// A child is about to be deleted with its parent, or to lead nowhere without it (`stays`).
    pub(super) fn note_taken(&mut self, child: RawHandle, via: &'static RelationInfo, stays: bool) {
        if self.is_alive(child)
            && let Some(parent) = self.known_target(child, via).flatten()
        {
            let taken = self.taken_along.with_parent.entry(parent).or_default();
            taken.push((child, stays.then_some(via)));
        }
    }

    /// An entity is not deleted after all, nor is what would have gone with it.
    pub(super) fn spare(&mut self, handle: RawHandle) {
        let mut open = vec![handle];
        while let Some(spared) = open.pop() {
            let slots = self.store_mut(spared).slots_mut();
            slots.heads[spared.index as usize].doomed = false;
            let taken = self.taken_along.with_parent.remove(&spared);
            for (child, via) in taken.unwrap_or_default() {
                match via {
                    _ if self.raw_state(child) != State::Persistent => {}
                    None => open.push(child),
                    Some(via) if self.known_target(child, via) == Some(None) => {
                        self.assign(child, via, Some(spared));
                    }
                    Some(_) => {}
                }
            }
        }
    }

    /// The same of an orphan that has a parent again.
    pub(super) fn spare_orphan(&mut self, child: RawHandle) {
        // Asked for each child of a graph: mostly there is none, and nothing to hash for.
        let orphans = &mut self.taken_along.orphans;
        let was_orphan = !orphans.is_empty() && orphans.remove(&child);
        if was_orphan && self.raw_state(child) == State::Persistent {
            self.spare(child);
        }
    }
}
