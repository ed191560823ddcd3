//! Rows of link tables.

use crate::expr::{BatchColumn, TableRef};
use crate::model::{RelationKind, Table};
use crate::query::Statement;
use crate::query::render::batch::{are_equal, found_in, select_batch, unnest};
use crate::query::render::write::insert_into;
use crate::query::render::{self, Renderer};
use crate::session::Session;
use crate::session::link_rows::LinkRow;
use crate::session::plan::{Step, StepKind};

/// Whether no two rows of a link table can have the same keys on both sides. One that allows it has its reasons.
fn is_unique(table: &'static Table, columns: &[u16]) -> bool {
    let same = |others: &[u16]| {
        others.len() == columns.len() && columns.iter().all(|column| others.contains(column))
    };
    same(table.primary_key) || table.uniques.iter().any(|unique| same(unique))
}

/// The link table's columns, the foreign key to the owners first.
fn link_columns(step: &Step) -> Vec<u16> {
    match step.links.first().map(|link| &link.relation.kind) {
        Some(RelationKind::ManyToMany { near, far }) => {
            [near.columns().0, far.columns().0].concat()
        }
        _ => Vec::new(),
    }
}

/// Whether the INSERT of links leaves out those that are there: the link may have been made by others, or not been loaded.
pub(in crate::session) fn skips_existing(step: &Step) -> bool {
    is_unique(step.table, &link_columns(step))
}

impl Session {
    /// The keys of both ends of link rows, in the order of the link table's columns. Links are removed before anything else is
    /// done, by the keys that the ends have had.
    fn link_batch(&self, step: &Step, links: &[LinkRow]) -> Vec<BatchColumn> {
        let Some(RelationKind::ManyToMany { near, far }) =
            step.links.first().map(|link| &link.relation.kind)
        else {
            return Vec::new();
        };
        let owners: Vec<_> = links.iter().map(|link| link.owner).collect();
        let targets: Vec<_> = links.iter().map(|link| link.target).collect();
        let mut batch = Vec::new();
        for (key, rows) in [(near, owners), (far, targets)] {
            let table = key.to;
            for column in key.columns().1 {
                let ty = table.columns[*column as usize].ty;
                let name = format!("k{}", batch.len());
                batch.push(BatchColumn::new(name, ty, &rows, |row, out| {
                    let store = self.store(*row);
                    match step.kind {
                        StepKind::Unlink => store.encode_before(row.index, *column, out),
                        _ => store.encode(row.index, *column, out),
                    }
                }));
            }
        }
        batch
    }

    pub(super) fn insert_links(&self, sql: &mut Renderer, step: &Step) {
        let columns = link_columns(step);
        insert_into(sql, TableRef::of(step.table), &columns);
        sql.text(" ");
        let batch = self.link_batch(step, sql.to_encode(&step.links));
        select_batch(sql, batch, step.links.len());
        if skips_existing(step) {
            sql.text(" ON CONFLICT (");
            sql.list(&columns, ", ", |sql, column| {
                sql.column_name(step.table.columns[*column as usize].name);
            });
            sql.text(") DO NOTHING");
        }
    }

    pub(super) fn delete_links(&self, sql: &mut Renderer, step: &Step) {
        let batch = self.link_batch(step, sql.to_encode(&step.links));
        sql.text("DELETE FROM ");
        sql.table(TableRef::of(step.table));
        found_in(
            sql,
            step.table,
            &link_columns(step),
            batch,
            step.links.len(),
        );
    }

    /// Gives the numbers, from 1, of the links that are not as the step was to leave them.
    pub(in crate::session) fn select_wrong_links(&self, step: &Step) -> Statement {
        render::query(&|sql| {
            let batch = self.link_batch(step, sql.to_encode(&step.links));
            sql.text("SELECT u.n ");
            links_in(sql, step, batch, step.kind == StepKind::Unlink);
            sql.text(" ORDER BY u.n");
        })
    }

    /// `FROM .. WHERE ..`: the links of an INSERT, whose parameters stand first in the statement, that are not there.
    pub(in crate::session) fn missing_links(&self, sql: &mut Renderer, step: &Step) {
        // Without rows, since the values are there.
        let batch = self.link_batch(step, &[]);
        sql.repeat_first(batch.len());
        links_in(sql, step, batch, false);
    }

    pub(super) fn delete_all_links(&self, sql: &mut Renderer, step: &Step) {
        let columns: Vec<u16> = step.columns.iter().collect();
        let owner = self.table(step.rows[0]);
        let batch = self.columns_before(sql, "k", owner, owner.primary_key, &step.rows);
        sql.text("DELETE FROM ");
        sql.table(TableRef::of(step.table));
        found_in(sql, step.table, &columns, batch, step.rows.len());
    }
}

/// `FROM unnest(..) WHERE EXISTS (..)`: those of a batch of links that are there, or that are not.
fn links_in(sql: &mut Renderer, step: &Step, batch: Vec<BatchColumn>, there: bool) {
    let names: Vec<String> = batch.iter().map(|column| column.name.clone()).collect();
    sql.text("FROM ");
    unnest(sql, batch, step.links.len(), true);
    sql.text(if there {
        " WHERE EXISTS (SELECT FROM "
    } else {
        " WHERE NOT EXISTS (SELECT FROM "
    });
    sql.table(TableRef::of(step.table));
    sql.text(" WHERE ");
    are_equal(sql, step.table, &link_columns(step), &names);
    sql.text(")");
}
