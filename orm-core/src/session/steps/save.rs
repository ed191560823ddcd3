//! INSERTs and UPDATEs of one group of tables: the rows on levels, and the batches of each level.

use std::collections::BTreeMap;

use super::batches::Apart;
use super::unique::{Moves, Take, name_of};
use crate::error::{Error, Result};
use crate::model::{ColumnSet, RawHandle, RelationInfo};
use crate::order::{Edge, Levels, levels};
use crate::session::change_set::ChangeSet;
use crate::session::hash::{FastMap, FastSet};
use crate::session::plan::{self, Step, StepKind};
use crate::session::{Session, State};

/// Why a row must be written before another.
pub(super) enum Why<'a> {
    /// The later row is given a foreign key that leads to it.
    Refers(&'static RelationInfo),
    /// The later row has a foreign key that leads to it and follows its new key, and is not to be in the same statement.
    Follows(&'static RelationInfo),
    /// The later row takes a unique value that it gives up.
    Takes(&'a Take),
}

/// The rows of a group of tables that are written, and what must be written before what.
pub(super) struct Rows<'a> {
    /// New rows, then changed ones.
    pub(super) all: Vec<RawHandle>,
    pub(super) new: usize,
    /// The changed ones, with the columns that change.
    pub(super) updates: Vec<&'a (RawHandle, ColumnSet)>,
    pub(super) edges: Vec<Edge>,
    /// For each edge its reason.
    pub(super) why: Vec<Why<'a>>,
    /// How many of the edges must hold. The others may be left out.
    required: usize,
}

impl Rows<'_> {
    /// The columns that change in a row; `None` of a new one.
    pub(super) fn changed(&self, at: usize) -> Option<ColumnSet> {
        let update = self.updates.get(at.checked_sub(self.new)?);
        update.map(|(_, changed)| *changed)
    }

    /// Whether a row is given the foreign key of a relationship.
    pub(super) fn writes(&self, at: usize, relation: &RelationInfo) -> bool {
        let mut columns = relation.columns().0.iter();
        self.changed(at)
            .is_none_or(|changed| columns.any(|column| changed.contains(*column)))
    }

    pub(super) fn are_of_one_table(&self, one: usize, other: usize) -> bool {
        self.all[one].arena == self.all[other].arena
    }

    /// Whether two changed rows are of one UPDATE, if they are on one level.
    pub(super) fn are_one_update(&self, one: usize, other: usize) -> bool {
        self.are_of_one_table(one, other) && self.changed(one) == self.changed(other)
    }
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
            self.table_steps(*number, written, &Apart::default(), changes, steps);
            return Ok(());
        }
        // In the order of the tables, because that decides where a ring is broken.
        let of_group = group.iter().map(|number| *number as u16);
        let inserts = of_group.clone().flat_map(|number| {
            let rows = changes.inserts.iter().copied();
            rows.filter(move |row| row.arena == number)
        });
        let inserts: Vec<_> = inserts.collect();
        let updates = of_group.flat_map(|number| {
            let rows = changes.updates.iter();
            rows.filter(move |(row, _)| row.arena == number)
        });
        let updates: Vec<_> = updates.collect();
        let mut rows = Rows {
            new: inserts.len(),
            all: inserts,
            updates,
            edges: Vec::new(),
            why: Vec::new(),
            required: 0,
        };
        let changed = rows.updates.iter();
        rows.all.extend(changed.map(|(handle, _)| *handle));
        self.add_edges(&mut rows, group, changes, moves);
        let levels = self.put_on_levels(&mut rows)?;
        let apart = self.written_apart(&rows, &levels.broken, moves);
        steps.extend(self.park_steps(group, &apart.parked, changes));
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
                    changed: changed
                        .iter()
                        .map(|at| *rows.updates[*at - rows.new])
                        .collect(),
                    replacing,
                    added_behind: self.behind(&rows, &levels.of, &added),
                    added: added.iter().map(|at| rows.all[*at]).collect(),
                };
                self.table_steps(*number, written, &apart, changes, steps);
            }
        }
        steps.extend(self.completing_steps(&levels.broken, &rows));
        Ok(())
    }

    /// Puts the rows on levels. Edges that may be left out are, all of them, where some lead in a ring.
    fn put_on_levels(&self, rows: &mut Rows<'_>) -> Result<Levels> {
        loop {
            let levels =
                levels(rows.all.len(), &rows.edges).map_err(|ring| self.ring_error(rows, &ring))?;
            if levels.broken.iter().all(|at| *at < rows.required) {
                return Ok(levels);
            }
            rows.edges.truncate(rows.required);
            rows.why.truncate(rows.required);
        }
    }

    /// What the edges at which rings were broken, and values that change hands, mean for columns of changed rows.
    fn written_apart(&self, rows: &Rows<'_>, broken: &[usize], moves: &Moves) -> Apart {
        let mut apart = Apart {
            parked: moves.parked.clone(),
            ..Apart::default()
        };
        for at in broken {
            let after = rows.edges[*at].after;
            let (columns_of, row, columns) = match rows.why[*at] {
                Why::Takes(take) => {
                    let parking = take.parking.into_iter().collect();
                    (&mut apart.parked, take.before, parking)
                }
                Why::Refers(relation) if after >= rows.new => {
                    let columns = relation.columns().0.iter().copied().collect();
                    (&mut apart.later, rows.all[after], columns)
                }
                Why::Refers(_) | Why::Follows(_) => continue,
            };
            let all: &mut ColumnSet = columns_of.entry(row).or_default();
            *all = all.union(columns);
        }
        apart
    }

    /// The steps of rows of one table that wait for no others of these: UPDATEs, then rows that take places, then INSERTs.
    fn table_steps(
        &self,
        number: usize,
        written: Written,
        apart: &Apart,
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
        self.update_steps(changed, apart, &changed_behind, steps);
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
        let wanted = match alone {
            true => Vec::new(),
            false => self.add_references(rows, group, &position),
        };
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
        rows.required = rows.edges.len();
        for (edge, relation) in wanted {
            rows.edges.push(edge);
            rows.why.push(Why::Refers(relation));
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
                    Why::Refers(relation) | Why::Follows(relation) => {
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
                    Why::Refers(relation) | Why::Follows(relation) => {
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
            let after = rows.edges[*at].after;
            let columns = match rows.changed(after) {
                None => relation.nullable_columns(),
                Some(changed) => {
                    let columns = relation.columns().0.iter().copied();
                    columns.filter(|column| changed.contains(*column)).collect()
                }
            };
            let (all, paths) = columns_of.entry(after).or_default();
            *all = all.union(columns);
            paths.push(format!("`{}`", relation.path()));
        }
        let mut steps: Vec<Step> = Vec::new();
        for (at, (columns, paths)) in columns_of {
            let (row, table) = (rows.all[at], self.table(rows.all[at]));
            let same = steps
                .iter_mut()
                .find(|step| step.columns == columns && std::ptr::eq(step.table, table));
            // Rows that were read in an earlier transaction are not known any better behind it.
            let stale = at >= rows.new && self.is_guarded(row);
            if let Some(step) = same {
                step.rows.push(row);
                step.stale |= stale;
                continue;
            }
            let reason = format!(
                "closes a ring: {} was {}, because its target was not there yet",
                paths.join(" and "),
                if at < rows.new {
                    "inserted as NULL"
                } else {
                    "left as it was"
                }
            );
            let mut step = Step::new(StepKind::Close, table, plan::Why::Said(reason));
            step.columns = columns;
            step.stale = stale;
            step.rows.push(row);
            steps.push(step);
        }
        steps
    }
}
