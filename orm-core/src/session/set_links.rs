//! [`SetLinks`]: the `belongs_to` relationships that were set since the last flush. `links` notes them, the flush copies keys
//! along them.

use super::hash::FastMap;
use crate::model::{RawHandle, RelationInfo};

/// The relationships that were set, by child, each once and in the order of the table's description.
#[derive(Debug, Default)]
pub(super) struct SetLinks(FastMap<RawHandle, Vec<&'static RelationInfo>>);

impl SetLinks {
    pub(super) fn insert(&mut self, child: RawHandle, relation: &'static RelationInfo) {
        let of_child = self.0.entry(child).or_default();
        if let Err(place) = of_child.binary_search_by_key(&relation.index, |other| other.index) {
            of_child.insert(place, relation);
        }
    }

    pub(super) fn remove(&mut self, child: RawHandle, relation: &'static RelationInfo) {
        if let Some(of_child) = self.0.get_mut(&child) {
            of_child.retain(|other| other.index != relation.index);
        }
    }

    pub(super) fn remove_all_of(&mut self, child: RawHandle) {
        self.0.remove(&child);
    }

    pub(super) fn contains(&self, child: RawHandle, relation: &'static RelationInfo) -> bool {
        self.of(child).any(|other| other.index == relation.index)
    }

    pub(super) fn of(&self, child: RawHandle) -> impl Iterator<Item = &'static RelationInfo> {
        let of_child = self.0.get(&child).into_iter();
        of_child.flatten().copied()
    }

    /// One of a child's, by its place: for those who change the session between one and the next.
    pub(super) fn at(&self, child: RawHandle, place: usize) -> Option<&'static RelationInfo> {
        self.of(child).nth(place)
    }

    /// All of them, in the order of the children.
    pub(super) fn all(&self) -> Vec<(RawHandle, &'static RelationInfo)> {
        let mut children: Vec<_> = self.0.iter().collect();
        children.sort_unstable_by_key(|(child, _)| **child);
        let of_child = |(child, relations): (&RawHandle, &Vec<_>)| {
            let child = *child;
            let relations = relations.clone();
            relations.into_iter().map(move |relation| (child, relation))
        };
        children.into_iter().flat_map(of_child).collect()
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}
