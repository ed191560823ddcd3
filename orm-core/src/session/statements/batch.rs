//! Columns of entities as one array each, for the statements of many rows.

use crate::expr::BatchColumn;
use crate::model::{RawHandle, Table};
use crate::session::Session;

impl Session {
    pub(super) fn columns(
        &self,
        prefix: &str,
        table: &Table,
        columns: &[u16],
        rows: &[RawHandle],
    ) -> Vec<BatchColumn> {
        let make = |(at, column): (usize, &u16)| {
            let ty = table.columns[*column as usize].ty;
            BatchColumn::new(format!("{prefix}{at}"), ty, rows, |row, out| {
                self.store(*row).encode(row.index, *column, out)
            })
        };
        columns.iter().enumerate().map(make).collect()
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
            BatchColumn::new(format!("{prefix}{at}"), ty, rows, |row, out| {
                self.store(*row).encode_before(row.index, *column, out)
            })
        };
        columns.iter().enumerate().map(make).collect()
    }
}
