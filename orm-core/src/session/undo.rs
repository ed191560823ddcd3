//! [`UndoLog`]: what a rollback puts back in memory.
//!
//! Before an entity or a relationship is changed for the first time in a frame (the transaction, or a savepoint in it),
//! what it was is appended here. A frame is a position in the log: rolling back takes entries off the end and puts each
//! back, until the position is reached. Releasing a savepoint forgets its position, and with that its entries belong to
//! the frame around it.

use super::copies::CopyId;
use super::slots::LinkState;
use super::{Session, State};
use crate::model::RawHandle;

/// One change, as it is taken back.
pub(crate) enum Undo {
    /// So many entities were rows like these: this one, and those in the slots behind it; their copies are one behind the
    /// other as well. Rows are changed, deleted and added by the thousand.
    Row(RawHandle, CopyId, u32),
    /// So many entities, counted in the same way, were there, with the rows that they have. Of what is deleted no copy is
    /// kept: it stays in its slot until the commit.
    Deleted(RawHandle, u32),
    /// So many entities, counted in the same way, were not in the session.
    Added(RawHandle, u32),
    /// The relationship was like this.
    Link(RawHandle, u16, LinkState),
    /// The relationship of so many entities was not loaded, counted in the same way: a query loads it of all its rows.
    NotLoaded(RawHandle, u16, u32),
    /// The last entity was not in the collection.
    Joined(RawHandle, u16, RawHandle),
    /// The last entity was in the collection, at this place.
    Left(RawHandle, u16, RawHandle, usize),
    /// The entity was created by this session, in the transaction of this number, and had not been expired: its collections were known.
    Created(RawHandle, u32),
    /// The row was read behind a savepoint, and may hold what is about to be rolled back.
    Read(RawHandle),
}

impl Undo {
    /// The entry, as one of each entity that it counts.
    pub(super) fn one_by_one(&self, mut see: impl FnMut(&Undo)) {
        match self {
            Undo::Row(first, copy, count) => {
                (0..*count).for_each(|at| see(&Undo::Row(behind(*first, at), copy.behind(at), 1)));
            }
            Undo::Deleted(first, count) => {
                (0..*count).for_each(|at| see(&Undo::Deleted(behind(*first, at), 1)));
            }
            Undo::Added(first, count) => {
                (0..*count).for_each(|at| see(&Undo::Added(behind(*first, at), 1)));
            }
            Undo::NotLoaded(first, relation, count) => {
                (0..*count).for_each(|at| see(&Undo::NotLoaded(behind(*first, at), *relation, 1)));
            }
            one => see(one),
        }
    }
}

/// The log, and where its frames begin.
#[derive(Default)]
pub(crate) struct UndoLog {
    entries: Vec<Undo>,
    /// For each savepoint, the length of the log when it was made, and its number.
    savepoints: Vec<(usize, u32)>,
    /// Counts frames; the innermost frame's number is what [`Head::saved`](super::slots::Head) is compared with.
    last: u32,
    /// The number of the transaction's own frame.
    base: u32,
}

impl UndoLog {
    /// The number of the innermost frame.
    pub(crate) fn frame(&self) -> u32 {
        self.savepoints
            .last()
            .map_or(self.base, |(_, number)| *number)
    }

    /// The entries from the first to the last, each with the number of savepoints that were open when it was made.
    pub(super) fn entries(&self) -> impl Iterator<Item = (usize, &Undo)> {
        self.entries.iter().enumerate().map(|(at, undo)| {
            let open = self.savepoints.iter().take_while(|(from, _)| *from <= at);
            (open.count(), undo)
        })
    }

    /// How many savepoints are open.
    pub(crate) fn depth(&self) -> usize {
        self.savepoints.len()
    }

    pub(crate) fn push(&mut self, undo: Undo) {
        self.entries.push(undo);
    }

    /// An entity's row is about to be changed, for the first time in the frame. One behind the other is one entry, as long as
    /// no savepoint stands between them.
    pub(crate) fn changed(&mut self, handle: RawHandle, copy: CopyId) {
        match self.last_of_frame() {
            Some(Undo::Row(first, first_copy, count))
                if handle == behind(*first, *count) && copy == first_copy.behind(*count) =>
            {
                *count += 1;
            }
            _ => self.push(Undo::Row(handle, copy, 1)),
        }
    }

    /// An entity was added. One behind the other is one entry as well.
    pub(crate) fn added(&mut self, handle: RawHandle) {
        match self.last_of_frame() {
            Some(Undo::Added(first, count)) if handle == behind(*first, *count) => *count += 1,
            _ => self.push(Undo::Added(handle, 1)),
        }
    }

    /// A relationship has changed, and was like this. What was not loaded is one entry as well.
    pub(crate) fn link(&mut self, handle: RawHandle, relation: u16, old: LinkState) {
        if old != LinkState::NotLoaded {
            return self.push(Undo::Link(handle, relation, old));
        }
        match self.last_of_frame() {
            Some(Undo::NotLoaded(first, of, count))
                if *of == relation && handle == behind(*first, *count) =>
            {
                *count += 1;
            }
            _ => self.push(Undo::NotLoaded(handle, relation, 1)),
        }
    }

    /// An entity, last saved in the frame `saved`, is deleted or about to be. One behind the other is one entry as well.
    pub(crate) fn deleted(&mut self, handle: RawHandle, saved: u32) {
        if saved > self.frame() {
            return; // What it was is in the log already.
        }
        match self.last_of_frame() {
            Some(Undo::Deleted(first, count)) if handle == behind(*first, *count) => *count += 1,
            _ => self.push(Undo::Deleted(handle, 1)),
        }
    }

    fn last_of_frame(&mut self) -> Option<&mut Undo> {
        let from = self.savepoints.last().map_or(0, |(from, _)| *from);
        self.entries[from..].last_mut()
    }

    /// Opens a savepoint's frame and gives its number.
    pub(crate) fn open(&mut self) -> u32 {
        self.last += 1;
        self.savepoints.push((self.entries.len(), self.last));
        self.last
    }

    /// Closes savepoints until `depth` are open; their entries stay.
    pub(crate) fn release_to(&mut self, depth: usize) {
        self.savepoints.truncate(depth);
    }

    /// The transaction was committed: there is nothing to take back.
    pub(crate) fn forget(&mut self) {
        self.entries.clear();
        self.savepoints.clear();
        self.last += 1;
        self.base = self.last;
    }

    /// Closes savepoints until `depth` are open and takes their entries off; with `None` the whole transaction's.
    fn take_back(&mut self, depth: Option<usize>) -> Vec<Undo> {
        let position = match depth {
            Some(depth) => self
                .savepoints
                .get(depth)
                .map_or(self.entries.len(), |(at, _)| *at),
            None => 0,
        };
        self.savepoints.truncate(depth.unwrap_or(0));
        self.entries.split_off(position)
    }
}

/// The entity that is so many slots behind another one.
fn behind(first: RawHandle, slots: u32) -> RawHandle {
    let index = first.index + slots;
    RawHandle { index, ..first }
}

/// The entities of an entry that counts them.
fn counted(first: RawHandle, count: u32) -> impl DoubleEndedIterator<Item = RawHandle> {
    (0..count).map(move |slots| behind(first, slots))
}

impl Session {
    /// Keeps what a persistent entity is, before it is changed for the first time in the innermost frame.
    pub(super) fn save(&mut self, handle: RawHandle) {
        let frame = self.undo.frame() + 1;
        if let Some(copy) = self.store_mut(handle).save(handle.index, frame) {
            self.undo.changed(handle, copy);
        }
    }

    /// There is nothing to take back any more.
    pub(super) fn forget_undo(&mut self) {
        self.undo.forget();
        for store in &mut self.arenas {
            store.forget_logged();
        }
    }

    /// A row was read. What was read behind a savepoint is stale when that is rolled back; with the whole transaction
    /// every row is, so nothing is noted outside of savepoints.
    pub(super) fn note_read(&mut self, handle: RawHandle) {
        if self.undo.depth() > 0 {
            self.undo.push(Undo::Read(handle));
        }
    }

    fn put_link_back(&mut self, handle: RawHandle, relation: u16, state: LinkState) {
        if self.raw_state(handle) != State::Detached {
            let slots = self.store_mut(handle).slots_mut();
            slots.replace_link(relation, handle.index, state);
        }
    }

    /// Puts memory back to what it was when the savepoint at `depth` was made; with `None`, when the transaction began.
    pub(super) fn restore(&mut self, depth: Option<usize>) {
        for undo in self.undo.take_back(depth).into_iter().rev() {
            match undo {
                Undo::Row(first, first_copy, count) => {
                    for at in (0..count).rev() {
                        let (handle, copy) = (behind(first, at), first_copy.behind(at));
                        let is_here = self.raw_state(handle) != State::Detached;
                        let store = self.store_mut(handle);
                        if is_here {
                            store.restore(handle.index, copy);
                            store.slots_mut().heads[handle.index as usize].saved = 0;
                        } else {
                            store.drop_copy(copy);
                        }
                    }
                }
                Undo::Deleted(first, count) => {
                    for handle in counted(first, count).rev() {
                        if self.raw_state(handle) != State::Detached {
                            self.store_mut(handle).revive(handle.index);
                        }
                    }
                }
                Undo::Read(handle) => {
                    if self.raw_state(handle) == State::Persistent {
                        self.make_stale(handle);
                    }
                }
                Undo::Created(handle, created) => {
                    if self.raw_state(handle) != State::Detached {
                        let slots = self.store_mut(handle).slots_mut();
                        slots.heads[handle.index as usize].created = created;
                    }
                }
                Undo::Added(first, count) => {
                    for handle in counted(first, count).rev() {
                        if self.raw_state(handle) != State::Detached {
                            self.store_mut(handle).release(handle.index);
                        }
                    }
                }
                Undo::Link(handle, relation, state) => self.put_link_back(handle, relation, state),
                Undo::NotLoaded(first, relation, count) => {
                    for handle in counted(first, count).rev() {
                        self.put_link_back(handle, relation, LinkState::NotLoaded);
                    }
                }
                Undo::Joined(handle, relation, member) => {
                    if let Some(collection) = self.collection_mut(handle, relation) {
                        collection.remove(member);
                    }
                }
                Undo::Left(handle, relation, member, at) => {
                    if let Some(collection) = self.collection_mut(handle, relation) {
                        collection.put_back(at, member);
                    }
                }
            }
        }
        // A flush goes before every savepoint, so whatever waits for the next flush came after it.
        self.set_links.clear();
        self.expressions.clear();
        self.link_rows.clear();
        self.orphans.clear();
        self.taken_along.clear();
        self.is_flushing = false;
        self.forget_reading();
        self.replaced.clear();
        let arenas = &self.arenas;
        self.gone.retain(|handle| {
            let head = arenas[handle.arena as usize].slots().head(*handle);
            head.is_some_and(|head| head.state == State::Deleted)
        });
    }
}
