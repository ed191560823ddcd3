//! `merge`: from values to entities, by key. The values are copied onto what the session or the database has.

use std::collections::BTreeMap;

use bytes::BytesMut;

use super::detached::{Branch, Members, Mergeable, Value};
use super::rows_by_key::Found;
use super::{Session, State};
use crate::error::{Error, Result};
use crate::model::{Handle, RawHandle, RelationInfo, RelationKind};
use crate::query::{LoadStep, Running};

impl Session {
    /// Copies a value onto the entity of its key and gives the entity: the one of the identity map, or else of the
    /// database, by one SELECT; where there is none, a new one is pending. The flush sends what differs. SQLAlchemy: `merge`.
    ///
    /// ```
    #[doc = include_str!("example_shop.txt")]
    /// let ann = db.merge(User { id: 1, name: "Anna".to_owned() }).await?; // a value from a form, a cache, a queue
    /// assert_eq!(db.dirty::<User>(), [ann]);
    /// let new = db.merge(User { id: 9, name: "Zoe".to_owned() }).await?;
    /// assert_eq!(db.new_entities::<User>(), [new]);
    /// db.commit().await?; // UPDATE users SET name = .., INSERT INTO users (id, name) ..
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    ///
    /// # What is copied
    /// Every column of a row; of a [`Partial`](super::Partial) those that are given. Never the key, nor what the server
    /// computes. A version is compared and not copied. A patch whose absent fields stay is a `#[derive(Changes)]` struct
    /// ([`apply`](Session::apply)), or a document ([`merge_json`](Session::merge_json)).
    ///
    /// A [`Detached`](super::Detached) brings relationships along. Their rows are merged, too, and then each of these relationships
    /// leads where the value says, and nowhere else: members that aren't in it are taken out as by
    /// [`remove`](Session::remove), which deletes orphans where the relationship says so. Relationships that it doesn't name stay.
    /// Where a value leads back to a row that it is itself part of (`Order::ITEMS.then(OrderItem::ORDER)`), the outer one counts.
    ///
    /// # Which statements go out
    /// A flush of what is pending; one SELECT a table for all rows that the session doesn't know or that are stale; one a
    /// to-many relationship, to see who is in it.
    ///
    /// # Errors
    /// [`Error::Stale`] where the value has another version than the row: it was read before somebody else's change. Nothing was
    /// changed then, and the session goes on. Else what the server refuses.
    pub fn merge<V: Mergeable>(&mut self, value: V) -> Running<'_, Handle<V::Model>> {
        let branches = vec![value.into_branch()];
        Running::new(async move {
            let merged = self.merge_branches(branches).await?;
            Ok(Handle::from_raw(merged[0]))
        })
    }

    /// Merges many values, in the statements of one: as [`merge`](Session::merge). Of two with the same key the last counts.
    ///
    /// ```
    #[doc = include_str!("example_shop.txt")]
    /// let orders = [1, 2, 3].map(|id| Order { id, total: 5, user_id: None });
    /// let orders = db.merge_all(orders).await?; // one SELECT
    /// db.commit().await?; // one UPDATE
    /// assert_eq!(orders.len(), 3);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    ///
    /// # Errors
    /// As [`merge`](Session::merge).
    pub fn merge_all<V: Mergeable>(
        &mut self,
        values: impl IntoIterator<Item = V>,
    ) -> Running<'_, Vec<Handle<V::Model>>> {
        let branches = values.into_iter().map(Mergeable::into_branch).collect();
        Running::new(async move {
            let merged = self.merge_branches(branches).await?;
            Ok(merged.into_iter().map(Handle::from_raw).collect())
        })
    }

    async fn merge_branches(&mut self, branches: Vec<Branch>) -> Result<Vec<RawHandle>> {
        let mut all = Vec::new();
        for branch in &branches {
            flatten(branch.0.as_ref(), &mut all);
        }
        self.before_read().await?;
        // Memory is changed behind the last statement: should one fail, nothing was.
        let keys = all.iter().map(|value| (value.table(), value.key()));
        let keys = keys
            .filter_map(|(table, key)| Some((table, key?)))
            .collect();
        let mut known = self.find_by_keys(keys).await?;
        self.check_versions(&all, &known)?;
        self.load_merged_collections(&all, &known).await?;
        let mut merged = Vec::with_capacity(branches.len());
        for branch in &branches {
            merged.push(self.merge_value(branch.0.as_ref(), &mut known));
        }
        Ok(merged)
    }

    /// Fails where a value has another version than its row.
    pub(super) fn check_versions(&self, all: &[&dyn Value], known: &Found) -> Result<()> {
        let mut stale: BTreeMap<&'static str, (u64, Vec<String>)> = BTreeMap::new();
        for value in all {
            let table = value.table();
            let (Some(version), Some(key)) = (table.version, value.key()) else {
                continue;
            };
            let Some(handle) = known.get(&(table.id(), key)) else {
                continue;
            };
            let (mut given, mut has) = (BytesMut::new(), BytesMut::new());
            if !value.encode(version, &mut given) {
                continue;
            }
            let store = self.store(*handle);
            store.encode_before(handle.index, version, &mut has);
            let (rows, others) = stale.entry(table.name).or_default();
            *rows += 1;
            if given != has {
                others.push(self.row_name(*handle));
            }
        }
        match stale
            .into_iter()
            .find(|(_, (_, others))| !others.is_empty())
        {
            None => Ok(()),
            Some((table, (expected, rows))) => Err(Error::Stale {
                table,
                action: "merge",
                expected,
                changed: expected - rows.len() as u64,
                rows,
            }),
        }
    }

    /// Loads the to-many relationships that values bring along, of the rows that are there: who is in them is compared.
    pub(super) async fn load_merged_collections(
        &mut self,
        all: &[&dyn Value],
        known: &Found,
    ) -> Result<()> {
        let mut owners: Vec<(&'static RelationInfo, Vec<RawHandle>)> = Vec::new();
        for value in all {
            let Some(key) = value.key() else { continue };
            let Some(handle) = known.get(&(value.table().id(), key)) else {
                continue;
            };
            for Members { relation, .. } in value.members() {
                if relation.foreign_key().is_some() || self.is_complete(*handle, relation) {
                    continue;
                }
                let same =
                    |other: &&mut (&'static RelationInfo, _)| std::ptr::eq(other.0, *relation);
                match owners.iter_mut().find(same) {
                    Some((_, handles)) => handles.push(*handle),
                    None => owners.push((relation, vec![*handle])),
                }
            }
        }
        for (relation, handles) in owners {
            self.load_step(handles, LoadStep::of(relation)).await?;
        }
        Ok(())
    }

    /// Copies a value, and what it brings along, onto entities.
    pub(super) fn merge_value(&mut self, value: &dyn Value, merged: &mut Found) -> RawHandle {
        self.merge_below(value, merged, &mut Vec::new())
    }

    /// The same of a value that others have brought along, whose entities are `above` it.
    fn merge_below(
        &mut self,
        value: &dyn Value,
        merged: &mut Found,
        above: &mut Vec<RawHandle>,
    ) -> RawHandle {
        let table = value.table();
        let key = value.key().map(|key| (table.id(), key));
        let handle = match key.as_ref().and_then(|key| merged.get(key)) {
            Some(handle) => {
                let handle = *handle;
                // What leads back to where it came from says nothing new of it.
                if !above.contains(&handle) {
                    self.copy_onto(handle, value);
                }
                handle
            }
            None => {
                let (number, epoch) = (self.arena_number(table), self.epoch);
                let store = self.arenas[number as usize].as_mut();
                let index = store.add_any(value.draft(), epoch);
                let handle = store.slots().handle(index);
                self.undo.added(handle);
                merged.extend(key.map(|key| (key, handle)));
                handle
            }
        };
        above.push(handle);
        for members in value.members() {
            let branches = members.branches.iter();
            let targets: Vec<_> = branches
                .map(|branch| self.merge_below(branch.0.as_ref(), merged, above))
                .collect();
            self.lead_only_to(handle, members, &targets);
        }
        above.pop();
        handle
    }

    fn copy_onto(&mut self, handle: RawHandle, value: &dyn Value) {
        let table = value.table();
        let settable = |column: &u16| {
            !table.primary_key.contains(column)
                && table.version != Some(*column)
                && table.columns[*column as usize].computed.is_none()
        };
        for column in value.given().iter().filter(settable) {
            let (mut new, mut old) = (BytesMut::new(), BytesMut::new());
            let given = value.encode(column, &mut new);
            let had = self.store(handle).encode(handle.index, column, &mut old);
            if (given, &new) == (had, &old) {
                continue;
            }
            self.touch(handle);
            let ty = table.columns[column as usize].ty;
            let raw = ty.raw(given.then_some(&new));
            // A value of the model itself fits it.
            let _ = self.store_mut(handle).write(handle.index, column, raw);
        }
    }

    /// Lets a relationship lead to some entities, and, if these are all, to no others.
    fn lead_only_to(&mut self, from: RawHandle, members: &Members, targets: &[RawHandle]) {
        let relation = members.relation;
        match &relation.kind {
            RelationKind::BelongsTo(_) => {
                let target = targets.first().copied();
                if self.known_target(from, relation) != Some(target) {
                    self.assign(from, relation, target);
                }
            }
            RelationKind::HasOne { via } => {
                let target = targets.first().copied();
                if self.targets(from, relation).unwrap_or_default() != targets {
                    self.assign_one(from, relation, via, target);
                }
            }
            RelationKind::HasMany { via } => {
                for gone in self.others(from, members, targets) {
                    self.assign(gone, via, None);
                }
                let known = self.targets(from, relation).unwrap_or_default();
                for target in targets {
                    if !known.contains(target) {
                        self.assign(*target, via, Some(from));
                    }
                }
            }
            RelationKind::ManyToMany { .. } => {
                for gone in self.others(from, members, targets) {
                    self.tie(from, relation, gone, false);
                }
                for target in targets {
                    self.tie(from, relation, *target, true);
                }
            }
        }
    }

    /// The members of a collection that are not among some, if those are all that it should have.
    fn others(&self, from: RawHandle, members: &Members, stay: &[RawHandle]) -> Vec<RawHandle> {
        if members.partial || self.raw_state(from) == State::Pending {
            return Vec::new();
        }
        let mut known = self.targets(from, members.relation).unwrap_or_default();
        known.retain(|member| !stay.contains(member));
        known
    }
}

/// A value and all that it brings along.
pub(super) fn flatten<'a>(value: &'a dyn Value, all: &mut Vec<&'a dyn Value>) {
    all.push(value);
    for members in value.members() {
        for branch in &members.branches {
            flatten(branch.0.as_ref(), all);
        }
    }
}
