//! Rows that can be written by one statement: which columns each sends, and the batches of those that send the same.

use std::collections::BTreeMap;

use crate::expr::BatchColumn;
use crate::model::{ColumnInfo, ColumnSet, RawHandle, Table};
use crate::session::Session;
use crate::session::change_set::{ChangeSet, given_anew};
use crate::session::key::{KeyBytes, sort_by_key};
use crate::session::plan::{Step, StepKind, Why};
use crate::types::TypeKind;

/// What rows of one UPDATE have in common: the columns that are set, whether they are guarded, by which columns, and the SQL of the
/// expressions that they are set to.
type Batch = (ColumnSet, bool, ColumnSet, Option<String>);

/// Columns of changed rows that have a statement of their own.
#[derive(Debug, Default)]
pub(super) struct Apart {
    /// Moved aside before.
    pub(super) parked: BTreeMap<RawHandle, ColumnSet>,
    /// Set behind all others, because a ring is broken there.
    pub(super) later: BTreeMap<RawHandle, ColumnSet>,
}

impl Session {
    /// Batches of inserts into one table: rows that send the same columns. `behind` says what they waited for.
    pub(super) fn insert_steps(
        &self,
        table: &'static Table,
        rows: Vec<RawHandle>,
        behind: &str,
        steps: &mut Vec<Step>,
    ) {
        if rows.is_empty() {
            return;
        }
        let sent = sent_by_insert(table);
        let first = steps.len();
        for row in rows {
            let columns = sent(self.given(row));
            let shape = self.shape(row);
            let same = steps[first..]
                .iter_mut()
                .find(|step| step.columns == columns && step.shape == shape);
            match same {
                Some(step) => step.rows.push(row),
                None => {
                    let why = Why::Rows {
                        behind: behind.to_owned(),
                        apart: steps.len() > first,
                    };
                    let mut step = Step::new(StepKind::Insert, table, why);
                    step.columns = columns;
                    step.by_server = self.computed_columns(row);
                    step.shape = shape;
                    step.rows.push(row);
                    steps.push(step);
                }
            }
        }
    }

    /// Batches of rows that take the place of deleted ones: those that are given the same columns.
    pub(super) fn replace_steps(
        &self,
        rows: &[RawHandle],
        changes: &ChangeSet,
        steps: &mut Vec<Step>,
    ) {
        if rows.is_empty() {
            return;
        }
        let mut batches = BTreeMap::<(ColumnSet, Option<String>), Vec<RawHandle>>::new();
        for row in rows {
            let columns = sent_by_insert(self.table(*row))(self.given(*row));
            let batch = batches.entry((columns, self.shape(*row)));
            batch.or_default().push(*row);
        }
        let replacing = batches.into_iter().map(|((given, shape), mut rows)| {
            let table = self.table(rows[0]);
            let mut fixed: ColumnSet = table.primary_key.iter().copied().collect();
            let why = Why::Rows {
                behind: String::new(),
                apart: false,
            };
            let mut step = Step::new(StepKind::Replace, table, why);
            step.columns = given.without(fixed);
            if let Some(version) = table.version {
                // It goes on counting.
                step.columns = step.columns.without(ColumnSet::EMPTY.with(version));
                fixed.insert(version);
            }
            let columns = table.columns.iter().enumerate();
            step.defaults = columns
                .filter(|(_, column)| column.computed.is_none())
                .map(|(at, _)| at as u16)
                .collect::<ColumnSet>()
                .without(given)
                .without(fixed);
            if step.columns.is_empty() && step.defaults.is_empty() {
                // There is nothing to change, and an UPDATE must set something.
                step.columns.insert(table.primary_key[0]);
            }
            step.shape = shape;
            step.by_server = self.computed_columns(rows[0]);
            self.by_key(&mut rows);
            step.old = rows.iter().map(|row| changes.replaces[row]).collect();
            step.rows = rows;
            step
        });
        steps.extend(replacing);
    }

    /// The columns of a new row that are given a value, or an expression.
    #[inline]
    pub(super) fn given(&self, row: RawHandle) -> ColumnSet {
        let given = self.store(row).given(row.index);
        given.union(self.computed_columns(row))
    }

    /// Batches of updates: rows that set the same columns, stale ones apart. `behind` says what they waited for.
    pub(super) fn update_steps(
        &self,
        rows: Vec<(RawHandle, ColumnSet)>,
        written_apart: &Apart,
        behind: &str,
        steps: &mut Vec<Step>,
    ) {
        // Mostly a row is changed as the one before it, and all are one batch.
        let mut batches: Vec<(Batch, Vec<RawHandle>)> = Vec::new();
        let mut room = rows.len();
        for (row, mut changed) in rows {
            let guarded = self.is_guarded(row);
            let (mut guard, mut aside) = (ColumnSet::EMPTY, ColumnSet::EMPTY);
            if let Some(columns) = written_apart.parked.get(&row) {
                aside = *columns;
                // What was moved aside without having changed gets its value back.
                changed = changed.union(aside);
            }
            if guarded {
                // What was moved aside was guarded then, and an expression doesn't stand on what was read.
                guard = changed.without(aside).without(self.computed_columns(row));
            }
            let later = written_apart.later.get(&row);
            let set = later.map_or(changed, |later| changed.without(*later));
            let batch = (set, guarded, guard, self.shape(row));
            match batches.last_mut() {
                Some((last, rows)) if *last == batch => rows.push(row),
                _ => {
                    let mut rows = Vec::with_capacity(std::mem::replace(&mut room, 1));
                    rows.push(row);
                    batches.push((batch, rows));
                }
            }
        }
        batches.sort_by(|(one, _), (other, _)| one.cmp(other));
        batches.dedup_by(|(batch, rows), (before, all)| {
            let same = batch == before;
            if same {
                all.append(rows);
            }
            same
        });
        let apart = batches.len() > 1;
        for ((changed, guarded, guard, shape), rows) in batches {
            let table = self.table(rows[0]);
            let why = Why::Rows {
                behind: behind.to_owned(),
                apart,
            };
            let mut step = Step::new(StepKind::Update, table, why);
            // Not what is given anew: its old value decided nothing.
            step.columns = changed.union(given_anew(table));
            step.guard = guard;
            step.stale = guarded;
            step.by_server = self.computed_columns(rows[0]);
            step.shape = shape;
            self.put_by_key(&mut step, rows);
            steps.push(step);
        }
    }

    /// Whether the row was read in an earlier transaction and has no version, so that what is written must find the old
    /// values still there.
    pub(super) fn is_guarded(&self, row: RawHandle) -> bool {
        let stale = self.slots(row).heads[row.index as usize].epoch != self.epoch;
        stale && self.table(row).version.is_none()
    }

    /// The primary key under which the database has the row.
    pub(in crate::session) fn key_before(&self, row: RawHandle) -> Option<KeyBytes> {
        self.key_before_at(row, self.table(row).primary_key)
    }

    /// Some columns of a row, as the database has them, as a key; `None` if one is NULL.
    pub(in crate::session) fn key_before_at(
        &self,
        row: RawHandle,
        columns: &[u16],
    ) -> Option<KeyBytes> {
        let store = self.store(row);
        KeyBytes::encode(columns.len(), &mut |part, out| {
            store.encode_before(row.index, columns[part], out)
        })
    }

    /// Gives a step its rows, in the order of the keys under which the database has them. Mostly they were read in that order,
    /// and what tells that they are in it is the column of their keys, which the statement needs anyway.
    pub(super) fn put_by_key(&self, step: &mut Step, rows: Vec<RawHandle>) {
        step.rows = rows;
        if step.rows.len() < 2 {
            return;
        }
        step.keys = self.ascending_keys(step.table, &step.rows);
        if step.keys.is_none() {
            self.by_key(&mut step.rows);
        }
    }

    /// The keys of rows that are in their order; `None` where they are not, or the key is of several columns.
    fn ascending_keys(&self, table: &'static Table, rows: &[RawHandle]) -> Option<BatchColumn> {
        let (store, &[key]) = (self.store(rows[0]), table.primary_key) else {
            return None;
        };
        let ty = table.columns[key as usize].ty;
        if matches!(ty.kind, TypeKind::Array(_)) {
            return None; // It travels in another form.
        }
        let (mut last, mut are_ascending) = (0..0, true);
        let keys = BatchColumn::new("k0".to_owned(), ty, rows, |row, out| {
            if !are_ascending {
                return false;
            }
            let start = out.len();
            let present = store.encode_before(row.index, key, out);
            are_ascending = out[last.clone()] <= out[start..];
            last = start..out.len();
            present
        });
        are_ascending.then_some(keys)
    }

    /// Puts rows of one table in the order of the keys under which the database has them.
    pub(super) fn by_key(&self, rows: &mut [RawHandle]) {
        let [first, _, ..] = rows else {
            return;
        };
        let (store, columns) = (self.store(*first), self.table(*first).primary_key);
        sort_by_key(rows, columns.len(), |row, part, out| {
            store.encode_before(row.index, columns[part], out)
        });
    }
}

/// Which columns an INSERT sends of a row, from those that are given: all but those that the server fills in and that have no
/// value here.
pub(super) fn sent_by_insert(table: &'static Table) -> impl Fn(ColumnSet) -> ColumnSet {
    let of_table = |wanted: fn(&ColumnInfo) -> bool| -> ColumnSet {
        let columns = (0..).zip(table.columns);
        columns
            .filter(|(_, column)| wanted(column))
            .map(|(at, _)| at)
            .collect()
    };
    let computed = of_table(|column| column.computed.is_some());
    let required = of_table(|column| !column.identity && column.server_default.is_none());
    move |given| required.union(given).without(computed)
}
