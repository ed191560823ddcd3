//! A graph of new entities enters the session: what `add` does with a draft, and with the drafts that its relationships lead
//! to. Each becomes a pending entity, and the relationships are set as `set` and `push` would; so the flush that follows
//! knows nothing of graphs, and sends one INSERT for each table, or level of a table that refers to itself.

use super::store::Store;
use super::{Session, State};
use crate::error::Error;
use crate::model::{DraftLink, LinkEnd, Model, New, NewRow, RawHandle, RelationInfo, RelationKind};

impl Session {
    /// Adds a draft and all that is new behind it.
    #[track_caller]
    pub(super) fn add_new<M: Model>(&mut self, new: New<M>) -> RawHandle {
        let New { draft, links } = new;
        // Most lead nowhere.
        if !links.is_empty() {
            self.must_be_of_this_session(&links);
        }
        let epoch = self.epoch;
        let arena = self.arena_mut::<M>();
        let index = arena.add(draft, epoch);
        let handle = arena.slots().handle(index);
        self.entered(handle, links);
        handle
    }

    /// The same of a draft whose type is forgotten.
    #[cfg(feature = "json")]
    #[track_caller]
    pub(super) fn add_row(&mut self, new: NewRow) -> RawHandle {
        self.must_be_of_this_session(&new.links);
        self.enter(new)
    }

    /// All or nothing: a graph that was added in part could not be taken back.
    #[track_caller]
    fn must_be_of_this_session(&self, links: &[DraftLink]) {
        if let Err((relation, error)) = self.check_ends(links) {
            panic!("{}: {error}", relation.path());
        }
    }

    /// Whether all entities that a graph leads to are of this session.
    fn check_ends(&self, links: &[DraftLink]) -> Result<(), (&'static RelationInfo, Error)> {
        for link in links {
            match &link.end {
                LinkEnd::Nothing => {}
                LinkEnd::Entity(handle) => self
                    .check_raw(*handle, link.relation.to.model)
                    .map_err(|error| (link.relation, error))?,
                LinkEnd::New(new) => self.check_ends(&new.links)?,
            }
        }
        Ok(())
    }

    fn enter(&mut self, new: NewRow) -> RawHandle {
        let (number, epoch) = (self.arena_number(new.table), self.epoch);
        let store = self.arenas[number as usize].as_mut();
        let index = store.add_any(new.draft.into_any(), epoch);
        let handle = store.slots().handle(index);
        self.entered(handle, new.links);
        handle
    }

    /// A draft was put into its arena: the undo log is told, and its relationships are set.
    fn entered(&mut self, handle: RawHandle, links: Vec<DraftLink>) {
        self.undo.added(handle);
        for link in links {
            let end = match link.end {
                LinkEnd::Nothing => None,
                LinkEnd::Entity(handle) => Some(handle),
                LinkEnd::New(new) => Some(self.enter(new)),
            };
            self.lead_to(handle, link.relation, end);
        }
    }

    /// Sets a to-one, or adds to a to-many, of an entity that was just added.
    fn lead_to(&mut self, from: RawHandle, relation: &'static RelationInfo, to: Option<RawHandle>) {
        debug_assert!(to.is_none_or(|to| self.raw_state(to) != State::Detached));
        match (&relation.kind, to) {
            (RelationKind::BelongsTo(_), to) => self.assign(from, relation, to),
            (RelationKind::HasOne { via }, to) => self.assign_one(from, relation, via, to),
            (RelationKind::HasMany { via }, Some(to)) => self.assign(to, via, Some(from)),
            (RelationKind::ManyToMany { .. }, Some(to)) => self.tie(from, relation, to, true),
            (_, None) => {}
        }
    }
}
