//! The rows of a [`Batch`](crate::expr::Batch) in a statement: `unnest` of one array a column. Bulk INSERTs and the flush
//! write with it.

use super::Renderer;
use crate::expr::BatchColumn;
use crate::model::Table;
use crate::types::Param;

impl Renderer {
    /// What makes the text before it one that a column's `char(n)` is compared with: blanks at the end of these don't count.
    pub(crate) fn padding(&mut self, table: &Table, column: u16) {
        if let Some(declared) = table.columns[column as usize].padded() {
            self.text("::");
            self.text(declared);
        }
    }
}

impl BatchColumn {
    /// Reads the column out of the rows that `unnest` made.
    pub(crate) fn read(&self, sql: &mut Renderer) {
        sql.text("u.");
        sql.made(&self.name);
        if let Some(ty) = self.element {
            sql.text("::");
            sql.type_name(ty);
        }
    }
}

/// `SELECT u.c0, u.c1 FROM unnest(..) WITH ORDINALITY AS u(c0, c1, n) ORDER BY u.n`.
pub(crate) fn select_batch(sql: &mut Renderer, batch: Vec<BatchColumn>, rows: usize) {
    sql.text("SELECT ");
    if !batch.is_empty() {
        batch_items(sql, &batch);
        sql.text(" ");
    }
    sql.text("FROM ");
    unnest(sql, batch, rows, true);
    sql.text(" ORDER BY u.n");
}

pub(crate) fn batch_items(sql: &mut Renderer, batch: &[BatchColumn]) {
    sql.list(batch, ", ", |sql, column| column.read(sql));
}

/// `unnest($1::int4[], $2::text[]) WITH ORDINALITY AS u(c0, c1, n)`, the number only where the order matters. Rows without
/// columns are only counted.
pub(crate) fn unnest(sql: &mut Renderer, batch: Vec<BatchColumn>, rows: usize, numbered: bool) {
    if batch.is_empty() {
        sql.text("generate_series(1, ");
        sql.param(Param::new(&(rows as i64)));
        sql.text(") AS u(n)");
        return;
    }
    let mut names: Vec<String> = batch.iter().map(|column| column.name.clone()).collect();
    if numbered {
        names.push("n".to_owned());
    }
    sql.text("unnest(");
    sql.list(batch, ", ", |sql, column| {
        sql.param(column.param);
        sql.text("::");
        sql.type_name(column.array);
        if column.element.is_none() {
            sql.text("[]");
        }
    });
    sql.text(if numbered {
        ") WITH ORDINALITY AS u("
    } else {
        ") AS u("
    });
    sql.made(&names.join(", "));
    sql.text(")");
}

/// ` USING unnest(..) AS u WHERE table.a = u.k0 AND ..`.
pub(crate) fn found_in(
    sql: &mut Renderer,
    table: &'static Table,
    columns: &[u16],
    batch: Vec<BatchColumn>,
    rows: usize,
) {
    let names: Vec<String> = batch.iter().map(|column| column.name.clone()).collect();
    sql.text(" USING ");
    unnest(sql, batch, rows, false);
    sql.text(" WHERE ");
    are_equal(sql, table, columns, &names);
}

/// `table.a = u.k0 AND ..`.
pub(crate) fn are_equal(
    sql: &mut Renderer,
    table: &'static Table,
    columns: &[u16],
    names: &[String],
) {
    sql.list(columns.iter().zip(names), " AND ", |sql, (column, name)| {
        sql.column_of(table, *column);
        sql.text(" = u.");
        sql.made(name);
        sql.padding(table, *column);
    });
}
