//! Unique values that change hands within one flush: a row takes what another one gives up.
//!
//! PostgreSQL checks a unique constraint as each row is written, so the row that gives a value up goes first:
//!
//! | who gives it up | what is done |
//! | --- | --- |
//! | a row that is deleted | its DELETE goes before everything else, if nothing that stays refers to it; else its value is moved aside |
//! | a row that is updated, and takes nothing itself | its UPDATE goes on a lower level than the row that takes the value |
//! | a row that is updated, and takes a value itself (a chain, or a ring: two rows that swap) | all rows that give up values are moved aside by one UPDATE, so a chain of any length is two statements |
//!
//! "Moved aside" is [`StepKind::Park`]: the column holds NULL or a placeholder (`parking`) for the time between. Where
//! placeholders are few (an enum's labels, a foreign key's targets) a chain goes row by row, and one row of a ring is moved
//! aside. Where none is possible a ring is an error before anything is sent. Constraints that are checked at COMMIT
//! (`unique_deferred`) are nothing to look at: any order does.
//!
//! Primary keys are never moved aside, because other rows refer to them. A chain of them is ordered; a ring is sent as one
//! UPDATE, which the server takes if the constraint was made DEFERRABLE.
//!
//! Values are compared as the database compares them (`same`), not byte by byte.
//!
//! It costs what the changed unique columns cost, and nothing where none is given up.

use std::collections::{BTreeMap, BTreeSet};

use bytes::BytesMut;

use crate::error::{ConstraintKind, Error, Result};
use crate::model::{ColumnSet, RawHandle, RelationKind, Table};
use crate::order::components;
use crate::session::Session;
use crate::session::change_set::ChangeSet;
use crate::session::hash::{FastMap, FastSet};
use crate::session::key::KeyBytes;
use crate::session::parking::{Placeholder, parking_column};
use crate::session::plan::{Step, StepKind, Why};
use crate::session::same::{has_many_forms, unite};

/// One row takes a unique value that another one gives up.
#[derive(Debug, Clone)]
pub(super) struct Take {
    pub(super) before: RawHandle,
    pub(super) after: RawHandle,
    /// The columns that are unique together.
    pub(super) group: Vec<u16>,
    /// The column in which the earlier row can be moved aside.
    pub(super) parking: Option<u16>,
}

/// What unique values mean for the order of a flush.
#[derive(Debug, Default)]
pub(super) struct Moves {
    /// The DELETEs that go first.
    pub(super) early: BTreeSet<RawHandle>,
    /// What must go in order.
    pub(super) takes: Vec<Take>,
    /// The rows that are moved aside, and in which columns.
    pub(super) parked: BTreeMap<RawHandle, ColumnSet>,
}

impl Moves {
    /// Whether no value changes hands.
    pub(super) fn is_empty(&self) -> bool {
        self.early.is_empty() && self.takes.is_empty() && self.parked.is_empty()
    }
}

/// A value of a group of unique columns of a table: the number of the arena, that of the group, the value.
type Value = (u16, usize, KeyBytes);

/// Columns that are unique together: the primary key first, then all others.
pub(in crate::session) fn unique_groups(table: &Table) -> Vec<Vec<u16>> {
    let columns = table.columns.iter().enumerate();
    let single = columns
        .filter(|(_, column)| column.unique)
        .map(|(at, _)| vec![at as u16]);
    std::iter::once(table.primary_key.to_vec())
        .chain(single)
        .chain(table.uniques.iter().map(|group| group.to_vec()))
        .collect()
}

/// What is unique in a table.
struct Uniques {
    groups: Vec<Vec<u16>>,
    /// All columns of these.
    columns: ColumnSet,
    /// Those in which equal values may have different bytes.
    in_forms: ColumnSet,
}

impl Uniques {
    fn of(table: &'static Table) -> Self {
        let groups = unique_groups(table);
        let columns: ColumnSet = groups.iter().flatten().copied().collect();
        let in_forms = columns.iter();
        let in_forms = in_forms.filter(|column| has_many_forms(&table.columns[*column as usize]));
        Uniques {
            in_forms: in_forms.collect(),
            columns,
            groups,
        }
    }
}

impl Session {
    /// Finds the unique values that change hands, and decides what goes first and what is moved aside.
    pub(super) fn unique_moves(&self, changes: &ChangeSet) -> Result<Moves> {
        let mut moves = Moves::default();
        let mut takes = self.takes(changes);
        if takes.is_empty() {
            return Ok(moves);
        }
        self.drop_rings_of_keys(&mut takes);
        let deleted: FastSet<RawHandle> = changes.deletes.iter().copied().collect();
        moves.early = self.early_deletes(&takes, &deleted, changes);
        takes.retain(|take| !moves.early.contains(&take.before));
        // Rows that give up one value and take another, by table: there a chain is longer than two, or closed.
        let taking: FastSet<RawHandle> = takes.iter().map(|take| take.after).collect();
        let chained: BTreeSet<u16> = takes
            .iter()
            .filter(|take| taking.contains(&take.before))
            .map(|take| take.before.arena)
            .collect();
        let is_plenty = |take: &Take, column| {
            let placeholder = Placeholder::of(self.table(take.before), column);
            placeholder.is_some_and(|placeholder| !placeholder.is_scarce())
        };
        for take in takes {
            let gone = deleted.contains(&take.before);
            let is_chained = chained.contains(&take.before.arena);
            match take.parking {
                Some(column) if gone || (is_chained && is_plenty(&take, column)) => {
                    let columns = moves.parked.entry(take.before).or_default();
                    columns.insert(column);
                }
                None if gone => return Err(self.stuck_delete(&take)),
                _ => moves.takes.push(take),
            }
        }
        Ok(moves)
    }

    /// Which rows take values that which other ones give up.
    fn takes(&self, changes: &ChangeSet) -> Vec<Take> {
        if changes.updates.is_empty() && changes.deletes.is_empty() && changes.replaces.is_empty() {
            return Vec::new(); // None gives anything up.
        }
        if changes.inserts.len() + changes.updates.len() + changes.deletes.len() == 1 {
            return Vec::new(); // There is no other.
        }
        // Where no row of a table is new, or changed in any column, none takes what another one gives up.
        let new = changes.inserts.iter();
        let taking = new.chain(changes.updates.iter().map(|(row, _)| row));
        let mut is_taking = vec![false; self.arenas.len()];
        for row in taking {
            is_taking[row.arena as usize] = true;
        }
        let tables = self.arenas.iter().map(|store| store.slots().table);
        let uniques: Vec<Uniques> = tables.map(Uniques::of).collect();
        let uniques = |row: RawHandle| &uniques[row.arena as usize];
        let groups_of = |row: RawHandle| uniques(row).groups.iter().enumerate();
        let mut given_up: FastMap<Value, (RawHandle, ColumnSet)> = FastMap::default();
        let mut give_up = |row: RawHandle, known_by: RawHandle, written: ColumnSet| {
            for (number, group) in groups_of(row) {
                let changes = group.iter().any(|column| written.contains(*column));
                if changes
                    && let Some(value) = self.unique_before(known_by, group, uniques(row).in_forms)
                {
                    given_up.insert((row.arena, number, value), (row, written));
                }
            }
        };
        for (row, changed) in &changes.updates {
            if changed.without(uniques(*row).columns) != *changed {
                give_up(*row, *row, *changed);
            }
        }
        let deletes = changes.deletes.iter();
        for row in deletes.filter(|row| is_taking[row.arena as usize]) {
            give_up(*row, *row, all_columns(self.table(*row)));
        }
        for (row, old) in &changes.replaces {
            let table = self.table(*row);
            let key: ColumnSet = table.primary_key.iter().copied().collect();
            let written = all_columns(table).without(key);
            give_up(*row, *old, written);
        }
        if given_up.is_empty() {
            return Vec::new();
        }
        let new = changes.inserts.iter().map(|row| (*row, None));
        let changed = changes.updates.iter();
        let changed = changed.map(|(row, changed)| (*row, Some(*changed)));
        let mut takes = Vec::new();
        for (row, changed) in new.chain(changed) {
            let by_server = self.computed_columns(row);
            for (number, group) in groups_of(row) {
                let writes = |column: &u16| changed.is_none_or(|changed| changed.contains(*column));
                let unknown = |column: &u16| by_server.contains(*column);
                if !group.iter().any(writes) || group.iter().any(unknown) {
                    continue;
                }
                let Some(value) = self.unique_value(row, group, uniques(row).in_forms) else {
                    continue;
                };
                if let Some((before, written)) = given_up.get(&(row.arena, number, value))
                    && *before != row
                {
                    takes.push(Take {
                        before: *before,
                        after: row,
                        parking: parking_column(self.table(row), group, *written),
                        group: group.clone(),
                    });
                }
            }
        }
        takes
    }

    /// What a row has in some columns, in the one form of values that are equal, which columns `in_forms` may have in several.
    fn unique_value(&self, row: RawHandle, group: &[u16], in_forms: ColumnSet) -> Option<KeyBytes> {
        if !group.iter().any(|column| in_forms.contains(*column)) {
            return self.key_at(row, group);
        }
        let store = self.store(row);
        self.one_form(row, group, &|column, out| {
            store.encode(row.index, column, out)
        })
    }

    /// The same as the database has it.
    fn unique_before(
        &self,
        row: RawHandle,
        group: &[u16],
        in_forms: ColumnSet,
    ) -> Option<KeyBytes> {
        if !group.iter().any(|column| in_forms.contains(*column)) {
            return self.key_before_at(row, group);
        }
        let store = self.store(row);
        self.one_form(row, group, &|column, out| {
            store.encode_before(row.index, column, out)
        })
    }

    fn one_form(
        &self,
        row: RawHandle,
        group: &[u16],
        encode: &dyn Fn(u16, &mut BytesMut) -> bool,
    ) -> Option<KeyBytes> {
        let columns = self.table(row).columns;
        KeyBytes::encode(group.len(), &mut |part, out| {
            let from = out.len();
            let is_there = encode(group[part], out);
            unite(&columns[group[part] as usize], out, from);
            is_there
        })
    }

    /// Primary keys that are exchanged in a ring are the server's business.
    fn drop_rings_of_keys(&self, takes: &mut Vec<Take>) {
        let of_key = |take: &Take| take.group == self.table(take.after).primary_key;
        let keys: Vec<&Take> = takes.iter().filter(|take| of_key(take)).collect();
        let mut numbers: FastMap<RawHandle, usize> = FastMap::default();
        let mut edges = Vec::new();
        for take in keys {
            let mut number = |row| {
                let next = numbers.len();
                *numbers.entry(row).or_insert(next)
            };
            edges.push((number(take.before), number(take.after)));
        }
        let mut ring_of = vec![0; numbers.len()];
        for (at, ring) in components(numbers.len(), &edges).into_iter().enumerate() {
            for row in ring {
                ring_of[row] = at;
            }
        }
        takes.retain(|take| {
            !of_key(take) || ring_of[numbers[&take.before]] != ring_of[numbers[&take.after]]
        });
    }

    /// The rows whose DELETE goes first: of each table where one gives up a value that is taken, all that can, so that
    /// they are still one statement; and the rows deleted with them that refer to them.
    fn early_deletes(
        &self,
        takes: &[Take],
        deleted: &FastSet<RawHandle>,
        changes: &ChangeSet,
    ) -> BTreeSet<RawHandle> {
        let mut early = BTreeSet::new();
        let tables: BTreeSet<u16> = takes
            .iter()
            .filter(|take| deleted.contains(&take.before))
            .map(|take| take.before.arena)
            .collect();
        if tables.is_empty() {
            return early;
        }
        let referring = self.referring(changes);
        for row in &changes.deletes {
            if tables.contains(&row.arena)
                && let Some(with) = self.deleted_with(*row, &referring, deleted, &early)
            {
                early.extend(with);
            }
        }
        early
    }

    /// For each key that a foreign key of a changed or deleted row leads to in the database: these rows.
    fn referring(
        &self,
        changes: &ChangeSet,
    ) -> FastMap<(usize, Vec<u16>, KeyBytes), Vec<RawHandle>> {
        let mut found: FastMap<_, Vec<RawHandle>> = FastMap::default();
        let updates = changes.updates.iter().map(|(row, _)| row);
        let all = updates
            .chain(&changes.deletes)
            .chain(changes.replaces.values());
        for row in all {
            for relation in self.table(*row).relations {
                if !matches!(relation.kind, RelationKind::BelongsTo(_)) {
                    continue;
                }
                let (columns, references) = relation.columns();
                if let Some(key) = self.key_before_at(*row, columns) {
                    let target = (relation.to.id(), references.to_vec(), key);
                    found.entry(target).or_default().push(*row);
                }
            }
        }
        found
    }

    /// A deleted row, and all that have to be deleted before it; `None` where one of those that refer to it is not deleted
    /// but led elsewhere, which happens later.
    fn deleted_with(
        &self,
        row: RawHandle,
        referring: &FastMap<(usize, Vec<u16>, KeyBytes), Vec<RawHandle>>,
        deleted: &FastSet<RawHandle>,
        early: &BTreeSet<RawHandle>,
    ) -> Option<BTreeSet<RawHandle>> {
        let mut with = BTreeSet::from([row]);
        let mut open = vec![row];
        while let Some(row) = open.pop() {
            let table = self.table(row);
            for group in unique_groups(table) {
                let Some(key) = self.key_before_at(row, &group) else {
                    continue;
                };
                let children = referring.get(&(table.id(), group, key));
                for child in children.into_iter().flatten() {
                    if !deleted.contains(child) {
                        return None;
                    }
                    if !early.contains(child) && with.insert(*child) {
                        open.push(*child);
                    }
                }
            }
        }
        Some(with)
    }

    /// The UPDATEs that move values aside, for the rows of some tables.
    pub(super) fn park_steps(
        &self,
        group: &[usize],
        parked: &BTreeMap<RawHandle, ColumnSet>,
        changes: &ChangeSet,
    ) -> Vec<Step> {
        let mut batches: BTreeMap<(usize, ColumnSet, ColumnSet, bool), Vec<RawHandle>> =
            BTreeMap::new();
        for (row, columns) in parked {
            let number = row.arena as usize;
            if let Some(place) = group.iter().position(|other| *other == number) {
                let gone = self.slots(*row).heads[row.index as usize].doomed;
                let guard = if self.is_guarded(*row) && !gone {
                    *columns
                } else {
                    ColumnSet::EMPTY
                };
                let batch = batches.entry((place, *columns, guard, gone));
                batch.or_default().push(*row);
            }
        }
        let steps = batches
            .into_iter()
            .map(|((_, columns, guard, gone), mut rows)| {
                let table = self.table(rows[0]);
                let names: Vec<String> = columns
                    .iter()
                    .map(|column| name_of(table, &[column]))
                    .collect();
                let to_null = columns.iter().all(|column| {
                    matches!(Placeholder::of(table, column), Some(Placeholder::Null))
                });
                let reason = format!(
                    "moves {} aside{}, because another row takes the value before {}",
                    names.join(" and "),
                    if to_null { " to NULL" } else { "" },
                    if gone {
                        "this one can be deleted"
                    } else {
                        "this one has its new one"
                    }
                );
                self.by_key(&mut rows);
                let mut step = Step::new(StepKind::Park, table, Why::Said(reason));
                step.columns = columns;
                step.guard = guard;
                let searched = columns.iter().any(|column| {
                    matches!(Placeholder::of(table, column), Some(Placeholder::Free(_)))
                });
                if searched {
                    let updates = changes.updates.iter();
                    let updates =
                        updates.filter(|(_, set)| set.iter().any(|at| columns.contains(at)));
                    let of_table = |row: &RawHandle| row.arena == rows[0].arena;
                    let takers = updates.map(|(row, _)| row).chain(&changes.inserts);
                    step.others = takers.copied().filter(of_table).collect();
                }
                let known_by = |row: &RawHandle| changes.replaces.get(row).copied();
                if rows.iter().any(|row| known_by(row).is_some()) {
                    step.old = rows
                        .iter()
                        .map(|row| known_by(row).unwrap_or(*row))
                        .collect();
                }
                step.rows = rows;
                step
            });
        steps.collect()
    }

    fn stuck_delete(&self, take: &Take) -> Error {
        let table = self.table(take.before);
        Error::Cycle {
            what: format!(
                "{} takes the unique value of {} from {}, which is deleted in the same flush, but not before the rows that \
                 refer to it are led elsewhere, and the value cannot be moved aside meanwhile: delete it and flush, then \
                 give the value to the other",
                self.row_name(take.after),
                name_of(table, &take.group),
                self.row_name(take.before),
            ),
        }
    }
}

/// The error of a step, in words of what it was for: a search for a value that nobody has found none.
pub(in crate::session) fn nothing_free(step: &Step, error: Error) -> Error {
    let table = step.table;
    let names = step.columns.iter().map(|column| name_of(table, &[column]));
    let names = || names.collect::<Vec<_>>().join(" and ");
    let why = match &error {
        Error::Constraint(violated) if step.kind == StepKind::Park => match violated.kind {
            ConstraintKind::NotNull => format!("every value that {} can have is taken", names()),
            ConstraintKind::Check => format!(
                "nothing that {} could hold meanwhile satisfies the CHECK `{}`",
                names(),
                violated.constraint
            ),
            _ => return error,
        },
        _ => return error,
    };
    Error::Cycle {
        what: format!(
            "rows of `{}` exchange unique values, so one of them has to hold something else for the time between, and {why}; \
             roll back, and let the constraint be checked at COMMIT (`unique_deferred(..)`), or free a value first",
            table.name
        ),
    }
}

/// `authors.name`, `seats.(row, number)`.
pub(super) fn name_of(table: &Table, group: &[u16]) -> String {
    let names: Vec<&str> = group
        .iter()
        .map(|column| table.columns[*column as usize].name)
        .collect();
    match names[..] {
        [name] => format!("`{}.{name}`", table.name),
        _ => format!("`{}.({})`", table.name, names.join(", ")),
    }
}

fn all_columns(table: &Table) -> ColumnSet {
    (0..table.columns.len() as u16).collect()
}
