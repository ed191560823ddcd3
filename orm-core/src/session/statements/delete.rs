//! DELETE.

use crate::expr::TableRef;
use crate::query::render::Renderer;
use crate::query::render::batch::found_in;
use crate::session::Session;
use crate::session::plan::Step;

impl Session {
    pub(super) fn delete_rows(&self, sql: &mut Renderer, step: &Step) {
        let table = step.table;
        let found: Vec<u16> = table
            .primary_key
            .iter()
            .chain(&table.version)
            .copied()
            .collect();
        sql.text("DELETE FROM ");
        sql.table(TableRef::of(table));
        if let [row] = step.rows[..] {
            sql.text(" WHERE ");
            sql.list(&found, " AND ", |sql, column| {
                sql.column_name(table.columns[*column as usize].name);
                sql.text(" = ");
                sql.param(self.value_before(row, *column));
            });
        } else {
            let mut batch = self.key_columns(sql, step);
            batch.extend(self.columns_before(
                sql,
                "v",
                table,
                table.version.as_slice(),
                &step.rows,
            ));
            found_in(sql, table, &found, batch, step.rows.len());
        }
    }
}
