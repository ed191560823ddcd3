//! INSERT, UPDATE and DELETE.

use super::batch::select_batch;
use super::{Renderer, statement};
use crate::expr::{
    Action, Conflict, ConflictAction, ConflictTarget, NewRows, Node, TableRef, Write,
};
use crate::model::Table;
use crate::query::{Effect, Statement};

/// The statement of a write.
pub(crate) fn write(write: &Write) -> Statement {
    statement(&|sql| sql.write(write))
}

/// `INSERT INTO table (columns)`.
pub(crate) fn insert_into(sql: &mut Renderer, table: TableRef, columns: &[u16]) {
    sql.text("INSERT INTO ");
    sql.table(table);
    if !columns.is_empty() {
        sql.text(" (");
        column_names(sql, table.table, columns);
        sql.text(")");
    }
}

/// `COPY table (columns) FROM STDIN`, in the binary format.
pub(crate) fn copy_in(table: &'static Table, columns: &[u16]) -> String {
    let mut sql = Renderer::default();
    sql.text("COPY ");
    sql.table(TableRef::of(table));
    sql.text(" (");
    column_names(&mut sql, table, columns);
    sql.text(") FROM STDIN (FORMAT binary)");
    sql.into_text()
}

/// An INSERT of one row whose parameters have no values yet, so that the server says what their types are.
pub(crate) fn typed_insert(table: &'static Table, columns: &[u16]) -> Statement {
    statement(&|sql| {
        insert_into(sql, TableRef::of(table), columns);
        sql.text(" VALUES (");
        sql.list(1..=columns.len(), ", ", |sql, number| {
            sql.made(&format!("${number}"));
        });
        sql.text(")");
    })
}

fn column_names(sql: &mut Renderer, table: &'static Table, columns: &[u16]) {
    sql.list(columns, ", ", |sql, column| {
        sql.column_name(table.columns[*column as usize].name);
    });
}

impl Renderer {
    /// Appends a write, with its RETURNING.
    pub(crate) fn write(&mut self, write: &Write) {
        self.note(Effect::MayHold);
        let around = self.ctes.len();
        match &write.action {
            Action::Insert {
                columns,
                rows,
                conflict,
            } => {
                // What changes rows must stand before everything else.
                if let NewRows::Select(select) = rows {
                    self.with(&select.ctes);
                }
                // No rows have no columns.
                let columns = match rows {
                    NewRows::None => &[],
                    _ => columns.as_slice(),
                };
                insert_into(self, write.table, columns);
                self.new_rows(rows);
                if let Some(conflict) = conflict {
                    self.conflict(write.table.table, conflict);
                }
            }
            Action::Update {
                assignments,
                using,
                filters,
            } => {
                self.text("UPDATE ");
                self.table(write.table);
                self.text(" SET ");
                self.assignments(write.table.table, assignments);
                self.other_tables(" FROM ", using);
                self.conditions(" WHERE ", filters);
            }
            Action::Delete { using, filters } => {
                self.text("DELETE FROM ");
                self.table(write.table);
                self.other_tables(" USING ", using);
                self.conditions(" WHERE ", filters);
            }
        }
        if !write.returning.is_empty() {
            self.text(" RETURNING ");
            self.list(&write.returning, ", ", Self::item);
        }
        self.ctes.truncate(around);
    }

    fn new_rows(&mut self, rows: &NewRows) {
        match rows {
            NewRows::None => self.text(" SELECT WHERE FALSE"),
            NewRows::One(values) if values.is_empty() => self.text(" DEFAULT VALUES"),
            NewRows::One(values) => {
                self.text(" VALUES (");
                self.list(values, ", ", |sql, value| sql.param(value.clone()));
                self.text(")");
            }
            NewRows::Batch(batch) => {
                self.text(" ");
                select_batch(self, batch.columns.clone(), batch.rows);
            }
            NewRows::Mixed(rows) => {
                self.text(" VALUES ");
                self.list(rows, ", ", |sql, row| {
                    sql.text("(");
                    sql.list(row, ", ", |sql, value| match value {
                        Some(value) => sql.param(value.clone()),
                        None => sql.text("DEFAULT"),
                    });
                    sql.text(")");
                });
            }
            NewRows::Select(select) => {
                self.text(" ");
                self.select(select);
            }
        }
    }

    fn conflict(&mut self, table: &'static Table, conflict: &Conflict) {
        self.text(" ON CONFLICT");
        match &conflict.target {
            ConflictTarget::Any => {}
            ConflictTarget::Columns { columns, filters } => {
                self.text(" (");
                column_names(self, table, columns);
                self.text(")");
                // The server looks for the index before it looks at rows, and knows no table by name yet.
                self.bare_columns = true;
                self.conditions(" WHERE ", filters);
                self.bare_columns = false;
            }
            ConflictTarget::Constraint(name) => {
                self.text(" ON CONSTRAINT ");
                self.made_name(name);
            }
        }
        match &conflict.action {
            ConflictAction::Nothing => self.text(" DO NOTHING"),
            ConflictAction::Update {
                assignments,
                filters,
            } => {
                self.text(" DO UPDATE SET ");
                self.assignments(table, assignments);
                self.conditions(" WHERE ", filters);
            }
        }
    }

    fn assignments(&mut self, table: &'static Table, assignments: &[(u16, Node)]) {
        self.list(assignments, ", ", |sql, (column, value)| {
            sql.column_name(table.columns[*column as usize].name);
            sql.text(" = ");
            sql.node(value);
        });
    }

    fn other_tables(&mut self, clause: &'static str, tables: &[TableRef]) {
        if !tables.is_empty() {
            self.text(clause);
            self.list(tables, ", ", |sql, table| sql.table(*table));
        }
    }
}
