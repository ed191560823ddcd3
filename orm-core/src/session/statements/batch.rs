//! What the rows of a step are given, as one array a column; expressions stand in the SELECT or SET beside them.

use crate::expr::{BatchColumn, Node};
use crate::model::{RawHandle, Table};
use crate::query::render::Renderer;
use crate::query::render::batch::unnest;
use crate::session::Session;
use crate::session::expressions::rendered;
use crate::session::plan::Step;
use crate::types::Param;

/// What a column of many rows is given.
pub(super) enum BatchValue {
    /// A value for each row.
    Column(BatchColumn),
    /// An expression, with the values in it that are not the same for all rows.
    Expression {
        name: String,
        node: Node,
        params: Vec<BatchColumn>,
    },
}

impl Session {
    /// What some columns of a step's rows are given, to be written by `sql`.
    pub(super) fn batch_values(
        &self,
        sql: &Renderer,
        step: &Step,
        columns: &[u16],
    ) -> Vec<BatchValue> {
        let rows = sql.to_encode(&step.rows);
        let make = |(at, column): (usize, &u16)| {
            let name = format!("c{at}");
            if step.by_server.contains(*column)
                && let Some(value) = self.batch_expression(&name, *column, &step.rows)
            {
                return value;
            }
            let ty = step.table.columns[*column as usize].ty;
            BatchValue::Column(BatchColumn::new(name, ty, rows, |row, out| {
                self.store(*row).encode(row.index, *column, out)
            }))
        };
        columns.iter().enumerate().map(make).collect()
    }

    /// The expression of many rows. Where its values are not the same in all rows, they are columns of the batch.
    fn batch_expression(&self, name: &str, column: u16, rows: &[RawHandle]) -> Option<BatchValue> {
        let node = self.expression(*rows.first()?, column)?.clone();
        let mut values: Vec<Vec<Param>> = Vec::with_capacity(rows.len());
        for row in rows {
            values.push(rendered(self.expression(*row, column)?).params);
        }
        let same = |other: &Vec<Param>| {
            let mut pairs = other.iter().zip(&values[0]);
            pairs.all(|(a, b)| a.bytes() == b.bytes())
        };
        let mut params = Vec::new();
        if !values.iter().all(same) {
            for (at, first) in values[0].iter().enumerate() {
                let of_rows = values.iter().map(|params| params[at].bytes());
                let name = format!("{name}_{at}");
                let encode = |value: Option<&[u8]>, out: &mut bytes::BytesMut| {
                    value
                        .inspect(|bytes| out.extend_from_slice(bytes))
                        .is_some()
                };
                params.push(BatchColumn::new(name, first.pg_type(), of_rows, encode));
            }
        }
        Some(BatchValue::Expression {
            name: name.to_owned(),
            node,
            params,
        })
    }

    /// The keys under which the database has the rows of a step.
    pub(super) fn key_columns(&self, sql: &Renderer, step: &Step) -> Vec<BatchColumn> {
        let table = step.table;
        match &step.keys {
            Some(keys) => vec![keys.clone()],
            None => self.columns_before(sql, "k", table, table.primary_key, step.before()),
        }
    }

    /// Some columns of rows as the database has them.
    pub(super) fn columns_before(
        &self,
        sql: &Renderer,
        prefix: &str,
        table: &Table,
        columns: &[u16],
        rows: &[RawHandle],
    ) -> Vec<BatchColumn> {
        let Some(store) = rows.first().map(|row| self.store(*row)) else {
            return Vec::new();
        };
        let rows = sql.to_encode(rows);
        let make = |(at, column): (usize, &u16)| {
            let ty = table.columns[*column as usize].ty;
            BatchColumn::new(format!("{prefix}{at}"), ty, rows, |row, out| {
                store.encode_before(row.index, *column, out)
            })
        };
        columns.iter().enumerate().map(make).collect()
    }
}

impl BatchValue {
    /// Writes the value of the row that `unnest` made.
    pub(super) fn read(&self, sql: &mut Renderer) {
        match self {
            BatchValue::Column(column) => column.read(sql),
            BatchValue::Expression { node, params, .. } => {
                let values = params.iter().map(|column| {
                    let mut value = Renderer::default();
                    column.read(&mut value);
                    value.into_text()
                });
                sql.node_with(node, values.collect());
            }
        }
    }

    /// The same as a column of a select list, under its name.
    pub(super) fn item(&self, sql: &mut Renderer) {
        self.read(sql);
        if let BatchValue::Expression { name, .. } = self {
            sql.text(" AS ");
            sql.made(name);
        }
    }

    /// The columns that `unnest` has to make.
    pub(super) fn into_columns(values: Vec<BatchValue>) -> Vec<BatchColumn> {
        let columns = values.into_iter().map(|value| match value {
            BatchValue::Column(column) => vec![column],
            BatchValue::Expression { params, .. } => params,
        });
        columns.flatten().collect()
    }
}

/// `SELECT u.c0, now() FROM unnest(..) WITH ORDINALITY AS u(c0, n) ORDER BY u.n`.
pub(super) fn select_values(sql: &mut Renderer, values: Vec<BatchValue>, rows: usize) {
    sql.text("SELECT ");
    if !values.is_empty() {
        sql.list(&values, ", ", |sql, value| value.read(sql));
        sql.text(" ");
    }
    sql.text("FROM ");
    unnest(sql, BatchValue::into_columns(values), rows, true);
    sql.text(" ORDER BY u.n");
}
