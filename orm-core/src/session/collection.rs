//! [`Collection`]: the members of a to-many relationship of one entity, in order and each once.
//!
//! It is changed in place, and the undo log is told of the one member that came or went. A push costs the same however
//! many there are.

use super::hash::FastSet;
use crate::model::RawHandle;

/// From this length on membership is looked up instead of searched for.
const LONG: usize = 32;

/// What is known of a to-many relationship of one entity.
///
/// It may hold handles of entities that are gone or about to go: readers pass over them. So a delete doesn't have to know
/// all collections that an entity is in, and a rollback finds it at its place.
#[derive(Debug, Clone)]
pub(crate) struct Collection {
    members: Vec<RawHandle>,
    /// The members as a set, made at the first change of a long one.
    index: Option<FastSet<RawHandle>>,
    /// Whether a condition or a limit left members out, so that nothing can be told from what is absent.
    partial: bool,
    /// The transaction in which it was loaded.
    epoch: u32,
}

impl Collection {
    /// All members, as they are in a transaction.
    pub(crate) fn new(members: Vec<RawHandle>, epoch: u32) -> Self {
        Collection {
            members,
            index: None,
            partial: false,
            epoch,
        }
    }

    /// The same, of which a condition or a limit left members out.
    pub(crate) fn partial(self) -> Self {
        Collection {
            partial: true,
            ..self
        }
    }

    /// Whether these are all members that there are in a transaction.
    pub(crate) fn is_complete_in(&self, epoch: u32) -> bool {
        !self.partial && self.epoch == epoch
    }

    pub(crate) fn members(&self) -> &[RawHandle] {
        &self.members
    }

    pub(crate) fn is_partial(&self) -> bool {
        self.partial
    }

    pub(crate) fn contains(&self, member: RawHandle) -> bool {
        match &self.index {
            Some(index) => index.contains(&member),
            None => self.members.contains(&member),
        }
    }

    /// Appends a member; false if it is there already.
    pub(crate) fn push(&mut self, member: RawHandle) -> bool {
        self.build_index();
        let is_new = match &mut self.index {
            Some(index) => index.insert(member),
            None => !self.members.contains(&member),
        };
        if is_new {
            self.members.push(member);
        }
        is_new
    }

    /// Takes a member out and says where it stood.
    pub(crate) fn remove(&mut self, member: RawHandle) -> Option<usize> {
        self.build_index();
        if let Some(index) = &mut self.index
            && !index.remove(&member)
        {
            return None;
        }
        // The first and the last are found at once: those are what loops and rollbacks take out.
        let at = match self.members.first() {
            Some(first) if *first == member => 0,
            _ => self.members.iter().rposition(|other| *other == member)?,
        };
        self.members.remove(at);
        Some(at)
    }

    /// Keeps some members. Of a collection that isn't in use yet: the undo log doesn't know.
    pub(crate) fn retain(&mut self, keep: impl Fn(RawHandle) -> bool) {
        self.index = None;
        self.members.retain(|member| keep(*member));
    }

    /// Puts a member that was removed back to its place.
    pub(crate) fn put_back(&mut self, at: usize, member: RawHandle) {
        if let Some(index) = &mut self.index {
            index.insert(member);
        }
        self.members.insert(at.min(self.members.len()), member);
    }

    fn build_index(&mut self) {
        if self.index.is_none() && self.members.len() >= LONG {
            self.index = Some(self.members.iter().copied().collect());
        }
    }
}

/// The index follows from the members.
impl PartialEq for Collection {
    fn eq(&self, other: &Self) -> bool {
        (self.partial, self.epoch) == (other.partial, other.epoch) && self.members == other.members
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handle(index: u32) -> RawHandle {
        RawHandle {
            session: 1,
            arena: 0,
            index,
            generation: 0,
        }
    }

    fn indices(collection: &Collection) -> Vec<u32> {
        let members = collection.members().iter();
        members.map(|member| member.index).collect()
    }

    #[test]
    fn a_member_is_there_once() {
        for length in [3, 100] {
            let mut collection = Collection::new((0..length).map(handle).collect(), 1);
            assert!(!collection.push(handle(1)));
            assert!(collection.push(handle(length)));
            assert!(!collection.push(handle(length)));
            assert_eq!(indices(&collection), (0..=length).collect::<Vec<_>>());
        }
    }

    #[test]
    fn what_is_put_back_stands_where_it_stood() {
        for length in [3, 100] {
            let mut collection = Collection::new((0..length).map(handle).collect(), 1);
            let at = collection.remove(handle(1)).unwrap();
            assert_eq!(collection.remove(handle(1)), None);
            assert!(!collection.contains(handle(1)));
            collection.put_back(at, handle(1));
            assert!(collection.contains(handle(1)));
            assert_eq!(indices(&collection), (0..length).collect::<Vec<_>>());
        }
    }
}
