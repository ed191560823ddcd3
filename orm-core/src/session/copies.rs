//! [`Copies`]: rows of one model as they were before they were changed: what the flush compares with, and what the undo log
//! puts back. The arena looks after them.
//!
//! They lie side by side, since rows are changed by the thousand, and each would be an allocation of its own. Mostly the flush
//! and the log have the same copy of a row; it goes when neither has it.

use std::num::NonZeroU32;

use crate::model::Model;

/// Names a copy among those of its model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CopyId(NonZeroU32);

impl CopyId {
    fn new(place: usize) -> Self {
        let number = NonZeroU32::MIN.saturating_add(place as u32);
        CopyId(number)
    }

    fn place(self) -> usize {
        self.0.get() as usize - 1
    }

    /// The copy so many places behind this one.
    pub(super) fn behind(self, places: u32) -> Self {
        CopyId(self.0.saturating_add(places))
    }
}

struct Copied<M> {
    row: M,
    /// Whether the flush compares with it.
    compared: bool,
    /// How many entries of the undo log have it.
    logged: u32,
}

/// The copies of one model.
pub(super) struct Copies<M> {
    places: Vec<Option<Copied<M>>>,
    free: Vec<u32>,
}

impl<M> Copies<M> {
    pub(super) fn new() -> Self {
        Copies {
            places: Vec::new(),
            free: Vec::new(),
        }
    }

    /// Keeps a row to compare with.
    pub(super) fn compare(&mut self, row: M) -> CopyId {
        self.put(Copied {
            row,
            compared: true,
            logged: 0,
        })
    }

    /// Keeps a row for an entry of the undo log.
    pub(super) fn log(&mut self, row: M) -> CopyId {
        self.put(Copied {
            row,
            compared: false,
            logged: 1,
        })
    }

    /// An entry of the undo log has a copy that is there, too.
    pub(super) fn log_too(&mut self, id: CopyId) {
        self.at(id).logged += 1;
    }

    /// A row that is kept.
    pub(super) fn get(&self, id: CopyId) -> &M {
        match &self.places[id.place()] {
            Some(copied) => &copied.row,
            None => unreachable!("who has a copy's number has the copy"),
        }
    }

    /// There is nothing to compare with any more.
    pub(super) fn uncompare(&mut self, id: CopyId) {
        let copied = self.at(id);
        copied.compared = false;
        if copied.logged == 0 {
            self.free(id);
        }
    }

    /// The log has been cleared.
    pub(super) fn forget_logged(&mut self) {
        for (place, copied) in self.places.iter_mut().enumerate() {
            match copied {
                None => {}
                Some(copied) if copied.compared => copied.logged = 0,
                Some(_) => {
                    *copied = None;
                    self.free.push(place as u32);
                }
            }
        }
        if self.free.len() == self.places.len() {
            self.places.clear();
            self.free.clear();
        }
    }

    fn put(&mut self, copied: Copied<M>) -> CopyId {
        match self.free.pop() {
            Some(place) => {
                self.places[place as usize] = Some(copied);
                CopyId::new(place as usize)
            }
            None => {
                self.places.push(Some(copied));
                CopyId::new(self.places.len() - 1)
            }
        }
    }

    fn at(&mut self, id: CopyId) -> &mut Copied<M> {
        match &mut self.places[id.place()] {
            Some(copied) => copied,
            None => unreachable!("who has a copy's number has the copy"),
        }
    }

    fn free(&mut self, id: CopyId) -> Option<Copied<M>> {
        self.free.push(id.place() as u32);
        self.places[id.place()].take()
    }
}

impl<M: Model> Copies<M> {
    /// The row that is compared with, to be changed. What the log has stays as it is.
    pub(super) fn compared_mut(&mut self, id: &mut CopyId) -> &mut M {
        if self.at(*id).logged > 0 {
            let row = self.get(*id).copy();
            self.uncompare(*id);
            *id = self.compare(row);
        }
        &mut self.at(*id).row
    }

    /// Takes an entry's row off the log.
    pub(super) fn take(&mut self, id: CopyId) -> M {
        let copied = self.at(id);
        copied.logged -= 1;
        if copied.compared || copied.logged > 0 {
            return copied.row.copy();
        }
        match self.free(id) {
            Some(copied) => copied.row,
            None => unreachable!("it was there just now"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_goes_when_neither_the_flush_nor_the_log_has_it() {
        let mut copies = Copies::new();
        let ids = ["a", "b", "c"].map(|row| copies.compare(row));
        assert_eq!(ids[2], ids[0].behind(2));
        copies.log_too(ids[1]);
        copies.uncompare(ids[0]);
        copies.uncompare(ids[1]);
        assert_eq!((copies.get(ids[1]), copies.get(ids[2])), (&"b", &"c"));
        assert_eq!(copies.log("d"), ids[0]); // The place of the first.
        copies.forget_logged();
        assert_eq!(copies.get(ids[2]), &"c");
        assert_eq!(copies.free.len(), 2);
        copies.uncompare(ids[2]);
        copies.forget_logged();
        assert!(copies.places.is_empty() && copies.free.is_empty());
    }
}
