//! What a delete takes with it: the pre-pass of a flush, which repeats until nothing new joins.
//!
//! Children of a deleted parent are deleted with it where the relationship cascades, else their foreign key becomes NULL.
//! Children that aren't loaded are loaded first, one statement a relationship and level, never one a parent; with
//! `passive_deletes` they are left to the database's ON DELETE. Orphans are deleted where the relationship says so.

use super::{Session, State};
use crate::error::{Error, Result};
use crate::model::{RawHandle, RelationInfo, RelationKind};

impl Session {
    pub(super) async fn cascade(&mut self) -> Result<()> {
        self.doom_orphans();
        let mut seen = std::collections::HashSet::new();
        loop {
            let new: Vec<RawHandle> = self
                .doomed()
                .into_iter()
                .filter(|handle| seen.insert(*handle))
                .collect();
            if new.is_empty() {
                return Ok(());
            }
            let mut by_table: Vec<Vec<RawHandle>> = vec![Vec::new(); self.arenas.len()];
            for handle in new {
                by_table[handle.arena as usize].push(handle);
            }
            for parents in by_table {
                self.cascade_from(parents).await?;
            }
        }
    }

    fn doomed(&self) -> Vec<RawHandle> {
        let mut doomed = Vec::new();
        for store in &self.arenas {
            let slots = store.slots();
            let touched = slots.touched();
            doomed.extend(
                touched
                    .filter(|index| slots.heads[*index as usize].doomed)
                    .map(|index| slots.handle(index)),
            );
        }
        doomed
    }

    /// A child that was taken out of a parent that deletes its orphans, and has no new one.
    fn doom_orphans(&mut self) {
        for (child, relation) in std::mem::take(&mut self.orphans) {
            if self.raw_state(child) != State::Detached
                && self.known_target(child, relation) == Some(None)
            {
                self.set_links.remove(child, relation);
                self.doom(child);
            }
        }
    }

    async fn cascade_from(&mut self, parents: Vec<RawHandle>) -> Result<()> {
        let Some(first) = parents.first() else {
            return Ok(());
        };
        for relation in self.table(*first).relations {
            let via = match &relation.kind {
                RelationKind::HasMany { via } | RelationKind::HasOne { via } => *via,
                _ => continue,
            };
            if !relation.cascade.passive_deletes {
                self.load_for_delete(&parents, relation).await?;
            }
            for parent in &parents {
                // `doom` takes a child out of its parent's collection, so the list is a copy.
                for child in self.targets(*parent, relation).unwrap_or_default() {
                    self.cascade_to(child, relation, via)?;
                }
            }
        }
        Ok(())
    }

    fn cascade_to(
        &mut self,
        child: RawHandle,
        relation: &'static RelationInfo,
        via: &'static RelationInfo,
    ) -> Result<()> {
        if self.slots(child).heads[child.index as usize].doomed {
            return Ok(());
        }
        if relation.cascade.delete || relation.cascade.delete_orphan {
            self.doom(child);
            return Ok(());
        }
        let (columns, _) = via.columns();
        let required = columns.iter().find(|column| {
            !via.from.columns[**column as usize].nullable || via.from.primary_key.contains(column)
        });
        if let Some(column) = required {
            return Err(Error::invalid(format!(
                "deleting a `{}` would set `{}.{}` of its `{}` to NULL, which it must not be: delete the children first, \
                 or let `{}` cascade: `cascade(delete)`, or `passive_deletes` with ON DELETE in the database",
                relation.from.model,
                via.from.name,
                via.from.columns[*column as usize].name,
                relation.name,
                relation.path(),
            )));
        }
        self.assign(child, via, None);
        Ok(())
    }
}
