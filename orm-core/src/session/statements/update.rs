//! UPDATE: changed columns, foreign keys that close or open a ring, rows that take the place of deleted ones, the version,
//! and the guards of stale rows.

use super::batch::BatchValue;
use super::returning_clause;
use crate::expr::{BatchColumn, TableRef};
use crate::model::{ColumnSet, NextVersion, OnUpdate, RawHandle, Table};
use crate::query::render::Renderer;
use crate::query::render::batch::unnest;
use crate::session::Session;
use crate::session::matching::Match;
use crate::session::parking::Placeholder;
use crate::session::plan::{Step, StepKind};

/// What a column is set to.
#[derive(Debug, Clone, Copy)]
enum New {
    /// The entity's value.
    Value,
    /// What the column has where no value is given.
    Default,
    /// NULL, or something else for the time between.
    Aside(Placeholder),
}

impl Session {
    /// The columns of an UPDATE that the server changes by itself.
    pub(in crate::session) fn changed_by_update(step: &Step) -> ColumnSet {
        let made_by_server = match NextVersion::of(step.table) {
            None | Some((_, NextVersion::Counted)) => None,
            Some((version, NextVersion::Random | NextVersion::Time)) => Some(version),
        };
        let made_by_server = made_by_server.filter(|_| is_counted(step));
        let columns = step.table.columns.iter().enumerate();
        columns
            .filter(|(at, column)| {
                column.computed.is_some()
                    || made_by_server == Some(*at as u16)
                    || column.on_update == OnUpdate::Server
                    || step.defaults.contains(*at as u16)
                    || step.by_server.contains(*at as u16)
            })
            .map(|(at, _)| at as u16)
            .collect()
    }

    fn assignments(step: &Step) -> Vec<(u16, New)> {
        let new = |column| match step.kind {
            StepKind::Open => New::Aside(Placeholder::Null),
            StepKind::Park => {
                New::Aside(Placeholder::of(step.table, column).unwrap_or(Placeholder::Null))
            }
            _ => New::Value,
        };
        let columns = step.columns.iter().map(|column| (column, new(column)));
        let defaults = step.defaults.iter().map(|column| (column, New::Default));
        columns.chain(defaults).collect()
    }

    pub(super) fn update(&self, sql: &mut Renderer, step: &Step) {
        sql.text("UPDATE ");
        sql.table(TableRef::of(step.table));
        sql.text(" SET ");
        let version = step.table.version.filter(|_| is_counted(step));
        match (&step.rows[..], step.before()) {
            ([row], [before]) => self.update_one(sql, step, version, *row, *before),
            (rows, before) => self.update_many(sql, step, version, rows, before),
        }
    }

    /// One row. `before` is the entity that knows the row as it is in the database.
    fn update_one(
        &self,
        sql: &mut Renderer,
        step: &Step,
        version: Option<u16>,
        row: RawHandle,
        before: RawHandle,
    ) {
        let table = step.table;
        sql.list(Self::assignments(step), ", ", |sql, (column, new)| {
            sql.column_name(table.columns[column as usize].name);
            sql.text(" = ");
            match new {
                New::Value => self.new_value(sql, step, row, column),
                New::Default => sql.text("DEFAULT"),
                New::Aside(placeholder) => self.aside(sql, step, column, placeholder),
            }
        });
        if version.is_some() {
            next_version(sql, table);
        }
        sql.text(" WHERE ");
        let found = table.primary_key.iter().chain(&version);
        sql.list(found, " AND ", |sql, column| {
            sql.column_name(table.columns[*column as usize].name);
            sql.text(" = ");
            sql.param(self.value_before(before, *column));
        });
        for column in step.guard.iter() {
            sql.text(" AND ");
            sql.column_name(table.columns[column as usize].name);
            guarded_cast(sql, table, column);
            sql.text(" IS NOT DISTINCT FROM ");
            sql.param(self.value_before(before, column));
            old_value_cast(sql, table, column);
        }
        let returned = Self::returned_by(step);
        returning_clause(
            sql,
            table,
            Match::of_update(step).returning(table, returned),
        );
    }

    /// Many rows: `k0`, `k1` .. are the keys, `c0` .. the new values, `v0` the version, `o0` .. the guards' old values.
    fn update_many(
        &self,
        sql: &mut Renderer,
        step: &Step,
        version: Option<u16>,
        rows: &[RawHandle],
        before: &[RawHandle],
    ) {
        let table = step.table;
        let guard: Vec<u16> = step.guard.iter().collect();
        let set: Vec<u16> = match step.kind {
            StepKind::Open | StepKind::Park => Vec::new(),
            _ => step.columns.iter().collect(),
        };
        let keys = self.key_columns(sql, step);
        let values = self.batch_values(sql, step, &set);
        let versions = self.columns_before(sql, "v", table, version.as_slice(), before);
        let olds = self.columns_before(sql, "o", table, &guard, before);
        let turns = self.turns(step);

        let mut value = values.iter();
        sql.list(Self::assignments(step), ", ", |sql, (column, new)| {
            sql.column_name(table.columns[column as usize].name);
            sql.text(" = ");
            match (new, value.next()) {
                (New::Value, Some(value)) => value.read(sql),
                (New::Default, _) => sql.text("DEFAULT"),
                (New::Aside(placeholder), _) => self.aside(sql, step, column, placeholder),
                (New::Value, None) => unreachable!("each column that is set has its values"),
            }
        });
        if version.is_some() {
            next_version(sql, table);
        }

        let conditions = unchanged(step, &keys, &versions, &olds);

        sql.text(" FROM ");
        let values = BatchValue::into_columns(values);
        let batch = keys
            .into_iter()
            .chain(values)
            .chain(versions)
            .chain(olds)
            .chain(turns);
        unnest(
            sql,
            batch.collect(),
            rows.len(),
            step.kind == StepKind::Park,
        );
        sql.text(" WHERE ");
        sql.made(&conditions);
        let returning = Match::of_update(step).returning(table, Self::returned_by(step));
        if !returning.is_empty() {
            sql.text(" RETURNING ");
            sql.list(returning, ", ", |sql, column| {
                sql.column_of(table, column);
            });
        }
    }
}

/// That a row of a batch is the one with its key, as it was when it was read: the conditions of a statement about many rows.
pub(super) fn unchanged(
    step: &Step,
    keys: &[BatchColumn],
    versions: &[BatchColumn],
    olds: &[BatchColumn],
) -> String {
    let table = step.table;
    let mut sql = Renderer::default();
    let found = table.primary_key.iter().zip(keys);
    let found = found.chain(table.version.iter().zip(versions));
    sql.list(found, " AND ", |sql, (column, value)| {
        sql.column_of(table, *column);
        sql.text(" = ");
        value.read(sql);
        sql.padding(table, *column);
    });
    for (column, old) in step.guard.iter().zip(olds) {
        sql.text(" AND ");
        sql.column_of(table, column);
        guarded_cast(&mut sql, table, column);
        sql.text(" IS NOT DISTINCT FROM ");
        old.read(&mut sql);
        old_value_cast(&mut sql, table, column);
    }
    sql.into_text()
}

/// Whether the rows of an UPDATE get a new version. What only moves values aside, or opens a ring, gives none.
fn is_counted(step: &Step) -> bool {
    matches!(step.kind, StepKind::Update | StepKind::Replace)
}

fn next_version(sql: &mut Renderer, table: &'static Table) {
    let Some((version, next)) = NextVersion::of(table) else {
        return;
    };
    sql.text(", ");
    sql.column_name(table.columns[version as usize].name);
    sql.text(" = ");
    match next {
        NextVersion::Counted => {
            sql.column_of(table, version);
            sql.text(" + 1");
        }
        NextVersion::Random => sql.text("gen_random_uuid()"),
        // A clock may stand still, or be set back.
        NextVersion::Time => {
            sql.text("greatest(clock_timestamp(), ");
            sql.column_of(table, version);
            sql.text(" + interval '1 microsecond')");
        }
    }
}

/// What makes the column of a guard comparable: `json` has no equality, `jsonb` has.
fn guarded_cast(sql: &mut Renderer, table: &'static Table, column: u16) {
    match table.columns[column as usize].declared {
        Some("json") => sql.text("::jsonb"),
        Some("json[]") => sql.text("::jsonb[]"),
        _ => {}
    }
}

/// What makes an old value of a guard what the column had made of it: `numeric(10, 2)` rounds, `char(2)` pads.
fn old_value_cast(sql: &mut Renderer, table: &'static Table, column: u16) {
    match table.columns[column as usize].declared {
        Some("json" | "json[]") => guarded_cast(sql, table, column),
        Some(declared) => {
            sql.text("::");
            sql.text(declared);
        }
        None => {}
    }
}
