//! UPDATE: changed columns, foreign keys that close or open a ring, the version, and the guards of stale rows.

use super::batch::unnest;
use super::returning_clause;
use crate::expr::TableRef;
use crate::model::{OnUpdate, Table};
use crate::query::Statement;
use crate::query::render::Renderer;
use crate::session::Session;
use crate::session::plan::{Step, StepKind};

impl Session {
    /// The columns that an UPDATE brings back: those that the server changes by itself.
    pub(in crate::session) fn returned_by_update(step: &Step) -> Vec<u16> {
        if step.kind == StepKind::Open {
            return Vec::new();
        }
        let columns = step.table.columns.iter().enumerate();
        columns
            .filter(|(_, column)| column.computed.is_some() || column.on_update == OnUpdate::Server)
            .map(|(at, _)| at as u16)
            .collect()
    }

    pub(super) fn update(&self, step: &Step) -> Statement {
        let table = step.table;
        let columns: Vec<u16> = step.columns.iter().collect();
        let key = table.primary_key;
        let versioned = table.version.filter(|_| step.kind == StepKind::Update);
        let returning = Self::returned_by_update(step);
        let mut sql = Renderer::default();
        sql.text("UPDATE ");
        sql.table(TableRef::of(table));
        sql.text(" SET ");
        if let [row] = step.rows[..] {
            sql.list(&columns, ", ", |sql, column| {
                sql.column_name(table.columns[*column as usize].name);
                if step.kind == StepKind::Open {
                    sql.text(" = NULL");
                } else {
                    sql.text(" = ");
                    sql.param(self.value(row, *column));
                }
            });
            bump(&mut sql, table, versioned);
            sql.text(" WHERE ");
            let found = key.iter().chain(&versioned);
            sql.list(found, " AND ", |sql, column| {
                sql.column_name(table.columns[*column as usize].name);
                sql.text(" = ");
                sql.param(self.value_before(row, *column));
            });
            for column in step.guard.iter() {
                sql.text(" AND ");
                sql.column_name(table.columns[column as usize].name);
                guarded_cast(&mut sql, table, column);
                sql.text(" IS NOT DISTINCT FROM ");
                sql.param(self.value_before(row, column));
                old_value_cast(&mut sql, table, column);
            }
            returning_clause(&mut sql, table, &returning);
            return sql.finish();
        }
        let mut batch = self.columns_before("k", table, key, &step.rows);
        if step.kind == StepKind::Open {
            sql.list(&columns, ", ", |sql, column| {
                sql.column_name(table.columns[*column as usize].name);
                sql.text(" = NULL");
            });
        } else {
            let set = self.columns("c", table, &columns, &step.rows);
            sql.list(columns.iter().zip(&set), ", ", |sql, (column, value)| {
                sql.column_name(table.columns[*column as usize].name);
                sql.text(" = ");
                value.read(sql);
            });
            batch.extend(set);
        }
        bump(&mut sql, table, versioned);
        let mut conditions: Vec<(u16, String, bool)> = key
            .iter()
            .enumerate()
            .map(|(at, column)| (*column, format!("k{at}"), false))
            .collect();
        if let Some(version) = versioned {
            batch.extend(self.columns_before("v", table, &[version], &step.rows));
            conditions.push((version, "v0".to_owned(), false));
        }
        let guard: Vec<u16> = step.guard.iter().collect();
        batch.extend(self.columns_before("o", table, &guard, &step.rows));
        let old = guard.iter().enumerate();
        conditions.extend(old.map(|(at, column)| (*column, format!("o{at}"), true)));
        sql.text(" FROM ");
        let casts: Vec<_> = batch
            .iter()
            .map(|column| (column.name.clone(), column.element))
            .collect();
        unnest(&mut sql, batch, step.rows.len(), false);
        sql.text(" WHERE ");
        sql.list(conditions, " AND ", |sql, (column, name, guard)| {
            sql.column_of(table, table.columns[column as usize].name);
            if guard {
                guarded_cast(sql, table, column);
                sql.text(" IS NOT DISTINCT FROM u.");
                sql.text(&name);
                let element = casts.iter().find(|(other, _)| *other == name);
                if let Some((_, Some(ty))) = element {
                    sql.text("::");
                    sql.type_name(ty);
                }
                old_value_cast(sql, table, column);
            } else {
                sql.text(" = u.");
                sql.text(&name);
            }
        });
        if !returning.is_empty() {
            sql.text(" RETURNING ");
            let all = key.iter().chain(&returning);
            sql.list(all, ", ", |sql, column| {
                sql.column_of(table, table.columns[*column as usize].name);
            });
        }
        sql.finish()
    }
}

fn bump(sql: &mut Renderer, table: &'static Table, version: Option<u16>) {
    if let Some(version) = version {
        let name = table.columns[version as usize].name;
        sql.text(", ");
        sql.column_name(name);
        sql.text(" = ");
        sql.column_of(table, name);
        sql.text(" + 1");
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
