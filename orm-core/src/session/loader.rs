//! Relationships from the database, level by level: what `.with(..)` and `load` do. Never a statement a row.
//!
//! A to-one is joined to its parents' statement, or fetched by key: one statement for all keys that the identity map does
//! not have. A to-many is one statement for all parents: `WHERE foreign_key = ANY($1)`, grouped here by the foreign key's
//! bytes. With a limit it is a lateral join, so that the limit counts for each parent.
//!
//! ```text
//! User::query().with(User::ORDERS.then(Order::ITEMS.then(OrderItem::PRODUCT)))
//!
//!   identity map (a row once)          links (what is loaded)                       statement
//!
//!   User 1, User 2                                                                  1  users
//!      |                               User 1 . ORDERS  -> [Order 1, Order 2]
//!      |  orders.user_id = ANY($1)     User 2 . ORDERS  -> []     loaded, and empty
//!      v                               Order 1 . USER   -> User 1 the other side
//!   Order 1, Order 2                                                                2  orders
//!      |                               Order 1 . ITEMS  -> [Item 1, Item 2]
//!      |  order_items.order_id = ANY   Order 2 . ITEMS  -> [Item 3]
//!      v                               Item 3 . ORDER   -> Order 2
//!   Item 1, Item 2, Item 3                                                          3  order_items
//!      |                               Item 1 . PRODUCT -> Product 1                    LEFT JOIN products
//!      |  joined to the items' rows    Item 2 . PRODUCT -> Product 2
//!      v                               Item 3 . PRODUCT -> Product 1 the same row
//!   Product 1, Product 2               Product 1 . ITEMS : not loaded, `Error::NotLoaded`
//! ```
//!
//! What a load brings is the truth of the database; what was set, pushed and removed since the last flush stays on top of
//! it.

use std::pin::Pin;

use super::Session;
use super::ahead::{Brought, Origin, statements_behind};
use super::collection::Collection;
use super::hash::{FastMap, FastSet};
use super::key::KeyBytes;
use super::key_map::KeyMap;
use super::load_joined::Gathered;
use super::load_sql::Wanted;
use super::slots::LinkState;
use crate::error::{Error, Result};
use crate::expr::{Item, Select, TableRef};
use crate::model::{RawHandle, RelationInfo, RelationKind, Row, RowReader};
use crate::query::{Incoming, LoadStep, Loads, Strategy, read_all, render};

/// The future of a level of loading, which goes on to the next level.
type Level<'db> = Pin<Box<dyn Future<Output = Result<()>> + Send + 'db>>;

/// The members of some parents, while rows are read.
struct Members {
    relation: &'static RelationInfo,
    /// What ties the two tables, here and there.
    columns: (&'static [u16], &'static [u16]),
    /// In the order of the rows.
    found: Vec<Member>,
    /// By key, the place of a parent among the parents.
    parent_of: KeyMap,
    /// Whose key stood in a row.
    has_come: Vec<bool>,
    gathered: Gathered,
    /// Which members have been noted, where rows repeat them.
    seen: FastSet<Member>,
}

/// A member, and the place of its parent among the parents.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Member {
    parent: u32,
    member: RawHandle,
}

impl Members {
    /// The parent that a member's row leads to, where its key can be read off the wire.
    fn parent_on_wire(&mut self, row: &Row) -> Option<u32> {
        let there_columns = self.columns.1;
        if let [column] = there_columns {
            let value = || row.raw(*column as usize);
            if let Some(key) = self.parent_of.integer_on_wire(value) {
                return self.parent_of.find_integer(key);
            }
        }
        let value = |column| row.raw(column);
        let key = KeyBytes::off_wire(self.relation.to, there_columns, value)?;
        self.parent_of.get(&key)
    }
}

/// The members of each parent, in the order in which they were found.
fn by_parent(found: &[Member], parents: usize) -> Vec<Vec<RawHandle>> {
    let mut counts = vec![0; parents];
    for of in found {
        counts[of.parent as usize] += 1;
    }
    let mut members: Vec<_> = counts.into_iter().map(Vec::with_capacity).collect();
    for of in found {
        members[of.parent as usize].push(of.member);
    }
    members
}

/// What was changed along a relationship since the last flush, by parent: members that come, and members that go.
#[derive(Default)]
pub(super) struct Waiting(FastMap<RawHandle, Vec<(RawHandle, bool)>>);

impl Session {
    /// Loads what a query did not join, level by level.
    pub(super) async fn finish_loading(&mut self, loads: Loads) -> Result<()> {
        let roots = self.take_roots(&loads.joined);
        self.load_rests(roots, loads.steps).await?;
        self.path_is_loaded();
        Ok(())
    }

    /// The same for entities that are known.
    pub(super) async fn load_rests(
        &mut self,
        roots: Vec<RawHandle>,
        steps: Vec<LoadStep>,
    ) -> Result<()> {
        for step in steps {
            self.load_rest(roots.clone(), step).await?;
        }
        Ok(())
    }

    /// Loads a step of a query: one that was joined is there, and only what lies behind it is missing.
    fn load_rest(&mut self, parents: Vec<RawHandle>, step: LoadStep) -> Level<'_> {
        Box::pin(async move {
            if step.strategy() == Strategy::SelectIn {
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
        let mut seen = FastSet::default();
        parents
            .iter()
            .filter_map(|parent| self.targets(*parent, relation))
            .flatten()
            .filter(|target| seen.insert(*target))
            .collect()
    }

    /// Loads a relationship of some entities by a statement of its own, and what lies behind it.
    pub(super) fn load_step(&mut self, mut parents: Vec<RawHandle>, step: LoadStep) -> Level<'_> {
        Box::pin(async move {
            let mut seen = FastSet::default();
            parents.retain(|parent| self.is_persistent(*parent) && seen.insert(*parent));
            if let Some(levels) = step.levels
                && !parents.is_empty()
            {
                return self.load_tree(&parents, step, levels).await;
            }
            match step.relation.kind {
                _ if parents.is_empty() => Ok(()),
                RelationKind::BelongsTo(_) => self.load_targets(&parents, step).await,
                _ => self.load_collections(&parents, step).await,
            }
        })
    }

    /// Loads a relationship of parents that are about to be deleted, where not all of it is known. Children that criteria hide
    /// hold the foreign key as others do.
    pub(super) async fn load_for_delete(
        &mut self,
        parents: &[RawHandle],
        relation: &'static RelationInfo,
    ) -> Result<()> {
        let unknown = parents.iter().copied();
        let unknown = unknown.filter(|parent| !self.is_complete(*parent, relation));
        let unknown: Vec<_> = unknown.collect();
        let mut step = LoadStep::of(relation);
        step.leave_out_criteria();
        self.load_step(unknown, step).await
    }

    /// A `belongs_to`: the targets by their keys, those that the identity map does not have.
    async fn load_targets(&mut self, parents: &[RawHandle], step: LoadStep) -> Result<()> {
        let relation = step.relation;
        let (columns, references) = relation.columns();
        let number = self.arena_number(relation.to);
        let mut waiting: FastMap<KeyBytes, Vec<RawHandle>> = FastMap::default();
        let mut missing: Vec<KeyBytes> = Vec::new();
        let mut some_known = false;
        for parent in parents {
            if self.set_links.contains(*parent, relation) {
                some_known = true;
                continue;
            }
            let Some(key) = self.key_at(*parent, columns) else {
                self.attach_one(*parent, relation, None);
                continue;
            };
            let slots = self.arenas[number as usize].slots();
            let fresh = slots.keys.get(&key).filter(|index| {
                references == relation.to.primary_key
                    && !self.hides(relation.to)
                    && slots.heads[*index as usize].epoch == self.epoch
            });
            if let Some(index) = fresh {
                let target = slots.handle(index);
                self.attach_one(*parent, relation, Some(target));
                some_known = true;
                continue;
            }
            let parents = waiting.entry(key.clone()).or_default();
            if parents.is_empty() {
                missing.push(key);
            }
            parents.push(*parent);
        }
        let mut then = step.then;
        if some_known {
            // What lies behind is needed of these, too: one statement of its own for all, in place of a join for some.
            for next in &mut then {
                next.strategy = Some(Strategy::SelectIn);
            }
        }
        if missing.is_empty() {
            for next in &mut then {
                next.strategy = Some(Strategy::SelectIn);
            }
        } else {
            let table = TableRef::of(relation.to);
            let mut select = Select::from(table);
            select.unfiltered = step.unfiltered;
            select.items.push(Item::Whole(table));
            select
                .filters
                .push(self.is_one_of(table, references, &missing));
            let loads = Loads::plan(&mut select, then);
            self.restrict_read(&mut select);
            let rows = self.send(&render::select(&select)).await?;
            let mut gathered = Gathered::default();
            for row in &rows {
                let mut reader = RowReader::new(row);
                let target = self.read_entity(relation.to, &mut reader, false)?;
                self.read_joined(&loads.joined, &mut reader, Some(target), &mut gathered)?;
                let key = self.key_before_at(target, references);
                for parent in key.and_then(|key| waiting.remove(&key)).unwrap_or_default() {
                    self.attach_one(parent, relation, Some(target));
                }
            }
            self.attach_gathered(&loads.joined, gathered);
            then = loads.steps;
        }
        for parent in waiting.into_values().flatten() {
            self.attach_one(parent, relation, None);
        }
        self.load_behind(parents, relation, then).await
    }

    /// A `has_many`, `has_one` or `many_to_many`: all members of all parents.
    async fn load_collections(&mut self, parents: &[RawHandle], step: LoadStep) -> Result<()> {
        let relation = step.relation;
        let (filtered, limit) = (!step.filters.is_empty(), step.limit);
        let (found, then) = self.fetch_members(parents, step).await?;
        let members = by_parent(&found, parents.len());
        let waiting = self.waiting_along(relation);
        if relation.is_to_one() && members.iter().any(|members| members.len() > 1) {
            return Err(several(relation));
        }
        // In the order of the rows, which is that of new slots: what the undo log has of them is one entry.
        let pairs = found.into_iter();
        let pairs = pairs.map(|of| (of.member, parents[of.parent as usize]));
        self.lead_back(relation, pairs);
        for (parent, members) in parents.iter().zip(members) {
            let cut = limit.is_some_and(|limit| members.len() as i64 >= limit);
            let mut loaded = Collection::new(members, self.epoch);
            if filtered || cut {
                loaded = loaded.partial();
            }
            self.attach_members(*parent, relation, loaded, &waiting);
        }
        self.load_behind(parents, relation, then).await
    }

    async fn load_behind(
        &mut self,
        parents: &[RawHandle],
        relation: &'static RelationInfo,
        then: Vec<LoadStep>,
    ) -> Result<()> {
        if then.is_empty() {
            return Ok(());
        }
        let targets = self.all_targets(parents, relation);
        for next in then {
            self.load_rest(targets.clone(), next).await?;
        }
        Ok(())
    }

    /// Reads the members of some parents, those that criteria hide as well, without changing what is known of the relationship: pairs
    /// of a parent and a member.
    pub(super) async fn read_members(
        &mut self,
        parents: &[RawHandle],
        relation: &'static RelationInfo,
    ) -> Result<Vec<(RawHandle, RawHandle)>> {
        let mut step = LoadStep::of(relation);
        step.leave_out_criteria();
        let (found, _) = self.fetch_members(parents, step).await?;
        let pairs = parents.iter().zip(by_parent(&found, parents.len()));
        Ok(pairs
            .flat_map(|(parent, members)| members.into_iter().map(|member| (*parent, member)))
            .collect())
    }

    /// Reads the members of some parents, in the order in which the server gave them, and gives what is left to load behind
    /// them. One statement, or none where no parent has a key, or where they have come already.
    async fn fetch_members(
        &mut self,
        parents: &[RawHandle],
        step: LoadStep,
    ) -> Result<(Vec<Member>, Vec<LoadStep>)> {
        let relation = step.relation;
        let columns = relation.columns();
        let here_columns = columns.0;
        let mut keys = Vec::with_capacity(parents.len());
        let mut members = Members {
            relation,
            columns,
            found: Vec::new(),
            parent_of: KeyMap::new(relation.from, here_columns),
            has_come: vec![false; parents.len()],
            gathered: Gathered::default(),
            seen: FastSet::default(),
        };
        members.parent_of.reserve(parents.len());
        for (at, parent) in (0..).zip(parents) {
            // Its children know it by the key that it has in the database.
            if let Some(key) = self.key_before_at(*parent, here_columns)
                && members.parent_of.insert(key.clone(), at).is_none()
            {
                keys.push(key);
            }
        }
        if keys.is_empty() {
            return Ok((Vec::new(), Vec::new()));
        }
        let mut behind = None;
        if let Some(Brought { rows, loads }) = self.take_brought(&step) {
            self.take_members(&rows, &loads, true, &mut members)?;
            let has_come = |at| members.has_come[at as usize];
            keys.retain(|key| !members.parent_of.get(key).is_some_and(has_come));
            if keys.is_empty() {
                return Ok((members.found, loads.steps));
            }
            // The query that the level came along with has found other parents than the query itself.
            self.brought_in_vain();
            behind = Some(loads.steps);
        }
        let may_lead = std::mem::take(&mut self.ahead.may_lead);
        let level = (may_lead && statements_behind(&step.then) > 0).then(|| {
            let known = self.known_parents(relation, &keys);
            self.level(step.clone(), known, Wanted::Whole, true).0
        });
        let (statement, mut loads) = self.select_members(step, &keys, Wanted::Whole);
        let keyed = Wanted::Whole.needs_key(relation);
        if let Some(level) = &level {
            let origin = Origin::Level(level);
            let rows = self.send_leading(statement, origin, &mut loads).await?;
            self.take_members(&rows, &loads, keyed, &mut members)?;
        } else if self.is_measuring() {
            let below = statements_behind(&loads.steps);
            let rows = self.send_level(&statement, below).await?;
            self.take_members(&rows, &loads, keyed, &mut members)?;
        } else {
            let mut rows = self.send_open(statement).await?;
            self.make_room(relation.to, rows.expected());
            members.found.reserve(rows.expected());
            let (end, reading) = read_all(&mut rows, |row| {
                self.take_member(row, &loads, keyed, &mut members)
            })
            .await;
            self.settle(end)?;
            reading?;
            self.attach_gathered(&loads.joined, std::mem::take(&mut members.gathered));
        }
        Ok((members.found, behind.unwrap_or(loads.steps)))
    }

    /// Takes members off rows.
    fn take_members(
        &mut self,
        rows: &[Row],
        loads: &Loads,
        keyed: bool,
        members: &mut Members,
    ) -> Result<()> {
        self.make_room(members.relation.to, rows.len());
        for row in rows {
            self.take_member(row, loads, keyed, members)?;
        }
        self.attach_gathered(&loads.joined, std::mem::take(&mut members.gathered));
        Ok(())
    }

    /// Takes a member off a row. One that belongs to none of the parents is passed over. `keyed` says that the parent's key stands
    /// behind the member, and that there may be none.
    fn take_member(
        &mut self,
        row: &Row,
        loads: &Loads,
        keyed: bool,
        members: &mut Members,
    ) -> Result<()> {
        let relation = members.relation;
        let (here_columns, there_columns) = members.columns;
        let mut reader = RowReader::new(row);
        let (member, parent) = if keyed {
            let columns = relation.to.columns.len();
            let key = KeyBytes::at(row, columns, here_columns.len());
            let Some(parent) = key.and_then(|key| members.parent_of.get(&key)) else {
                return Ok(());
            };
            members.has_come[parent as usize] = true;
            let Some(member) = self.read_maybe(relation.to, &mut reader)? else {
                return Ok(());
            };
            reader.skip(here_columns.len());
            (member, Some(parent))
        } else {
            let (member, taken) = self.read_row(relation.to, &mut reader, false)?;
            // An entity that kept its own values is where these say.
            let parent = match taken {
                true => members.parent_on_wire(row),
                false => None,
            };
            let parent = parent.or_else(|| {
                let key = self.key_at(member, there_columns)?;
                members.parent_of.get(&key)
            });
            (member, parent)
        };
        if !loads.joined.is_empty() {
            self.read_joined(
                &loads.joined,
                &mut reader,
                Some(member),
                &mut members.gathered,
            )?;
        }
        if let Some(parent) = parent {
            let found = Member { parent, member };
            if !loads.repeats || members.seen.insert(found) {
                members.found.push(found);
            }
        }
        Ok(())
    }

    /// A to-one was loaded. What was set since the last flush stays.
    pub(super) fn attach_one(
        &mut self,
        parent: RawHandle,
        relation: &'static RelationInfo,
        target: Option<RawHandle>,
    ) {
        if self.set_links.contains(parent, relation) {
            return;
        }
        if let RelationKind::HasOne { .. } = relation.kind {
            let waiting = self.waiting_along(relation);
            let loaded = Collection::new(target.into_iter().collect(), self.epoch);
            return self.attach_many(parent, relation, loaded, &waiting);
        }
        self.set_link(parent, relation.index, LinkState::One(target));
    }

    /// What was changed along the foreign key or the link table of a relationship since the last flush. Nothing, where
    /// autoflush is on.
    pub(super) fn waiting_along(&self, relation: &'static RelationInfo) -> Waiting {
        if relation.members.read_only {
            // Who of them will be in it is for the database to say.
            return Waiting::default();
        }
        let Some(via) = relation.owner() else {
            return Waiting(self.link_rows.along(relation));
        };
        let mut waiting = Waiting::default();
        for (child, along) in self.set_links.all() {
            if std::ptr::eq(along, via)
                && let Some(Some(parent)) = self.known_target(child, via)
            {
                waiting.0.entry(parent).or_default().push((child, true));
            }
        }
        waiting
    }

    /// A collection or a `has_one` was loaded: both sides know one another.
    pub(super) fn attach_many(
        &mut self,
        parent: RawHandle,
        relation: &'static RelationInfo,
        loaded: Collection,
        waiting: &Waiting,
    ) {
        let pairs = loaded.members().iter().map(|member| (*member, parent));
        self.lead_back(relation, pairs);
        self.attach_members(parent, relation, loaded, waiting);
    }

    /// Members of a relationship were loaded, each with its parent: they lead back to it. What was set since the last flush
    /// stays.
    fn lead_back(
        &mut self,
        relation: &'static RelationInfo,
        pairs: impl Iterator<Item = (RawHandle, RawHandle)>,
    ) {
        let Some(via) = relation.owner() else {
            return;
        };
        let number = self.arena_number(relation.to);
        let slots = self.arenas[number as usize].slots_mut();
        for (member, parent) in pairs {
            if self.set_links.contains(member, via) {
                continue;
            }
            let led = slots.change_link(via.index, member.index, LinkState::One(Some(parent)));
            if let Some(old) = led {
                self.undo.link(member, via.index, old);
            }
        }
    }

    /// The members lead back to their parent: here the parent gets to know them.
    fn attach_members(
        &mut self,
        parent: RawHandle,
        relation: &'static RelationInfo,
        mut loaded: Collection,
        waiting: &Waiting,
    ) {
        if let Some(via) = relation.owner()
            && !self.set_links.is_empty()
        {
            loaded.retain(|member| !self.set_links.contains(member, via));
        }
        for (member, comes) in waiting.of(parent) {
            if *comes {
                loaded.push(*member);
            } else {
                loaded.remove(*member);
            }
        }
        if self.replaced.contains(parent, relation) {
            return self.let_go_of_loaded(parent, relation, loaded.members());
        }
        let state = if relation.is_to_one() {
            let members = loaded.members().iter().rev();
            LinkState::One(members.copied().find(|member| self.is_alive(*member)))
        } else {
            LinkState::Many(Box::new(loaded))
        };
        self.set_link(parent, relation.index, state);
    }
}

/// The error of a `has_one` that the database has several rows for. SQLAlchemy warns, and takes the first.
pub(super) fn several(relation: &'static RelationInfo) -> Error {
    let (there, here) = (relation.to.model, relation.from.model);
    Error::MultipleFound {
        what: format!(
            "`{}` leads to several `{there}` of one `{here}`: delete the wrong ones and make the foreign key unique, or \
             declare it as a `has_many`",
            relation.path()
        ),
    }
}

impl Waiting {
    fn of(&self, parent: RawHandle) -> &[(RawHandle, bool)] {
        self.0.get(&parent).map_or(&[], Vec::as_slice)
    }
}
