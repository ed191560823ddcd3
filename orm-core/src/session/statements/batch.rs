//! Many rows as one array a column, and the `unnest` that makes rows of them again.
//!
//! A column that is itself an array travels in text form, because `unnest` would take an array of arrays apart to the
//! last element.

use bytes::BytesMut;

use crate::expr::Node;
use crate::model::{RawHandle, Table};
use crate::query::render::Renderer;
use crate::session::Session;
use crate::session::expressions::rendered;
use crate::session::plan::Step;
use crate::types::{ArrayWriter, Param, PgType, SqlType, TypeKind};

/// A column of the rows that `unnest` makes.
pub(super) struct BatchColumn {
    pub(super) name: String,
    param: Param,
    /// The cast of the whole array: `int4[]`.
    array: &'static PgType,
    /// The cast of each element, for a column that travels in text form.
    pub(super) element: Option<&'static PgType>,
}

impl Session {
    /// One column of many rows as one array.
    pub(super) fn batch_column(
        &self,
        name: String,
        ty: &'static PgType,
        rows: &[RawHandle],
        mut encode: impl FnMut(RawHandle, &mut BytesMut) -> bool,
    ) -> BatchColumn {
        let mut array = ArrayWriter::new();
        if matches!(ty.kind, TypeKind::Array(_)) {
            let mut bytes = BytesMut::new();
            for row in rows {
                bytes.clear();
                let text = encode(*row, &mut bytes).then(|| {
                    let mut text = String::new();
                    (ty.show)(&bytes, &mut text);
                    text
                });
                array.push(&text);
            }
            let text = <Vec<String> as SqlType>::TYPE;
            return BatchColumn {
                name,
                param: array.into_param(text),
                array: text,
                element: Some(ty),
            };
        }
        for row in rows {
            array.push_with(|out| encode(*row, out));
        }
        BatchColumn {
            name,
            param: array.into_param_of(ty),
            array: ty,
            element: None,
        }
    }

    /// What some columns of a step's rows are given: values, or an expression with values.
    pub(super) fn batch_values(&self, step: &Step, columns: &[u16]) -> Vec<BatchValue> {
        let make = |(at, column): (usize, &u16)| {
            let name = format!("c{at}");
            if step.by_server.contains(*column)
                && let Some(value) = self.batch_expression(&name, *column, &step.rows)
            {
                return value;
            }
            let ty = step.table.columns[*column as usize].ty;
            BatchValue::Column(self.batch_column(name, ty, &step.rows, |row, out| {
                self.store(row).encode(row.index, *column, out)
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
            let pairs = other.iter().zip(&values[0]);
            pairs.into_iter().all(|(a, b)| a.bytes() == b.bytes())
        };
        let mut params = Vec::new();
        if !values.iter().all(same) {
            for (at, first) in values[0].iter().enumerate() {
                let mut of_row = values.iter().map(|params| &params[at]);
                let name = format!("{name}_{at}");
                params.push(self.batch_column(name, first.pg_type(), rows, |_, out| {
                    let bytes = of_row.next().and_then(|param| param.bytes());
                    bytes
                        .inspect(|bytes| out.extend_from_slice(bytes))
                        .is_some()
                }));
            }
        }
        Some(BatchValue::Expression {
            name: name.to_owned(),
            node,
            params,
        })
    }

    pub(super) fn columns_before(
        &self,
        prefix: &str,
        table: &Table,
        columns: &[u16],
        rows: &[RawHandle],
    ) -> Vec<BatchColumn> {
        let make = |(at, column): (usize, &u16)| {
            let ty = table.columns[*column as usize].ty;
            self.batch_column(format!("{prefix}{at}"), ty, rows, |row, out| {
                self.store(row).encode_before(row.index, *column, out)
            })
        };
        columns.iter().enumerate().map(make).collect()
    }
}

impl BatchColumn {
    /// Reads the column out of the rows that `unnest` made.
    pub(super) fn read(&self, sql: &mut Renderer) {
        sql.text("u.");
        sql.text(&self.name);
        if let Some(ty) = self.element {
            sql.text("::");
            sql.type_name(ty);
        }
    }
}

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

impl BatchValue {
    /// Writes the value of the row that `unnest` made.
    pub(super) fn read(&self, sql: &mut Renderer) {
        match self {
            BatchValue::Column(column) => column.read(sql),
            BatchValue::Expression { node, params, .. } => {
                let values = params.iter().map(|column| {
                    let mut value = Renderer::default();
                    column.read(&mut value);
                    value.finish().sql
                });
                sql.node_with(node, values.collect());
            }
        }
    }

    /// The same as a column of a select list, under its name.
    fn item(&self, sql: &mut Renderer) {
        self.read(sql);
        if let BatchValue::Expression { name, .. } = self {
            sql.text(" AS ");
            sql.text(name);
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

/// `SELECT u.c0, u.c1 FROM unnest(..) WITH ORDINALITY AS u(c0, c1, n) ORDER BY u.n`.
pub(super) fn select_batch(sql: &mut Renderer, batch: Vec<BatchValue>, rows: usize) {
    sql.text("SELECT ");
    if !batch.is_empty() {
        sql.list(&batch, ", ", |sql, value| value.read(sql));
        sql.text(" ");
    }
    sql.text("FROM ");
    unnest(sql, BatchValue::into_columns(batch), rows, true);
    sql.text(" ORDER BY u.n");
}

pub(super) fn batch_items(sql: &mut Renderer, batch: &[BatchValue]) {
    sql.list(batch, ", ", |sql, value| value.item(sql));
}

/// `unnest($1::int4[], $2::text[]) WITH ORDINALITY AS u(c0, c1, n)`, the number only where the order matters. Rows without
/// columns are only counted.
pub(super) fn unnest(sql: &mut Renderer, batch: Vec<BatchColumn>, rows: usize, numbered: bool) {
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
    sql.text(&names.join(", "));
    sql.text(")");
}

/// ` USING unnest(..) AS u WHERE table.a = u.k0 AND ..`.
pub(super) fn found_in(
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
    sql.list(columns.iter().zip(names), " AND ", |sql, (column, name)| {
        sql.column_of(table, table.columns[*column as usize].name);
        sql.text(" = u.");
        sql.text(&name);
    });
}
