//! Relationships that come with the rows of a statement: what `Loads::plan` has joined is taken off each row here. A to-one
//! is known at once; the members of a collection are gathered over the rows and known after the last.

use super::Session;
use super::collection::Collection;
use super::hash::{FastMap, FastSet};
use super::loader::several;
use crate::error::Result;
use crate::model::{RawHandle, RelationInfo, RelationKind, RowReader, Table};
use crate::query::{JoinedLoad, Loads};

/// The members of joined collections, while rows are read: which of the joined relationships, and whose.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    members: FastMap<(usize, RawHandle), Vec<RawHandle>>,
    /// What each `has_one` led to so far: that there is a second shows itself by its owner coming again.
    ones: FastMap<(usize, RawHandle), RawHandle>,
    /// A member comes once for each combination of the rows that are joined beside it.
    seen: FastSet<(usize, RawHandle, RawHandle)>,
}

impl Gathered {
    fn only_one(
        &mut self,
        relationship: usize,
        owner: RawHandle,
        relation: &'static RelationInfo,
        target: Option<RawHandle>,
    ) -> Result<()> {
        if let (RelationKind::HasOne { .. }, Some(target)) = (&relation.kind, target) {
            let first = *self.ones.entry((relationship, owner)).or_insert(target);
            if first != target {
                return Err(several(relation));
            }
        }
        Ok(())
    }

    fn note(&mut self, relationship: usize, owner: RawHandle, member: Option<RawHandle>) {
        let members = self.members.entry((relationship, owner)).or_default();
        if let Some(member) = member
            && self.seen.insert((relationship, owner, member))
        {
            members.push(member);
        }
    }
}

/// What a query that loads relationships collects while its rows are read.
#[derive(Debug, Default)]
pub(super) struct Loading {
    root: usize,
    /// The root of the row that is being read, and those of all rows, each once.
    current: Option<RawHandle>,
    roots: Vec<RawHandle>,
    seen: FastSet<RawHandle>,
    /// Whether the row that is being read is the first of its root.
    is_first: bool,
    /// The number of the last row of the query, where collections are joined around it.
    number: Option<i64>,
    gathered: Gathered,
}

impl Loading {
    pub(super) fn new(root: &'static Table) -> Self {
        Loading {
            root: root.id(),
            ..Loading::default()
        }
    }

    /// An entity was read off a row.
    pub(super) fn note(&mut self, table: &'static Table, handle: RawHandle) {
        if table.id() == self.root && self.current.is_none() {
            self.current = Some(handle);
            self.is_first = self.seen.insert(handle);
            if self.is_first {
                self.roots.push(handle);
            }
        }
    }
}

impl Session {
    /// Takes what was joined to a row of a query, and says whether the row is one of the query's result: not where it only
    /// brings more members of a collection.
    pub(super) fn read_joined_row(
        &mut self,
        loads: &Loads,
        row: &mut RowReader<'_>,
    ) -> Result<bool> {
        let Some(loading) = &mut self.loading else {
            return Ok(true);
        };
        let root = loading.current.take();
        let mut is_new = loading.is_first || !loads.repeats;
        if loads.numbered {
            let number = row.value()?;
            is_new = loading.number.replace(number) != Some(number);
        }
        let mut gathered = std::mem::take(&mut loading.gathered);
        self.read_joined(&loads.joined, row, root, &mut gathered)?;
        if let Some(loading) = &mut self.loading {
            loading.gathered = gathered;
        }
        Ok(is_new)
    }

    /// The roots of the query whose rows have been read. The collections that came with them are known from here on.
    pub(super) fn take_roots(&mut self, joined: &[JoinedLoad]) -> Vec<RawHandle> {
        let Some(loading) = self.loading.take() else {
            return Vec::new();
        };
        self.attach_gathered(joined, loading.gathered);
        loading.roots
    }

    /// Takes the relationships that were joined to a row.
    pub(super) fn read_joined(
        &mut self,
        joined: &[JoinedLoad],
        row: &mut RowReader<'_>,
        root: Option<RawHandle>,
        gathered: &mut Gathered,
    ) -> Result<()> {
        let mut found: Vec<Option<RawHandle>> = Vec::with_capacity(joined.len());
        for (at, load) in joined.iter().enumerate() {
            let parent = match load.parent {
                None => root,
                Some(before) => found[before],
            };
            let target = self.read_maybe(load.relation.to, row)?;
            if let Some(parent) = parent {
                if load.relation.is_to_one() {
                    gathered.only_one(at, parent, load.relation, target)?;
                    self.attach_one(parent, load.relation, target);
                } else {
                    gathered.note(at, parent, target);
                }
            }
            found.push(target.filter(|_| parent.is_some()));
        }
        Ok(())
    }

    /// The last row was read: the joined collections are known.
    pub(super) fn attach_gathered(&mut self, joined: &[JoinedLoad], gathered: Gathered) {
        let mut collections: FastMap<usize, Vec<(RawHandle, Vec<RawHandle>)>> = FastMap::default();
        for ((at, owner), members) in gathered.members {
            collections.entry(at).or_default().push((owner, members));
        }
        for (at, load) in joined.iter().enumerate() {
            let Some(of_relationship) = collections.remove(&at) else {
                continue;
            };
            let waiting = self.waiting_along(load.relation);
            for (owner, members) in of_relationship {
                let mut loaded = Collection::new(members, self.epoch);
                if load.partial {
                    loaded = loaded.partial();
                }
                self.attach_many(owner, load.relation, loaded, &waiting);
            }
        }
    }
}
