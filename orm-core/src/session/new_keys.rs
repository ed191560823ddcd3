//! Keys that change, and the foreign keys of loaded rows that follow, as the database's ON UPDATE CASCADE does. `flush` calls it when
//! the UPDATE of a key is done.
//!
//! A foreign key may be part of the key of its own row, which is then followed in turn.

use bytes::BytesMut;

use super::hash::{FastMap, FastSet};
use super::key::KeyBytes;
use super::plan::Step;
use super::{Session, State};
use crate::model::{ColumnSet, RawHandle, RelationInfo, RelationKind};

/// A row whose foreign key follows the new key of another.
struct Follower {
    child: RawHandle,
    via: &'static RelationInfo,
    /// What it leads to in memory, and in the database until it is written. One of them at least has a new key.
    here: Option<RawHandle>,
    there: Option<RawHandle>,
}

impl Session {
    /// Lets foreign keys follow the keys that a step has changed. Looks at every loaded child, but only where a key did
    /// change, which is rare.
    pub(super) fn follow_new_keys(&mut self, step: &Step) {
        if !self.moves_keys(step) {
            return;
        }
        // All are found by the keys that they have had, each behind the one that it follows, before any is written.
        let (mut found, mut seen) = (Vec::new(), FastSet::default());
        let mut open = vec![(step.rows.clone(), step.columns)];
        while let Some((rows, changed)) = open.pop() {
            for number in 0..self.arenas.len() {
                for via in self.arenas[number].slots().table.relations {
                    let mut followers = self.followers(&rows, changed, number, via);
                    followers
                        .retain(|one| seen.insert((one.child, std::ptr::from_ref(one.via).addr())));
                    if followers.is_empty() {
                        continue;
                    }
                    let children = followers.iter().map(|one| one.child).collect();
                    open.push((children, via.columns().0.iter().copied().collect()));
                    found.extend(followers);
                }
            }
        }
        for Follower {
            child,
            via,
            here,
            there,
        } in found
        {
            self.save(child);
            let old = self.key_before(child);
            let set = self.values_of(child, via.columns().0);
            if there.is_some() {
                // A copy to compare with must know the new key, too, or it would be sent again, or the row not be found as it was.
                self.copy_key(child, via, there);
                let store = self.store_mut(child);
                store.rebase(child.index, via.columns().0);
            }
            match here {
                Some(_) => self.copy_key(child, via, here),
                None => self.put_back(child, set),
            }
            if let (Some(old), Some(new)) = (old, self.key_before(child)) {
                let slots = self.store_mut(child).slots_mut();
                slots.rekey(child.index, old, new);
            }
        }
    }

    /// The loaded rows of a table whose foreign key leads to one of some rows by columns that were changed there.
    fn followers(
        &self,
        rows: &[RawHandle],
        changed: ColumnSet,
        number: usize,
        via: &'static RelationInfo,
    ) -> Vec<Follower> {
        let leads_there = rows
            .first()
            .is_some_and(|row| std::ptr::eq(via.to, self.table(*row)));
        if !leads_there || !matches!(via.kind, RelationKind::BelongsTo(_)) {
            return Vec::new();
        }
        let (columns, references) = via.columns();
        if !references.iter().any(|column| changed.contains(*column)) {
            return Vec::new();
        }
        let moved = rows.iter();
        let moved: FastMap<KeyBytes, RawHandle> = moved
            .filter_map(|row| Some((self.key_before_at(*row, references)?, *row)))
            .collect();
        let slots = self.arenas[number].slots();
        slots
            .inhabited()
            .map(|index| slots.handle(index))
            .filter(|child| self.raw_state(*child) == State::Persistent)
            .filter_map(|child| {
                let led_by = |key: Option<KeyBytes>| moved.get(&key?).copied();
                let here = led_by(self.key_at(child, columns));
                let there = led_by(self.key_before_at(child, columns));
                let follows = here.is_some() || there.is_some();
                follows.then_some(Follower {
                    child,
                    via,
                    here,
                    there,
                })
            })
            .collect()
    }

    fn values_of(&self, row: RawHandle, columns: &[u16]) -> Vec<(u16, Option<BytesMut>)> {
        let value = |column: &u16| {
            let mut out = BytesMut::new();
            let is_there = self.store(row).encode(row.index, *column, &mut out);
            (*column, is_there.then_some(out))
        };
        columns.iter().map(value).collect()
    }

    fn put_back(&mut self, row: RawHandle, values: Vec<(u16, Option<BytesMut>)>) {
        for (column, value) in values {
            let ty = self.table(row).columns[column as usize].ty;
            let raw = ty.raw(value.as_deref());
            // It was there before, so it fits.
            let _ = self.store_mut(row).write(row.index, column, raw);
        }
    }
}
