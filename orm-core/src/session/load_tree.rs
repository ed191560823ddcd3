//! `Category::CHILDREN.recursive()`: a relationship of a model to itself, followed to its end in one statement.
//!
//! `WITH RECURSIVE` finds the keys of all rows that are reached, each once, so that a ring ends where it began. The rows
//! then come with the key of the one that they belong to, and are put together here, level by level.

use super::Session;
use super::collection::Collection;
use super::hash::{FastMap, FastSet};
use super::key::KeyBytes;
use super::load_sql::Wanted;
use crate::error::{Error, Result};
use crate::model::{RawHandle, RelationKind, RowReader};
use crate::query::{Levels, LoadStep, Strategy};

impl Session {
    /// Loads a relationship of some entities and of all that are reached along it. One statement, or none where no entity
    /// has a key to start from.
    pub(super) async fn load_tree(
        &mut self,
        roots: &[RawHandle],
        step: LoadStep,
        levels: Levels,
    ) -> Result<()> {
        let relation = step.relation;
        if step.limit.is_some() {
            return Err(Error::invalid(format!(
                "`{}` is loaded recursively: a limit for each row is known level by level only, so load the levels one by \
                 one, or leave out rows with `filter`",
                relation.path()
            )));
        }
        let partial = !step.filters.is_empty();
        let then = step.then.clone();
        let members = self.read_tree(roots, step, levels).await?;
        let waiting = self.waiting_along(relation);
        let here = relation.columns().0;
        let mut reached: Vec<RawHandle> = Vec::new();
        let mut seen: FastSet<RawHandle> = FastSet::default();
        let mut expanded: FastSet<RawHandle> = FastSet::default();
        let mut level = roots.to_vec();
        let mut depth = 0;
        while !level.is_empty() && levels.goes_below(depth) {
            let mut next = Vec::new();
            for owner in level {
                if !expanded.insert(owner) {
                    continue;
                }
                let key = self.key_at(owner, here);
                let found = key.and_then(|key| members.get(&key)).cloned();
                let found = found.unwrap_or_default();
                for member in &found {
                    if seen.insert(*member) {
                        reached.push(*member);
                    }
                    next.push(*member);
                }
                if let RelationKind::BelongsTo(_) = relation.kind {
                    self.attach_one(owner, relation, found.first().copied());
                } else {
                    let mut loaded = Collection::new(found, self.epoch);
                    if partial {
                        loaded = loaded.partial();
                    }
                    self.attach_many(owner, relation, loaded, &waiting);
                }
            }
            level = next;
            depth += 1;
        }
        for mut next in then {
            // One statement of its own for the rows of all levels.
            next.strategy = Some(Strategy::SelectIn);
            self.load_step(reached.clone(), next).await?;
        }
        Ok(())
    }

    /// The rows that are reached, by the key of the row that they belong to, in the order in which the server gave them.
    async fn read_tree(
        &mut self,
        roots: &[RawHandle],
        step: LoadStep,
        levels: Levels,
    ) -> Result<FastMap<KeyBytes, Vec<RawHandle>>> {
        let relation = step.relation;
        let (here, there) = relation.columns();
        let mut different = FastSet::default();
        let keys: Vec<KeyBytes> = roots
            .iter()
            .filter_map(|root| self.key_at(*root, here))
            .filter(|key| different.insert(key.clone()))
            .collect();
        let mut members: FastMap<KeyBytes, Vec<RawHandle>> = FastMap::default();
        if keys.is_empty() {
            return Ok(members);
        }
        let keyed = Wanted::Whole.needs_key(relation);
        let statement = self.select_tree(step, &keys, levels);
        for row in &self.send(&statement).await? {
            let mut reader = RowReader::new(row);
            let member = self.read_entity(relation.to, &mut reader, false)?;
            let key = if keyed {
                KeyBytes::at(row, relation.to.columns.len(), here.len())
            } else {
                self.key_at(member, there)
            };
            if let Some(key) = key {
                members.entry(key).or_default().push(member);
            }
        }
        Ok(members)
    }
}
