//! The SQL of a flush's steps: the third of its four steps.
//!
//! One row is written the way that one would write it by hand; more travel as one array a column, through `unnest`, so
//! that the text is the same whatever their number.
//!
//! | file | what it is |
//! | --- | --- |
//! | `insert`, `update`, `delete` | a statement each, of one row or many |
//! | `aside` | what a unique column holds while its value is moved aside |
//! | `links` | rows of link tables |
//! | `stale` | which rows were changed by others, for an error |
//! | `batch` | many rows as one array a column |

mod aside;
mod batch;
mod delete;
mod insert;
mod links;
mod stale;
mod update;

pub(super) use links::skips_existing;

use bytes::BytesMut;

use super::Session;
use super::copies::CopyId;
use super::plan::{Step, StepKind};
use crate::model::{RawHandle, Table};
use crate::query::render::Renderer;
use crate::query::{Statement, render};
use crate::types::Param;

impl Session {
    /// The statement of a step, with the values of this moment.
    pub(super) fn statement(&self, step: &Step) -> Statement {
        render::statement(&|sql| match step.kind {
            StepKind::Insert => self.insert_rows(sql, step),
            StepKind::Update
            | StepKind::Replace
            | StepKind::Close
            | StepKind::Open
            | StepKind::Park => self.update(sql, step),
            StepKind::Delete => self.delete_rows(sql, step),
            StepKind::Link => self.insert_links(sql, step),
            StepKind::Unlink => self.delete_links(sql, step),
            StepKind::UnlinkAll => self.delete_all_links(sql, step),
        })
    }

    /// Writes what a column of a row is set to: its value, or an expression.
    fn new_value(&self, sql: &mut Renderer, step: &Step, row: RawHandle, column: u16) {
        let by_server = step.by_server.contains(column);
        match self.expression(row, column).filter(|_| by_server) {
            Some(expression) => sql.node(expression),
            None => sql.param(self.value(row, column)),
        }
    }

    pub(super) fn value(&self, row: RawHandle, column: u16) -> Param {
        self.param_of(row, column, |out| {
            self.store(row).encode(row.index, column, out)
        })
    }

    pub(super) fn value_before(&self, row: RawHandle, column: u16) -> Param {
        self.param_of(row, column, |out| {
            self.store(row).encode_before(row.index, column, out)
        })
    }

    /// A value of the row in a copy that the undo log has.
    pub(super) fn value_in(&self, row: RawHandle, copy: CopyId, column: u16) -> Param {
        self.param_of(row, column, |out| {
            self.store(row).encode_copy(copy, column, out)
        })
    }

    fn param_of(
        &self,
        row: RawHandle,
        column: u16,
        encode: impl FnOnce(&mut BytesMut) -> bool,
    ) -> Param {
        let ty = self.table(row).columns[column as usize].ty;
        let mut out = BytesMut::new();
        let bytes = encode(&mut out).then(|| out.freeze());
        Param::from_bytes(ty, bytes)
    }
}

fn returning_clause(
    sql: &mut Renderer,
    table: &'static Table,
    columns: impl IntoIterator<Item = u16>,
) {
    let mut before = " RETURNING ";
    for column in columns {
        sql.text(before);
        sql.column_name(table.columns[column as usize].name);
        before = ", ";
    }
}
