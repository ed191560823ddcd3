//! INSERTs and UPDATEs of one group of tables: the rows on levels, and the batches of each level.

use std::collections::BTreeMap;

use super::unique::{Moves, Take, name_of};
use crate::error::{Error, Result};
use crate::model::{ColumnSet, RawHandle, RelationInfo, RelationKind};
use crate::order::{Edge, levels};
use crate::session::change_set::ChangeSet;
use crate::session::hash::{FastMap, FastSet};
use crate::session::plan::{self, Step, StepKind};
use crate::session::{Session, State};

/// Why a row must be written before another.
enum Why<'a> {
    /// The later row refers to it.
    Refers(&'static RelationInfo),
    /// The later row takes a unique value that it gives up.
    Takes(&'a Take),
}

/// The rows of a group of tables that are written, and what must be written before what.
struct Rows<'a> {
    /// New rows, then changed ones.
    all: Vec<RawHandle>,
    new: usize,
    edges: Vec<Edge>,
    /// For each edge its reason.
    why: Vec<Why<'a>>,
}

/// Rows of one table that are written on one level, and what they waited for in words.
#[derive(Default)]
struct Written {
    changed: Vec<(RawHandle, ColumnSet)>,
    changed_behind: String,
    /// New rows that take the places of deleted ones.
    replacing: Vec<RawHandle>,
    added: Vec<RawHandle>,
    added_behind: String,
}

impl Session {
    pub(super) fn save_steps(
        &self,
        group: &[usize],
        changes: &ChangeSet,
        moves: &Moves,
        steps: &mut Vec<Step>,
    ) -> Result<()> {
        if let [number] = group
            && moves.is_empty()
            && !self.refers_to_itself(*number)
        {
            // No row waits for another.
            let of_table = |row: &RawHandle| row.arena as usize == *number;
            let changed = changes.updates.iter().filter(|(row, _)| of_table(row));
            let new = changes.inserts.iter().copied().filter(of_table);
            let (replacing, added) = new.partition(|row| changes.replaces.contains_key(row));
            let written = Written {
                changed: changed.copied().collect(),
                replacing,
                added,
                ..Written::default()
            };
            self.table_steps(*number, written, &moves.parked, changes, steps);
            return Ok(());
        }
        let in_group = |handle: &RawHandle| group.contains(&(handle.arena as usize));
        let inserts: Vec<_> = changes.inserts.iter().copied().filter(in_group).collect();
        let updates = changes.updates.iter();
        let updates: Vec<_> = updates.filter(|(handle, _)| in_group(handle)).collect();
        let mut rows = Rows {
            new: inserts.len(),
            all: inserts,
            edges: Vec::new(),
            why: Vec::new(),
        };
        rows.all.extend(updates.iter().map(|(handle, _)| *handle));
        self.add_edges(&mut rows, group, changes, moves);
        let levels =
            levels(rows.all.len(), &rows.edges).map_err(|ring| self.ring_error(&rows, &ring))?;
        let mut parked = moves.parked.clone();
        for at in &levels.broken {
            if let Why::Takes(take) = rows.why[*at] {
                let columns = parked.entry(take.before).or_default();
                *columns = columns.union(take.parking.into_iter().collect());
            }
        }
        steps.extend(self.park_steps(group, &parked, changes));
        let top = levels.of.iter().max().copied().unwrap_or(0);
        let mut on_level: Vec<Vec<usize>> = vec![Vec::new(); top + 1];
        on_level[0].reserve(levels.of.len());
        for (at, level) in levels.of.iter().enumerate() {
            on_level[*level].push(at);
        }
        for members in &on_level {
            for number in group {
                let (mut changed, mut replacing, mut added) = (Vec::new(), Vec::new(), Vec::new());
                for at in members {
                    let row = rows.all[*at];
                    if row.arena as usize != *number {
                        continue;
                    }
                    if *at >= rows.new {
                        changed.push(*at);
                    } else if changes.replaces.contains_key(&row) {
                        replacing.push(row);
                    } else {
                        added.push(*at);
                    }
                }
                let written = Written {
                    changed_behind: self.behind(&rows, &levels.of, &changed),
                    changed: changed.iter().map(|at| *updates[*at - rows.new]).collect(),
                    replacing,
                    added_behind: self.behind(&rows, &levels.of, &added),
                    added: added.iter().map(|at| rows.all[*at]).collect(),
                };
                self.table_steps(*number, written, &parked, changes, steps);
            }
        }
        steps.extend(self.completing_steps(&levels.broken, &rows));
        Ok(())
    }

    /// The steps of rows of one table that wait for no others of these: UPDATEs, then rows that take places, then INSERTs.
    fn table_steps(
        &self,
        number: usize,
        written: Written,
        parked: &BTreeMap<RawHandle, ColumnSet>,
        changes: &ChangeSet,
        steps: &mut Vec<Step>,
    ) {
        let Written {
            changed,
            changed_behind,
            replacing,
            added,
            added_behind,
        } = written;
        self.update_steps(changed, parked, &changed_behind, steps);
        self.replace_steps(&replacing, changes, steps);
        let table = self.arenas[number].slots().table;
        self.insert_steps(table, added, &added_behind, steps);
    }

    fn refers_to_itself(&self, number: usize) -> bool {
        let mut references = self.references(self.arenas[number].slots().table);
        references.any(|(_, to)| to == number)
    }

    /// Which rows must be written before which: by the foreign keys of tables that refer to one another, and by the
    /// unique values that change hands.
    fn add_edges<'a>(
        &self,
        rows: &mut Rows<'a>,
        group: &[usize],
        changes: &ChangeSet,
        moves: &'a Moves,
    ) {
        let alone = group.len() == 1 && !self.refers_to_itself(group[0]);
        let takes = moves
            .takes
            .iter()
            .filter(|take| group.contains(&(take.after.arena as usize)));
        let mut takes = takes.peekable();
        if alone && takes.peek().is_none() {
            return;
        }
        let position: FastMap<RawHandle, usize> = rows
            .all
            .iter()
            .enumerate()
            .map(|(at, row)| (*row, at))
            .collect();
        if !alone {
            self.add_references(rows, &position);
        }
        // Within a level UPDATEs go first, then rows that take places, then INSERTs.
        let turn = |row: RawHandle| match self.raw_state(row) {
            State::Pending if changes.replaces.contains_key(&row) => 1,
            State::Pending => 2,
            _ => 0,
        };
        for take in takes {
            rows.edges.push(Edge {
                before: position[&take.before],
                after: position[&take.after],
                breakable: take.parking.is_some(),
                gap: usize::from(turn(take.before) >= turn(take.after)),
            });
            rows.why.push(Why::Takes(take));
        }
    }

    fn add_references(&self, rows: &mut Rows<'_>, position: &FastMap<RawHandle, usize>) {
        for (after, row) in rows.all.iter().enumerate() {
            for relation in self.table(*row).relations {
                if !matches!(relation.kind, RelationKind::BelongsTo(_)) {
                    continue;
                }
                let target = self.known_target(*row, relation).flatten();
                let pending = target.filter(|target| self.raw_state(*target) == State::Pending);
                if let Some(before) = pending.and_then(|target| position.get(&target)) {
                    let (_, references) = relation.columns();
                    // A row may refer to itself, if its key is known before.
                    if *before == after && self.key_at(*row, references).is_some() {
                        continue;
                    }
                    rows.edges.push(Edge {
                        before: *before,
                        after,
                        breakable: after < rows.new && relation.required_column().is_none(),
                        gap: 1,
                    });
                    rows.why.push(Why::Refers(relation));
                }
            }
        }
    }

    /// What some rows of one level had to wait for, in words: empty for those that waited for nothing in their group.
    fn behind(&self, rows: &Rows<'_>, levels: &[usize], members: &[usize]) -> String {
        let Some(level) = members.first().map(|at| levels[*at]) else {
            return String::new();
        };
        if level == 0 {
            return String::new();
        }
        let mut reasons: Vec<String> = Vec::new();
        let members: FastSet<_> = members.iter().collect();
        for (edge, why) in rows.edges.iter().zip(&rows.why) {
            let decides = levels[edge.before] + edge.gap == level;
            if members.contains(&edge.after) && decides {
                let reason = match why {
                    Why::Refers(relation) => {
                        format!(
                            "behind the `{}` that {} leads to",
                            relation.to.model,
                            relation.path()
                        )
                    }
                    Why::Takes(take) => format!(
                        "behind the rows that give up the values of {} that it takes",
                        name_of(self.table(take.after), &take.group)
                    ),
                };
                if !reasons.contains(&reason) {
                    reasons.push(reason);
                }
            }
        }
        reasons.join(", ")
    }

    fn ring_error(&self, rows: &Rows<'_>, ring: &[usize]) -> Error {
        let name = |at: usize| self.row_name(rows.all[at]);
        let mut refers = false;
        let links: Vec<String> = ring
            .iter()
            .map(|at| {
                let edge = &rows.edges[*at];
                let (after, before) = (name(edge.after), name(edge.before));
                match &rows.why[*at] {
                    Why::Refers(relation) => {
                        refers = true;
                        let columns = name_of(relation.from, relation.columns().0);
                        format!(
                            "{after} refers to {before} by {} ({columns})",
                            relation.path()
                        )
                    }
                    Why::Takes(take) => {
                        let columns = name_of(self.table(take.after), &take.group);
                        format!("{after} takes the value of {columns} from {before}")
                    }
                }
            })
            .collect();
        let links = links.join(", ");
        Error::Cycle {
            what: if refers {
                format!(
                    "these rows need one another in a ring, so none can be written first, and none of the foreign keys can \
                     be NULL for the time between: {links}; make one of the keys an `Option`, or set it after the first \
                     flush"
                )
            } else {
                format!(
                    "these rows exchange unique values, so none can be written first, and the column can hold nothing else \
                     for the time between: {links}; make it an `Option`, let the constraint be checked at COMMIT \
                     (`unique_deferred(..)`), or give one of the rows a value of its own, flush, and then the one it is \
                     to have"
                )
            },
        }
    }

    /// Updates that set the foreign keys at which rings were broken, all of a row in one.
    fn completing_steps(&self, broken: &[usize], rows: &Rows<'_>) -> Vec<Step> {
        let mut columns_of = BTreeMap::<usize, (ColumnSet, Vec<String>)>::new();
        for at in broken {
            let Why::Refers(relation) = rows.why[*at] else {
                continue;
            };
            let columns = relation.nullable_columns();
            let (all, paths) = columns_of.entry(rows.edges[*at].after).or_default();
            *all = all.union(columns);
            paths.push(format!("`{}`", relation.path()));
        }
        let mut steps: Vec<Step> = Vec::new();
        for (at, (columns, paths)) in columns_of {
            let (row, table) = (rows.all[at], self.table(rows.all[at]));
            match steps
                .iter_mut()
                .find(|step| step.columns == columns && std::ptr::eq(step.table, table))
            {
                Some(step) => step.rows.push(row),
                None => {
                    let reason = format!(
                        "closes a ring: {} was inserted as NULL, because its target was not there yet",
                        paths.join(" and ")
                    );
                    let mut step = Step::new(StepKind::Close, table, plan::Why::Said(reason));
                    step.columns = columns;
                    step.rows.push(row);
                    steps.push(step);
                }
            }
        }
        steps
    }
}
