//! Relationships from the database: what `.with(..)` and `load` do, and `get` and `refresh`. Never a statement a row.
//!
//! A to-one is joined to its parents' statement, or fetched by key: one statement for all keys that the identity map does
//! not have. A to-many is one statement for all parents: `WHERE foreign_key = ANY($1)`, grouped here by the foreign key's
//! bytes. With a limit it is a lateral join, so that the limit counts for each parent.

use std::collections::{HashMap, HashSet};
use std::pin::Pin;

use bytes::Bytes;

use super::key::KeyBytes;
use super::slots::LinkState;
use super::{Session, State};
use crate::error::{Error, Result};
use crate::expr::{Alias, Item, Join, JoinKind, Node, Select, TableRef};
use crate::model::{Handle, Model, RawHandle, RelationInfo, RelationKind, RowReader, Table};
use crate::query::{JoinedLoad, LoadStep, Loads, StartsAt, Statement, Strategy, render};
use crate::types::{ArrayWriter, Param, PgType};

/// The future of a level of loading, which goes on to the next level.
type Level<'db> = Pin<Box<dyn Future<Output = Result<()>> + Send + 'db>>;

/// The columns under which a lateral join names its parents' keys.
const PARENT_KEYS: [&str; 8] = [
    "parents.k0",
    "parents.k1",
    "parents.k2",
    "parents.k3",
    "parents.k4",
    "parents.k5",
    "parents.k6",
    "parents.k7",
];

/// What a query that loads relationships collects while its rows are read.
#[derive(Debug, Default)]
pub(super) struct Loading {
    root: usize,
    /// The root of the row that is being read, and those of all rows, each once.
    current: Option<RawHandle>,
    roots: Vec<RawHandle>,
    seen: HashSet<RawHandle>,
}

impl Loading {
    pub(super) fn new(root: &'static Table) -> Self {
        Loading {
            root: root.id(),
            ..Loading::default()
        }
    }

    /// The root of the row that was read.
    pub(super) fn take_current(&mut self) -> Option<RawHandle> {
        self.current.take()
    }

    /// An entity was read off a row.
    pub(super) fn note(&mut self, table: &'static Table, handle: RawHandle) {
        if table.id() == self.root && self.current.is_none() {
            self.current = Some(handle);
            if self.seen.insert(handle) {
                self.roots.push(handle);
            }
        }
    }
}

/// What `load` takes: one handle or many.
pub trait Loadable<M> {
    /// The handles.
    fn handles(&self) -> Vec<Handle<M>>;
}

impl<M> Loadable<M> for Handle<M> {
    fn handles(&self) -> Vec<Handle<M>> {
        vec![*self]
    }
}

impl<M, T: AsRef<[Handle<M>]> + ?Sized> Loadable<M> for &T {
    fn handles(&self) -> Vec<Handle<M>> {
        self.as_ref().to_vec()
    }
}

impl Session {
    /// The entity of a primary key. A row of this transaction that is in the identity map sends nothing; else one SELECT,
    /// which refreshes a stale one. SQLAlchemy: `get`.
    ///
    /// # Errors
    /// What the server refuses.
    pub async fn get<M: Model>(&mut self, key: impl Into<M::Key>) -> Result<Option<Handle<M>>> {
        let key = key.into();
        let table = M::TABLE;
        let bytes = KeyBytes::encode(table.primary_key.len(), |part, out| {
            M::encode_key(&key, part, out)
        });
        let Some(bytes) = bytes else {
            return Ok(None);
        };
        self.ready().await?;
        let number = self.arena_number(table);
        let slots = self.arenas[number as usize].slots();
        if let Some(index) = slots.keys.get(&bytes) {
            let head = slots.heads[*index as usize];
            if head.epoch == self.epoch || head.touched {
                return Ok(Some(Handle::from_raw(slots.handle(*index))));
            }
        }
        let select = self.select_by_key(table, table.primary_key, &[bytes]);
        let rows = self.send(&select).await?;
        match rows.first() {
            Some(row) => {
                let read = self.read_entity(table, &mut RowReader::new(row), false)?;
                Ok(Some(Handle::from_raw(read)))
            }
            None => Ok(None),
        }
    }

    /// Reads the row of an entity again, and gives up its unflushed changes; loaded relationships are unknown again.
    /// One SELECT. SQLAlchemy: `refresh`.
    ///
    /// # Errors
    /// [`Error::NotFound`] where the row is gone, [`Error::Pending`], [`Error::Detached`].
    pub async fn refresh<M: Model>(&mut self, handle: Handle<M>) -> Result<()> {
        self.peek(handle)?;
        let raw = handle.raw();
        let table = M::TABLE;
        let key = self.key_before(raw);
        self.expire(handle)?;
        self.before_read().await?;
        let key: Vec<_> = key.into_iter().collect();
        let select = self.select_by_key(table, table.primary_key, &key);
        let rows = self.send(&select).await?;
        match rows.first() {
            Some(row) => self
                .read_entity(table, &mut RowReader::new(row), true)
                .map(drop),
            None => Err(Error::NotFound {
                what: format!("the row of this `{}`, to refresh it from", table.model),
            }),
        }
    }

    /// Loads a relationship (or a path of them) of one entity or many, in one statement a level whatever their number.
    /// What is loaded already is loaded again. SQLAlchemy: `selectinload` for objects that are there.
    ///
    /// # Errors
    /// [`Error::Detached`], [`Error::Pending`], what the server refuses.
    pub async fn load<M: Model, P: StartsAt<M>>(
        &mut self,
        handles: impl Loadable<M>,
        path: P,
    ) -> Result<()> {
        let roots: Vec<_> = handles.handles().into_iter().map(Handle::raw).collect();
        for root in &roots {
            self.check_row(*root)?;
        }
        let step = path.into_steps();
        self.before_read().await?;
        self.load_step(roots, step).await
    }

    /// Loads a relationship of parents that are about to be deleted, where it isn't known.
    pub(super) async fn load_for_delete(
        &mut self,
        parents: &[RawHandle],
        relation: &'static RelationInfo,
    ) -> Result<()> {
        let unknown: Vec<_> = parents
            .iter()
            .copied()
            .filter(|parent| {
                self.raw_state(*parent) == State::Persistent
                    && self.targets(*parent, relation).is_none()
            })
            .collect();
        if unknown.is_empty() {
            return Ok(());
        }
        let step = LoadStep {
            relation,
            strategy: Strategy::SelectIn,
            filters: Vec::new(),
            order_by: Vec::new(),
            limit: None,
            then: Vec::new(),
        };
        self.load_step(unknown, step).await
    }

    /// Takes an entity of a table off a row.
    pub(super) fn read_entity(
        &mut self,
        table: &'static Table,
        row: &mut RowReader<'_>,
        overwrite: bool,
    ) -> Result<RawHandle> {
        let number = self.arena_number(table);
        let epoch = self.epoch;
        let store = self.arenas[number as usize].as_mut();
        let read = store.read(row, epoch, overwrite)?;
        let handle = store.slots().handle(read.index);
        if read.taken {
            self.note_read(handle);
        }
        if let Some((image, changed)) = read.refreshed {
            let frame = self.undo.frame() + 1;
            let head = &mut self.arenas[number as usize].slots_mut().heads[read.index as usize];
            if head.saved < frame {
                head.saved = frame;
                self.undo.push(super::undo::Undo::Row(handle, image));
            }
            self.forget_moved(handle, changed);
        }
        Ok(handle)
    }

    /// A refreshed row whose foreign key is another than before leads somewhere else.
    pub(super) fn forget_moved(&mut self, handle: RawHandle, changed: crate::model::ColumnSet) {
        for relation in self.table(handle).relations {
            if let RelationKind::BelongsTo(key) = &relation.kind
                && key.columns.iter().any(|column| changed.contains(*column))
            {
                self.set_link(handle, relation.index, LinkState::NotLoaded);
            }
        }
    }

    /// Takes the relationships that a query joined to a row.
    pub(super) fn read_joined(
        &mut self,
        joined: &[JoinedLoad],
        row: &mut RowReader<'_>,
        root: Option<RawHandle>,
    ) -> Result<()> {
        let mut found: Vec<Option<RawHandle>> = Vec::with_capacity(joined.len());
        for load in joined {
            let parent = match load.parent {
                None => root,
                Some(at) => found[at],
            };
            let target = self.read_maybe(load.relation.to, row)?;
            if let Some(parent) = parent {
                self.attach_one(parent, load.relation, target);
            }
            found.push(target.filter(|_| parent.is_some()));
        }
        Ok(())
    }

    /// Takes an entity off a row, or none where the row has no partner in an outer join.
    fn read_maybe(
        &mut self,
        table: &'static Table,
        row: &mut RowReader<'_>,
    ) -> Result<Option<RawHandle>> {
        if table
            .primary_key
            .iter()
            .any(|key| row.is_null(*key as usize))
        {
            row.skip(table.columns.len());
            return Ok(None);
        }
        self.read_entity(table, row, false).map(Some)
    }

    /// A to-one was loaded. What was set since the last flush stays.
    fn attach_one(
        &mut self,
        parent: RawHandle,
        relation: &'static RelationInfo,
        target: Option<RawHandle>,
    ) {
        if self.set_links.contains(parent, relation) {
            return;
        }
        self.set_link(parent, relation.index, LinkState::One(target));
        if let (RelationKind::HasOne { via }, Some(target)) = (&relation.kind, target) {
            self.attach_one(target, via, Some(parent));
        }
    }

    /// Loads what a query did not join, level by level.
    pub(super) async fn finish_loading(&mut self, loads: Loads) -> Result<()> {
        let Some(loading) = self.loading.take() else {
            return Ok(());
        };
        for step in loads.steps {
            self.load_rest(loading.roots.clone(), step).await?;
        }
        Ok(())
    }

    /// Loads a step of a query: one that was joined is there, and only what lies behind it is missing.
    fn load_rest(&mut self, parents: Vec<RawHandle>, step: LoadStep) -> Level<'_> {
        Box::pin(async move {
            if step.strategy == Strategy::SelectIn {
                return self.load_step(parents, step).await;
            }
            let targets = self.all_targets(&parents, step.relation);
            for next in step.then {
                self.load_rest(targets.clone(), next).await?;
            }
            Ok(())
        })
    }

    /// What a relationship of some entities leads to, each once.
    fn all_targets(
        &self,
        parents: &[RawHandle],
        relation: &'static RelationInfo,
    ) -> Vec<RawHandle> {
        let mut seen = HashSet::new();
        parents
            .iter()
            .filter_map(|parent| self.targets(*parent, relation))
            .flatten()
            .filter(|target| seen.insert(*target))
            .collect()
    }

    /// Loads a relationship of some entities by a statement of its own, and what lies behind it.
    fn load_step(&mut self, parents: Vec<RawHandle>, step: LoadStep) -> Level<'_> {
        Box::pin(async move {
            match step.relation.kind {
                _ if parents.is_empty() => Ok(()),
                RelationKind::BelongsTo(_) => self.load_targets(&parents, step).await,
                _ => self.load_collections(&parents, step).await,
            }
        })
    }

    /// A `belongs_to`: the targets by their keys, those that the identity map does not have.
    async fn load_targets(&mut self, parents: &[RawHandle], step: LoadStep) -> Result<()> {
        let relation = step.relation;
        let (columns, references) = relation.columns();
        let number = self.arena_number(relation.to);
        let mut waiting: HashMap<KeyBytes, Vec<RawHandle>> = HashMap::new();
        let mut missing: Vec<KeyBytes> = Vec::new();
        let mut known = Vec::new();
        for parent in parents {
            if self.set_links.contains(*parent, relation) {
                continue;
            }
            let Some(key) = self.key_at(*parent, columns) else {
                self.attach_one(*parent, relation, None);
                continue;
            };
            let slots = self.arenas[number as usize].slots();
            let fresh = slots.keys.get(&key).filter(|index| {
                references == relation.to.primary_key
                    && slots.heads[**index as usize].epoch == self.epoch
            });
            if let Some(index) = fresh {
                let target = slots.handle(*index);
                self.attach_one(*parent, relation, Some(target));
                known.push(target);
                continue;
            }
            let parents = waiting.entry(key.clone()).or_default();
            if parents.is_empty() {
                missing.push(key);
            }
            parents.push(*parent);
        }
        let mut fetched = Vec::new();
        let mut behind = step.then;
        if !missing.is_empty() {
            let table = TableRef::of(relation.to);
            let mut select = Select::from(table);
            select.items.push(Item::Whole(table));
            select
                .filters
                .push(self.is_one_of(table, references, &missing));
            let loads = Loads::plan(&mut select, behind);
            let rows = self.send(&render::select(&select)).await?;
            for row in &rows {
                let mut reader = RowReader::new(row);
                let target = self.read_entity(relation.to, &mut reader, false)?;
                self.read_joined(&loads.joined, &mut reader, Some(target))?;
                fetched.push(target);
                let key = self.key_at(target, references);
                for parent in key.and_then(|key| waiting.remove(&key)).unwrap_or_default() {
                    self.attach_one(parent, relation, Some(target));
                }
            }
            behind = loads.steps;
        }
        for parent in waiting.into_values().flatten() {
            self.attach_one(parent, relation, None);
        }
        for next in behind {
            if next.strategy == Strategy::SelectIn {
                let all = self.all_targets(parents, relation);
                self.load_step(all, next).await?;
            } else {
                // What was joined came with the fetched ones only.
                self.load_rest(fetched.clone(), next.clone()).await?;
                self.load_step(known.clone(), next).await?;
            }
        }
        Ok(())
    }

    /// A `has_many`, `has_one` or `many_to_many`: all members of all parents, grouped by what refers to the parent.
    async fn load_collections(&mut self, parents: &[RawHandle], step: LoadStep) -> Result<()> {
        let relation = step.relation;
        let (here_columns, there_columns) = relation.columns();
        let mut parent_of: HashMap<KeyBytes, usize> = HashMap::with_capacity(parents.len());
        let mut keys = Vec::with_capacity(parents.len());
        for (at, parent) in parents.iter().enumerate() {
            if let Some(key) = self.key_at(*parent, here_columns)
                && parent_of.insert(key.clone(), at).is_none()
            {
                keys.push(key);
            }
        }
        let linked = matches!(relation.kind, RelationKind::ManyToMany { .. });
        let (statement, loads) = self.select_members(step, &keys);
        let rows = self.send(&statement).await?;
        let mut members: Vec<Vec<RawHandle>> = vec![Vec::new(); parents.len()];
        let mut all = Vec::new();
        let mut seen = HashSet::new();
        for row in &rows {
            let mut reader = RowReader::new(row);
            let member = self.read_entity(relation.to, &mut reader, false)?;
            let key = if linked {
                KeyBytes::encode(here_columns.len(), |_, out| {
                    let bytes = reader.raw().bytes;
                    bytes
                        .inspect(|bytes| out.extend_from_slice(bytes))
                        .is_some()
                })
            } else {
                self.key_at(member, there_columns)
            };
            self.read_joined(&loads.joined, &mut reader, Some(member))?;
            if let Some(at) = key.and_then(|key| parent_of.get(&key)) {
                members[*at].push(member);
            }
            if seen.insert(member) {
                all.push(member);
            }
        }
        for (parent, members) in parents.iter().zip(members) {
            self.attach_many(*parent, relation, members);
        }
        for next in loads.steps {
            self.load_rest(all.clone(), next).await?;
        }
        Ok(())
    }

    /// The statement for the members of some parents. Behind a member's own columns stands, for a many-to-many, the key
    /// of the parent that it is linked to; then what is joined.
    fn select_members(&self, step: LoadStep, keys: &[KeyBytes]) -> (Statement, Loads) {
        let relation = step.relation;
        let there = TableRef::of(relation.to);
        let mut members = Select::from(there);
        members.items.push(Item::Whole(there));
        members.filters = step.filters;
        members.order_by = step.order_by;
        let (owner, owner_columns) = match &relation.kind {
            RelationKind::ManyToMany { near, far } => {
                let link = TableRef {
                    table: near.from,
                    alias: Alias::Link(1),
                };
                let (link_far, there_key) = far.columns();
                members.joins.push(Join {
                    kind: JoinKind::Inner,
                    table: link,
                    on: Node::tie(link, link_far, there, there_key),
                });
                (link, near.columns().0)
            }
            _ => (there, relation.columns().1),
        };
        let linked = !std::ptr::eq(owner.table, there.table) || owner.alias != Alias::None;
        let Some(limit) = step.limit else {
            if linked {
                let columns = owner_columns.iter();
                members
                    .items
                    .extend(columns.map(|column| Item::Expr(Node::Column(owner, *column))));
            }
            members
                .filters
                .push(self.is_one_of(owner, owner_columns, keys));
            let loads = Loads::plan(&mut members, step.then);
            return (render::select(&members), loads);
        };
        members.limit = Some(limit);
        for (column, key) in owner_columns.iter().zip(PARENT_KEYS) {
            members.filters.push(Node::infix(
                Node::Column(owner, *column),
                "=",
                Node::Word(key),
            ));
        }
        let mut outer = Select::from(there);
        outer.items.push(Item::Whole(there));
        if linked {
            let keys = PARENT_KEYS.iter().take(owner_columns.len());
            outer
                .items
                .extend(keys.map(|key| Item::Expr(Node::Word(key))));
        }
        outer.order_by.clone_from(&members.order_by);
        let loads = Loads::plan(&mut outer, step.then);
        let arrays = self.key_arrays(owner.table, owner_columns, keys);
        (render::lateral(&outer, arrays, &members), loads)
    }

    /// A collection was loaded. What was pushed and removed since the last flush stays so.
    fn attach_many(
        &mut self,
        parent: RawHandle,
        relation: &'static RelationInfo,
        mut members: Vec<RawHandle>,
    ) {
        let dead = |db: &Session, member: RawHandle| {
            db.raw_state(member) != State::Persistent
                || db.slots(member).heads[member.index as usize].doomed
        };
        members.retain(|member| !dead(self, *member));
        match &relation.kind {
            RelationKind::HasMany { via } | RelationKind::HasOne { via } => {
                members.retain(|member| {
                    !self.set_links.contains(*member, via)
                        || self.known_target(*member, via) == Some(Some(parent))
                });
                let waiting = self.set_links.all();
                let moved_here = waiting.into_iter().filter(|(child, along)| {
                    std::ptr::eq(*along, *via)
                        && self.known_target(*child, via) == Some(Some(parent))
                });
                for (child, _) in moved_here {
                    if !members.contains(&child) {
                        members.push(child);
                    }
                }
                for member in &members {
                    self.attach_one(*member, via, Some(parent));
                }
            }
            _ => {
                for row in &self.link_rows {
                    let other = if row.owner == parent {
                        row.target
                    } else {
                        row.owner
                    };
                    if row.joins(relation, parent, other) {
                        members.retain(|member| *member != other);
                        if row.added {
                            members.push(other);
                        }
                    }
                }
            }
        }
        let state = if relation.is_to_one() {
            LinkState::One(members.first().copied())
        } else {
            LinkState::Many(members)
        };
        self.set_link(parent, relation.index, state);
    }

    /// The SELECT of some rows of a table by a key.
    fn select_by_key(
        &self,
        table: &'static Table,
        columns: &[u16],
        keys: &[KeyBytes],
    ) -> Statement {
        let from = TableRef::of(table);
        let mut select = Select::from(from);
        select.items.push(Item::Whole(from));
        select.filters.push(self.is_one_of(from, columns, keys));
        render::select(&select)
    }

    /// `column = $1` for one key, `column = ANY($1)` for many, `(a, b) IN (SELECT ..)` for keys of several columns.
    fn is_one_of(&self, table: TableRef, columns: &[u16], keys: &[KeyBytes]) -> Node {
        let ty = |column: &u16| table.table.columns[*column as usize].ty;
        if let [key] = keys {
            let values = columns.iter().zip(key.parts(columns.len()));
            return Node::all(values.map(|(column, value)| {
                let value = Param::from_bytes(ty(column), Some(Bytes::copy_from_slice(value)));
                Node::infix(Node::Column(table, *column), "=", Node::Param(value))
            }))
            .unwrap_or(Node::Word("FALSE"));
        }
        let mut arrays = self.key_arrays(table.table, columns, keys);
        if let ([column], [_]) = (columns, arrays.as_slice())
            && let Some((array, _)) = arrays.pop()
        {
            let any = Node::Quantified("ANY", Box::new(Node::Param(array)));
            return Node::infix(Node::Column(table, *column), "=", any);
        }
        let columns = columns.iter().map(|column| Node::Column(table, *column));
        Node::InRows(columns.collect(), arrays)
    }

    /// Keys as one array a column, with the type of its elements.
    fn key_arrays(
        &self,
        table: &'static Table,
        columns: &[u16],
        keys: &[KeyBytes],
    ) -> Vec<(Param, &'static PgType)> {
        let mut arrays: Vec<ArrayWriter> = columns.iter().map(|_| ArrayWriter::new()).collect();
        for key in keys {
            for (array, part) in arrays.iter_mut().zip(key.parts(columns.len())) {
                array.push_bytes(Some(part));
            }
        }
        let types = columns
            .iter()
            .map(|column| table.columns[*column as usize].ty);
        arrays
            .into_iter()
            .zip(types)
            .map(|(array, ty)| (array.into_param_of(ty), ty))
            .collect()
    }
}
