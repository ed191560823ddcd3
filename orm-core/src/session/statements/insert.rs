//! INSERT.

use super::batch::{BatchValue, select_values};
use super::returning_clause;
use crate::expr::TableRef;
use crate::model::ColumnSet;
use crate::query::render::Renderer;
use crate::query::render::batch::unnest;
use crate::query::render::write::insert_into;
use crate::session::Session;
use crate::session::matching::Match;
use crate::session::plan::Step;

impl Session {
    /// The columns of an INSERT that the server fills in.
    pub(in crate::session) fn filled_by_insert(step: &Step) -> ColumnSet {
        let columns = step.table.columns.iter().enumerate();
        columns
            .filter(|(at, column)| {
                let by_server = column.identity || column.server_default.is_some();
                column.computed.is_some()
                    || (by_server && !step.columns.contains(*at as u16))
                    || step.by_server.contains(*at as u16)
            })
            .map(|(at, _)| at as u16)
            .collect()
    }

    pub(super) fn insert_rows(&self, sql: &mut Renderer, step: &Step) {
        let table = step.table;
        let columns: Vec<u16> = step.columns.iter().collect();
        let returning = Self::returned_by(step);
        let matching = Match::of_insert(step);
        match matching {
            Match::Single | Match::ByKey if step.rows.len() == 1 => {
                insert_into(sql, TableRef::of(table), &columns);
                if columns.is_empty() {
                    sql.text(" DEFAULT VALUES");
                } else {
                    sql.text(" VALUES (");
                    sql.list(&columns, ", ", |sql, column| {
                        self.new_value(sql, step, step.rows[0], *column);
                    });
                    sql.text(")");
                }
                returning_clause(sql, table, matching.returning(table, returning));
            }
            Match::Single | Match::ByKey | Match::Ascending => {
                insert_into(sql, TableRef::of(table), &columns);
                let batch = self.batch_values(sql, step, &columns);
                sql.text(" ");
                select_values(sql, batch, step.rows.len());
                returning_clause(sql, table, matching.returning(table, returning));
            }
            Match::Numbered => self.insert_numbered(sql, step, &columns, returning),
        }
    }

    /// The key is a server default other than an identity: it is computed beside the row's number before the INSERT, and
    /// joined to what came of it.
    fn insert_numbered(
        &self,
        sql: &mut Renderer,
        step: &Step,
        columns: &[u16],
        returning: ColumnSet,
    ) {
        let table = step.table;
        let made: Vec<u16> = table
            .primary_key
            .iter()
            .copied()
            .filter(|key| !step.columns.contains(*key))
            .collect();
        let batch = self.batch_values(sql, step, columns);
        sql.text("WITH input AS MATERIALIZED (SELECT ");
        for (at, column) in made.iter().enumerate() {
            let default = table.columns[*column as usize]
                .server_default
                .unwrap_or("NULL");
            sql.text(default);
            sql.made(&format!(" AS k{at}, "));
        }
        sql.list(&batch, ", ", |sql, value| value.item(sql));
        if !batch.is_empty() {
            sql.text(", ");
        }
        sql.text("u.n FROM ");
        unnest(sql, BatchValue::into_columns(batch), step.rows.len(), true);
        sql.text("), inserted AS (");
        let all: Vec<u16> = made.iter().chain(columns).copied().collect();
        insert_into(sql, TableRef::of(table), &all);
        sql.text(" SELECT ");
        let names = (0..made.len())
            .map(|at| format!("k{at}"))
            .chain((0..columns.len()).map(|at| format!("c{at}")));
        sql.list(names, ", ", |sql, name| sql.made(&format!("input.{name}")));
        sql.text(" FROM input ORDER BY input.n");
        let mut back = made.clone();
        back.extend(returning.iter().filter(|column| !made.contains(column)));
        back.extend(table.primary_key.iter().filter(|key| !made.contains(key)));
        returning_clause(sql, table, back);
        sql.text(") SELECT ");
        sql.list(returning.iter(), ", ", |sql, column| {
            sql.text("inserted.");
            sql.column_name(table.columns[column as usize].name);
        });
        sql.text(" FROM input JOIN inserted ON ");
        sql.list(made.iter().enumerate(), " AND ", |sql, (at, column)| {
            sql.text("inserted.");
            sql.column_name(table.columns[*column as usize].name);
            sql.made(&format!(" = input.k{at}"));
        });
        sql.text(" ORDER BY input.n");
    }
}
