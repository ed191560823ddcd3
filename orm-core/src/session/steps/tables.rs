//! The order of tables: each behind what it refers to, and the same in every session, so that two that write the same tables
//! lock them in the same order.
//!
//! Which tables a session knows, and which it met first, is chance. So where a table stands is read off the descriptions alone:
//! by how far it is from one that refers to none, then by its name. Tables that refer to one another in a ring stand together.

use std::collections::HashMap;

use crate::model::{RawHandle, RelationInfo, RelationKind, Standing, Table};
use crate::order::components;
use crate::session::Session;
use crate::session::change_set::ChangeSet;

/// What tables are sorted by.
pub(super) type Place = (usize, Name, Name, &'static str);

/// The schema, and the table's name.
type Name = (Option<&'static str>, &'static str);

fn name_of(table: &'static Table) -> Name {
    (table.schema, table.name)
}

/// Where a table stands among all tables of the program. Two models of one table are told apart by their names.
pub(super) fn place_of(table: &'static Table) -> Place {
    let standing = table.standing(find_standing);
    let ring = name_of(standing.first_of_ring);
    (standing.depth, ring, name_of(table), table.model)
}

/// The `belongs_to` relationships of a table.
fn references_of(table: &'static Table) -> impl Iterator<Item = &'static RelationInfo> {
    let relations = table.relations.iter().copied();
    relations.filter(|relation| matches!(relation.kind, RelationKind::BelongsTo(_)))
}

fn find_standing(table: &'static Table) -> Standing {
    let mut reached = vec![table];
    let mut number_of = HashMap::from([(table.id(), 0)]);
    let mut edges = Vec::new();
    let mut at = 0;
    while let Some(table) = reached.get(at).copied() {
        for relation in references_of(table) {
            let number = *number_of.entry(relation.to.id()).or_insert_with(|| {
                reached.push(relation.to);
                reached.len() - 1
            });
            edges.push((number, at));
        }
        at += 1;
    }
    let mut depths = vec![0; reached.len()];
    let mut ring = vec![table];
    // It stands behind all that it refers to, so its ring is the last.
    for group in components(reached.len(), &edges) {
        let before = edges
            .iter()
            .filter(|(before, after)| group.contains(after) && !group.contains(before));
        let depth = before.map(|(before, _)| depths[*before] + 1).max();
        for member in &group {
            depths[*member] = depth.unwrap_or(0);
        }
        ring = group.into_iter().map(|member| reached[member]).collect();
    }
    let first = ring.into_iter().min_by_key(|table| name_of(table));
    Standing {
        depth: depths[0],
        first_of_ring: first.unwrap_or(table),
    }
}

impl Session {
    /// The arenas in which something is done, in the order of their tables, grouped where these refer to one another.
    pub(super) fn table_order(&self, changes: &ChangeSet) -> Vec<Vec<usize>> {
        // Rows of one table stand together, mostly.
        let (mut numbers, mut last) = (Vec::new(), None);
        let mut note = |row: &RawHandle| {
            if last.replace(row.arena) != Some(row.arena) {
                let number = row.arena as usize;
                if !numbers.contains(&number) {
                    numbers.push(number);
                }
            }
        };
        for row in &changes.inserts {
            note(row);
        }
        for (row, _) in &changes.updates {
            note(row);
        }
        for row in &changes.deletes {
            note(row);
        }
        match numbers.len() {
            0 => return Vec::new(),
            1 => return vec![numbers],
            _ => {}
        }
        let table = |number: usize| self.arenas[number].slots().table;
        numbers.sort_by_cached_key(|number| place_of(table(*number)));
        let mut edges = Vec::new();
        for (at, number) in numbers.iter().enumerate() {
            for (_, to) in self.references(table(*number)) {
                let before = numbers.iter().position(|number| *number == to);
                edges.extend(before.map(|before| (before, at)));
            }
        }
        let groups = components(numbers.len(), &edges).into_iter();
        groups
            .map(|group| group.into_iter().map(|at| numbers[at]).collect())
            .collect()
    }
}
