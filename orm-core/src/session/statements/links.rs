//! Rows of link tables.

use crate::expr::{BatchColumn, TableRef};
use crate::model::{RelationKind, Table};
use crate::query::render::Renderer;
use crate::query::render::batch::{found_in, select_batch};
use crate::query::render::write::insert_into;
use crate::session::Session;
use crate::session::plan::{Step, StepKind};

/// Whether no two rows of a link table can have the same keys on both sides. One that allows it has its reasons.
fn is_unique(table: &'static Table, columns: &[u16]) -> bool {
    let same = |others: &[u16]| {
        others.len() == columns.len() && columns.iter().all(|column| others.contains(column))
    };
    same(table.primary_key) || table.uniques.iter().any(|unique| same(unique))
}

impl Session {
    fn link_columns(step: &Step) -> (Vec<u16>, Vec<u16>) {
        match step.links.first().map(|link| &link.relation.kind) {
            Some(RelationKind::ManyToMany { near, far }) => {
                (near.columns().0.to_vec(), far.columns().0.to_vec())
            }
            _ => (Vec::new(), Vec::new()),
        }
    }

    /// The keys of both ends of link rows, in the order of the link table's columns. Links are removed before anything else is
    /// done, by the keys that the ends have had.
    fn link_batch(&self, step: &Step) -> Vec<BatchColumn> {
        let Some(RelationKind::ManyToMany { near, far }) =
            step.links.first().map(|link| &link.relation.kind)
        else {
            return Vec::new();
        };
        let owners: Vec<_> = step.links.iter().map(|link| link.owner).collect();
        let targets: Vec<_> = step.links.iter().map(|link| link.target).collect();
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
        let (near, far) = Self::link_columns(step);
        let columns: Vec<u16> = near.into_iter().chain(far).collect();
        insert_into(sql, TableRef::of(step.table), &columns);
        sql.text(" ");
        select_batch(sql, self.link_batch(step), step.links.len());
        if is_unique(step.table, &columns) {
            // Two that are linked already are linked: the link may have been made by others, or not been loaded.
            sql.text(" ON CONFLICT (");
            sql.list(&columns, ", ", |sql, column| {
                sql.column_name(step.table.columns[*column as usize].name);
            });
            sql.text(") DO NOTHING");
        }
    }

    pub(super) fn delete_links(&self, sql: &mut Renderer, step: &Step) {
        let (near, far) = Self::link_columns(step);
        let columns: Vec<u16> = near.into_iter().chain(far).collect();
        sql.text("DELETE FROM ");
        sql.table(TableRef::of(step.table));
        found_in(
            sql,
            step.table,
            &columns,
            self.link_batch(step),
            step.links.len(),
        );
    }

    pub(super) fn delete_all_links(&self, sql: &mut Renderer, step: &Step) {
        let columns: Vec<u16> = step.columns.iter().collect();
        let owner = self.table(step.rows[0]);
        let batch = self.columns_before("k", owner, owner.primary_key, &step.rows);
        sql.text("DELETE FROM ");
        sql.table(TableRef::of(step.table));
        found_in(sql, step.table, &columns, batch, step.rows.len());
    }
}
