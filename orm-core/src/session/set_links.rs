//! [`SetLinks`]: the `belongs_to` relationships that were set since the last flush. `links` notes them, the flush copies keys
//! along them.
//!
//! A unit of work may set one for each of thousands of new rows, and asks of each several times, so they are found by position
//! and nothing is allocated for each.

use crate::model::{RawHandle, RelationInfo};

/// The relationships that were set.
#[derive(Debug, Default)]
pub(super) struct SetLinks {
    /// In the order in which they were set. One that was taken out again is still here, and has no mark any more.
    set: Vec<(RawHandle, &'static RelationInfo)>,
    /// By arena: the relationships that were ever set, in the order of the table's description.
    marks: Vec<Vec<Marks>>,
}

/// The children of which one relationship was set.
#[derive(Debug)]
struct Marks {
    relation: &'static RelationInfo,
    /// By slot, the generation of the child.
    children: Vec<Option<u32>>,
}

impl Marks {
    fn has(&self, child: RawHandle) -> bool {
        let mark = self.children.get(child.index as usize);
        mark == Some(&Some(child.generation))
    }
}

impl SetLinks {
    pub(super) fn insert(&mut self, child: RawHandle, relation: &'static RelationInfo) {
        let arena = child.arena as usize;
        if self.marks.len() <= arena {
            self.marks.resize_with(arena + 1, Vec::new);
        }
        let of_arena = &mut self.marks[arena];
        let place = of_arena.binary_search_by_key(&relation.index, |marks| marks.relation.index);
        let place = place.unwrap_or_else(|place| {
            let children = Vec::new();
            of_arena.insert(place, Marks { relation, children });
            place
        });
        let children = &mut of_arena[place].children;
        let index = child.index as usize;
        if children.len() <= index {
            children.resize(index + 1, None);
        }
        if children[index].replace(child.generation) != Some(child.generation) {
            self.set.push((child, relation));
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.set.is_empty()
    }

    pub(super) fn remove(&mut self, child: RawHandle, relation: &'static RelationInfo) {
        for marks in self
            .marks
            .get_mut(child.arena as usize)
            .into_iter()
            .flatten()
        {
            if marks.relation.index == relation.index && marks.has(child) {
                marks.children[child.index as usize] = None;
            }
        }
    }

    pub(super) fn remove_all_of(&mut self, child: RawHandle) {
        for marks in self
            .marks
            .get_mut(child.arena as usize)
            .into_iter()
            .flatten()
        {
            if marks.has(child) {
                marks.children[child.index as usize] = None;
            }
        }
    }

    pub(super) fn contains(&self, child: RawHandle, relation: &'static RelationInfo) -> bool {
        self.of(child).any(|other| other.index == relation.index)
    }

    /// Those of a child, in the order of the table's description.
    pub(super) fn of(&self, child: RawHandle) -> impl Iterator<Item = &'static RelationInfo> {
        let of_arena = self.marks.get(child.arena as usize).into_iter().flatten();
        of_arena
            .filter(move |marks| marks.has(child))
            .map(|marks| marks.relation)
    }

    /// One of a child's, by its place: for those who change the session between one and the next.
    pub(super) fn at(&self, child: RawHandle, place: usize) -> Option<&'static RelationInfo> {
        self.of(child).nth(place)
    }

    /// All of them, in the order of the children.
    pub(super) fn all(&self) -> Vec<(RawHandle, &'static RelationInfo)> {
        let set = self.set.iter().copied();
        let mut all: Vec<_> = set
            .filter(|(child, relation)| self.contains(*child, relation))
            .collect();
        all.sort_unstable_by_key(|(child, relation)| (*child, relation.index));
        // One that was taken out and set again stands there twice.
        all.dedup_by_key(|(child, relation)| (*child, relation.index));
        all
    }

    pub(super) fn clear(&mut self) {
        for (child, relation) in std::mem::take(&mut self.set) {
            self.remove(child, relation);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::__private::{broken, rowset};
    use crate::model::Table;

    static PEOPLE: Table = rowset("Person", "people", &[]);
    static MOTHER: RelationInfo = RelationInfo {
        name: "MOTHER",
        ..broken(&PEOPLE)
    };
    static FATHER: RelationInfo = RelationInfo {
        name: "FATHER",
        index: 1,
        ..broken(&PEOPLE)
    };

    fn person(index: u32, generation: u32) -> RawHandle {
        RawHandle {
            session: 1,
            arena: 2,
            index,
            generation,
        }
    }

    fn all(set: &SetLinks) -> Vec<(u32, &'static str)> {
        let all = set.all().into_iter();
        all.map(|(child, relation)| (child.index, relation.name))
            .collect()
    }

    #[test]
    fn all_are_given_once_in_the_order_of_the_children() {
        let mut set = SetLinks::default();
        for (index, relation) in [(7, &FATHER), (3, &MOTHER), (7, &MOTHER), (3, &MOTHER)] {
            set.insert(person(index, 0), relation);
        }
        assert_eq!(all(&set), [(3, "MOTHER"), (7, "MOTHER"), (7, "FATHER")]);
        set.remove(person(7, 0), &MOTHER);
        assert_eq!(all(&set), [(3, "MOTHER"), (7, "FATHER")]);
        set.insert(person(7, 0), &MOTHER);
        assert_eq!(all(&set), [(3, "MOTHER"), (7, "MOTHER"), (7, "FATHER")]);
        set.remove_all_of(person(7, 0));
        assert_eq!(all(&set), [(3, "MOTHER")]);
        set.clear();
        assert!(all(&set).is_empty() && !set.contains(person(3, 0), &MOTHER));
    }

    #[test]
    fn what_was_set_on_a_slots_earlier_inhabitant_is_not_set_on_the_later() {
        let mut set = SetLinks::default();
        set.insert(person(3, 0), &MOTHER);
        assert!(!set.contains(person(3, 1), &MOTHER));
        set.insert(person(3, 1), &MOTHER);
        assert!(set.contains(person(3, 1), &MOTHER) && !set.contains(person(3, 0), &MOTHER));
        assert_eq!(all(&set), [(3, "MOTHER")]);
    }
}
