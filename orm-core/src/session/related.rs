//! Relationships in memory: reading what is loaded, and changing both sides at once. Nothing here does I/O.
//!
//! The truth of a relationship along a foreign key is the side that has the key: `push` to a collection is `set` on the
//! child, and the collections follow. The foreign-key column is written at once where the target's key is known, else
//! by the flush, when it is.

use std::ops::Deref;

use bytes::BytesMut;

use super::key::KeyBytes;
use super::slots::LinkState;
use super::undo::Undo;
use super::{LinkRow, Session, State};
use crate::error::{Error, Result};
use crate::model::{
    Handle, Many, ManyThrough, Model, One, OptionalOne, RawHandle, Relation, RelationInfo,
    RelationKind, RelationShape, Target, ToMany, ToOne,
};
use crate::types::Raw;

impl Session {
    /// What a relationship leads to: a `Handle`, an `Option<Handle>` or `Handles`, as the relationship's type says. Only
    /// what is in memory: nothing is sent. A to-one whose foreign key is NULL, or whose target is in the identity map,
    /// counts as loaded. SQLAlchemy: attribute access with `lazy="raise"`.
    ///
    /// # Errors
    /// [`Error::NotLoaded`] that names the relationship and the calls that load it, [`Error::Detached`].
    pub fn related<From: Model, To: Target, Shape: RelationShape>(
        &self,
        handle: Handle<From>,
        relation: Relation<From, To, Shape>,
    ) -> Result<Shape::Value<To::Model>> {
        self.check(handle)?;
        let info = relation.info();
        self.targets(handle.raw(), info)
            .map(|targets| targets.into_iter().map(Handle::from_raw).collect())
            .and_then(Shape::value)
            .ok_or(Error::NotLoaded {
                model: From::TABLE.model,
                relationship: info.name,
            })
    }

    /// A read-only view of an entity: derefs to the row, and follows relationships without naming the session again.
    ///
    /// # Panics
    /// As `db[handle]`.
    #[track_caller]
    pub fn view<M: Model>(&self, handle: Handle<M>) -> View<'_, M> {
        let row = &self[handle];
        View {
            session: self,
            handle,
            row,
        }
    }

    /// Sets what a to-one relationship leads to, on both sides in memory at once; the foreign key follows at the flush.
    /// Wins over a foreign-key column that was set by hand. SQLAlchemy: assignment to the attribute.
    ///
    /// # Panics
    /// When a handle names no entity of this session.
    #[track_caller]
    pub fn set<From: Model, To: Target, Shape: ToOne>(
        &mut self,
        handle: Handle<From>,
        relation: Relation<From, To, Shape>,
        target: impl Into<Shape::Value<To::Model>>,
    ) {
        let target = Shape::target(target.into()).map(Handle::raw);
        let info = relation.info();
        self.must_be_here(handle.raw(), info.from.model);
        if let Some(target) = target {
            self.must_be_here(target, info.to.model);
        }
        match &info.kind {
            RelationKind::HasOne { via } => self.assign_one(handle.raw(), info, via, target),
            _ => self.assign(handle.raw(), info, target),
        }
    }

    /// Puts an entity into a to-many relationship, on both sides in memory at once. One that is there already stays once.
    /// SQLAlchemy: `append`.
    ///
    /// # Panics
    /// When a handle names no entity of this session.
    #[track_caller]
    pub fn push<From: Model, To: Target, Shape: ToMany>(
        &mut self,
        owner: Handle<From>,
        relation: Relation<From, To, Shape>,
        target: Handle<To::Model>,
    ) {
        let info = relation.info();
        self.must_be_here(owner.raw(), info.from.model);
        self.must_be_here(target.raw(), info.to.model);
        match &info.kind {
            RelationKind::HasMany { via } => self.assign(target.raw(), via, Some(owner.raw())),
            _ => self.tie(owner.raw(), info, target.raw(), true),
        }
    }

    /// Takes an entity out of a to-many relationship, on both sides in memory at once; the other side's foreign key
    /// becomes NULL, or the orphan is deleted where the relationship says so. SQLAlchemy: `remove`.
    ///
    /// # Panics
    /// When a handle names no entity of this session.
    #[track_caller]
    pub fn remove<From: Model, To: Target, Shape: ToMany>(
        &mut self,
        owner: Handle<From>,
        relation: Relation<From, To, Shape>,
        target: Handle<To::Model>,
    ) {
        let info = relation.info();
        self.must_be_here(owner.raw(), info.from.model);
        self.must_be_here(target.raw(), info.to.model);
        match &info.kind {
            RelationKind::HasMany { via } => {
                if self.known_target(target.raw(), via) == Some(Some(owner.raw())) {
                    self.assign(target.raw(), via, None);
                }
            }
            _ => self.tie(owner.raw(), info, target.raw(), false),
        }
    }

    #[track_caller]
    fn must_be_here(&self, handle: RawHandle, model: &'static str) {
        if let Err(error) = self.check_raw(handle, model) {
            panic!("{error}");
        }
    }

    /// What a relationship leads to, if that is known.
    pub(super) fn targets(
        &self,
        handle: RawHandle,
        relation: &'static RelationInfo,
    ) -> Option<Vec<RawHandle>> {
        let slots = self.slots(handle);
        let here = |target: &RawHandle| self.raw_state(*target) != State::Detached;
        match slots.link(relation.index, handle.index) {
            LinkState::One(target) => Some(target.iter().copied().filter(here).collect()),
            LinkState::Many(targets) => Some(targets.iter().copied().filter(here).collect()),
            LinkState::NotLoaded => match relation.kind {
                RelationKind::BelongsTo(_) => self
                    .known_target(handle, relation)
                    .map(|target| target.into_iter().collect()),
                _ => slots.heads[handle.index as usize].created.then(Vec::new),
            },
        }
    }

    /// Where a `belongs_to` leads: its link, or what its foreign key says with the help of the identity map. `None` if
    /// that cannot be told without asking the database.
    pub(super) fn known_target(
        &self,
        handle: RawHandle,
        relation: &'static RelationInfo,
    ) -> Option<Option<RawHandle>> {
        if let LinkState::One(target) = self.slots(handle).link(relation.index, handle.index) {
            return Some(*target);
        }
        let RelationKind::BelongsTo(key) = &relation.kind else {
            return None;
        };
        if self.key_at(handle, key.columns).is_none() {
            return Some(None);
        }
        let store = self.store(handle);
        self.entity_by_key(relation, |column, out| {
            store.encode(handle.index, column, out)
        })
        .map(Some)
    }

    /// Some columns of an entity as a key; `None` if one is NULL.
    pub(super) fn key_at(&self, handle: RawHandle, columns: &[u16]) -> Option<KeyBytes> {
        let store = self.store(handle);
        KeyBytes::encode(columns.len(), |part, out| {
            store.encode(handle.index, columns[part], out)
        })
    }

    /// Changes what is known of a relationship, and lets the undo log know what was.
    pub(super) fn set_link(&mut self, handle: RawHandle, relation: u16, state: LinkState) {
        let slots = self.store_mut(handle).slots_mut();
        if *slots.link(relation, handle.index) == state {
            return;
        }
        let old = slots.replace_link(relation, handle.index, state);
        self.undo.push(Undo::Link(handle, relation, old));
    }

    /// Lets a `belongs_to` lead to a target, on both sides.
    pub(super) fn assign(
        &mut self,
        child: RawHandle,
        relation: &'static RelationInfo,
        target: Option<RawHandle>,
    ) {
        let old = self.known_target(child, relation).flatten();
        if old != target {
            for inverse in relation.inverses() {
                if let Some(old) = old {
                    self.remove_from(old, inverse, child);
                    if target.is_none() && inverse.cascade.delete_orphan {
                        self.orphans.push((child, relation));
                    }
                }
                if let Some(target) = target {
                    self.insert_into(target, inverse, relation, child);
                }
            }
        }
        if target.is_some() {
            self.orphans
                .retain(|(other, along)| *other != child || !std::ptr::eq(*along, relation));
        }
        self.set_link(child, relation.index, LinkState::One(target));
        self.set_links.insert(child, relation);
        self.touch(child);
        self.copy_key(child, relation, target);
    }

    /// A foreign key was set by hand: its relationship is no longer known, and the collections in memory follow.
    pub(super) fn follow_key(&mut self, child: RawHandle, relation: &'static RelationInfo) {
        let old = match self.slots(child).link(relation.index, child.index) {
            LinkState::One(old) => *old,
            _ => self.entity_by_key(relation, |column, out| {
                self.store(child).encode_before(child.index, column, out)
            }),
        };
        self.set_link(child, relation.index, LinkState::NotLoaded);
        let new = self.known_target(child, relation).flatten();
        if old == new {
            return;
        }
        for inverse in relation.inverses() {
            if let Some(old) = old {
                self.remove_from(old, inverse, child);
            }
            if let Some(new) = new {
                self.insert_into(new, inverse, relation, child);
            }
        }
    }

    /// The target of a `belongs_to` that the identity map has under the key in its foreign-key columns.
    fn entity_by_key(
        &self,
        relation: &'static RelationInfo,
        column: impl Fn(u16, &mut BytesMut) -> bool,
    ) -> Option<RawHandle> {
        let (columns, references) = relation.columns();
        if references != relation.to.primary_key {
            return None;
        }
        let key = KeyBytes::encode(columns.len(), |part, out| column(columns[part], out))?;
        let number = *self.arena_of.get(&relation.to.id())?;
        let slots = self.arenas[number as usize].slots();
        slots.keys.get(&key).map(|index| slots.handle(*index))
    }

    /// Sets a `has_one` from the side without the foreign key.
    fn assign_one(
        &mut self,
        owner: RawHandle,
        relation: &'static RelationInfo,
        via: &'static RelationInfo,
        target: Option<RawHandle>,
    ) {
        if let LinkState::One(Some(old)) = *self.slots(owner).link(relation.index, owner.index)
            && Some(old) != target
        {
            self.assign(old, via, None);
        }
        match target {
            Some(target) => {
                self.assign(target, via, Some(owner));
                self.set_link(owner, relation.index, LinkState::One(Some(target)));
            }
            None => self.set_link(owner, relation.index, LinkState::One(None)),
        }
    }

    /// Adds or removes a row of a many-to-many's link table, on both sides in memory.
    fn tie(
        &mut self,
        owner: RawHandle,
        relation: &'static RelationInfo,
        target: RawHandle,
        added: bool,
    ) {
        let known = match self.slots(owner).link(relation.index, owner.index) {
            LinkState::Many(targets) => Some(targets.contains(&target)),
            _ => None,
        };
        if known == Some(added) {
            return;
        }
        self.change_collection(owner, relation, target, added);
        for inverse in relation.inverses() {
            self.change_collection(target, inverse, owner, added);
        }
        let waiting = self.link_rows.len();
        self.link_rows
            .retain(|row| !(row.joins(relation, owner, target) && row.added != added));
        if self.link_rows.len() == waiting {
            self.link_rows.push(LinkRow {
                relation,
                owner,
                target,
                added,
            });
        }
    }

    fn change_collection(
        &mut self,
        owner: RawHandle,
        relation: &'static RelationInfo,
        member: RawHandle,
        added: bool,
    ) {
        if added {
            self.add_to(owner, relation, member);
        } else {
            self.remove_from(owner, relation, member);
        }
    }

    /// Puts a child into the other side of a `belongs_to`.
    fn insert_into(
        &mut self,
        owner: RawHandle,
        inverse: &'static RelationInfo,
        via: &'static RelationInfo,
        child: RawHandle,
    ) {
        if !inverse.is_to_one() {
            return self.add_to(owner, inverse, child);
        }
        let known = self.slots(owner).link(inverse.index, owner.index).clone();
        if let LinkState::One(Some(other)) = known
            && other != child
        {
            self.assign(other, via, None);
        }
        let created = self.slots(owner).heads[owner.index as usize].created;
        if created || known != LinkState::NotLoaded {
            self.set_link(owner, inverse.index, LinkState::One(Some(child)));
        }
    }

    /// Puts a member into a collection, if the collection is known.
    pub(super) fn add_to(
        &mut self,
        owner: RawHandle,
        relation: &'static RelationInfo,
        member: RawHandle,
    ) {
        let slots = self.slots(owner);
        let mut members = match slots.link(relation.index, owner.index) {
            LinkState::Many(members) => members.clone(),
            _ if slots.heads[owner.index as usize].created => Vec::new(),
            _ => return,
        };
        if !members.contains(&member) {
            members.push(member);
            self.set_link(owner, relation.index, LinkState::Many(members));
        }
    }

    /// Takes a member out of the other side, if that is known.
    pub(super) fn remove_from(
        &mut self,
        owner: RawHandle,
        relation: &'static RelationInfo,
        member: RawHandle,
    ) {
        if self.raw_state(owner) == State::Detached {
            return;
        }
        let state = match self.slots(owner).link(relation.index, owner.index) {
            LinkState::Many(members) if members.contains(&member) => {
                LinkState::Many(members.iter().copied().filter(|m| *m != member).collect())
            }
            LinkState::One(Some(other)) if *other == member => LinkState::One(None),
            _ => return,
        };
        self.set_link(owner, relation.index, state);
    }

    /// Writes the target's key into the foreign key, if the target has one yet; NULL where there is no target.
    pub(super) fn copy_key(
        &mut self,
        child: RawHandle,
        relation: &'static RelationInfo,
        target: Option<RawHandle>,
    ) {
        let (columns, references) = relation.columns();
        let values: Option<Vec<_>> = match target {
            None => Some(columns.iter().map(|_| None).collect()),
            Some(target) => {
                let store = self.store(target);
                references
                    .iter()
                    .map(|column| {
                        let mut out = BytesMut::new();
                        store
                            .encode(target.index, *column, &mut out)
                            .then_some(Some(out))
                    })
                    .collect()
            }
        };
        let Some(values) = values else { return };
        for (at, value) in values.into_iter().enumerate() {
            let ty = relation.to.columns[references[at] as usize].ty;
            let raw = Raw {
                bytes: value.as_deref(),
                oid: ty.oid,
                type_name: ty.name,
            };
            // NULL does not fit a required foreign key; the flush says so, with the relationship's name.
            let _ = self.store_mut(child).write(child.index, columns[at], raw);
        }
    }
}

impl LinkRow {
    /// Whether it is the row that ties the two along the relationship, seen from either side.
    pub(super) fn joins(
        &self,
        relation: &'static RelationInfo,
        owner: RawHandle,
        target: RawHandle,
    ) -> bool {
        (std::ptr::eq(self.relation, relation) && self.owner == owner && self.target == target)
            || (self.owner == target
                && self.target == owner
                && relation
                    .inverses()
                    .any(|inverse| std::ptr::eq(inverse, self.relation)))
    }
}

/// A read-only view of an entity: [`Session::view`]. `Copy`; derefs to the row.
pub struct View<'db, M> {
    session: &'db Session,
    handle: Handle<M>,
    row: &'db M,
}

impl<M> Clone for View<'_, M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M> Copy for View<'_, M> {}

impl<M: std::fmt::Debug> std::fmt::Debug for View<'_, M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.row.fmt(f)
    }
}

impl<M> Deref for View<'_, M> {
    type Target = M;

    fn deref(&self) -> &M {
        self.row
    }
}

impl<'db, M: Model> View<'db, M> {
    /// The handle of the entity.
    pub fn handle(&self) -> Handle<M> {
        self.handle
    }

    /// The row, for as long as the session is borrowed.
    pub fn row(&self) -> &'db M {
        self.row
    }

    /// Views of what a relationship leads to: a view, an `Option` of one, or an iterator, as the relationship's type
    /// says.
    ///
    /// # Errors
    /// As [`Session::related`]; [`Error::Pending`] where a related entity was not flushed.
    pub fn related<To: Target, Shape: ViewShape>(
        self,
        relation: Relation<M, To, Shape>,
    ) -> Result<Shape::View<'db, To::Model>> {
        let value = self.session.related(self.handle, relation)?;
        Shape::view(self.session, value)
    }
}

/// How a view of what a relationship leads to looks.
pub trait ViewShape: RelationShape {
    /// A [`View`], an `Option` of one, or an iterator of them.
    type View<'db, M: Model>;

    /// The views of handles.
    ///
    /// # Errors
    /// [`Error::Pending`].
    fn view<M: Model>(db: &Session, value: Self::Value<M>) -> Result<Self::View<'_, M>>;
}

fn view<M: Model>(db: &Session, handle: Handle<M>) -> Result<View<'_, M>> {
    let row = db.peek(handle)?;
    Ok(View {
        session: db,
        handle,
        row,
    })
}

impl ViewShape for One {
    type View<'db, M: Model> = View<'db, M>;

    fn view<M: Model>(db: &Session, value: Handle<M>) -> Result<View<'_, M>> {
        view(db, value)
    }
}

impl ViewShape for OptionalOne {
    type View<'db, M: Model> = Option<View<'db, M>>;

    fn view<M: Model>(db: &Session, value: Option<Handle<M>>) -> Result<Option<View<'_, M>>> {
        value.map(|handle| view(db, handle)).transpose()
    }
}

macro_rules! many {
    ($($shape:ident),*) => { $(
        impl ViewShape for $shape {
            type View<'db, M: Model> = std::vec::IntoIter<View<'db, M>>;

            fn view<M: Model>(
                db: &Session,
                value: Self::Value<M>,
            ) -> Result<Self::View<'_, M>> {
                let views: Result<Vec<_>> =
                    value.into_iter().map(|handle| view(db, handle)).collect();
                Ok(views?.into_iter())
            }
        }
    )* };
}

many!(Many, ManyThrough);
