//! Which rows of a step are not as they were when they were read: asked behind a statement that changed too few, for the error.

use crate::expr::TableRef;
use crate::query::render::batch::unnest;
use crate::query::{Statement, render};
use crate::session::Session;
use crate::session::plan::Step;

use super::update::unchanged;

impl Session {
    /// Gives the numbers of the rows, from 1, whose keys are gone, or whose version or guarded columns are others.
    pub(in crate::session) fn select_stale(&self, step: &Step) -> Statement {
        let (table, before) = (step.table, step.before());
        let guard: Vec<u16> = step.guard.iter().collect();
        render::statement(&|sql| {
            let keys = self.key_columns(sql, step);
            let version = table.version.as_slice();
            let versions = self.columns_before(sql, "v", table, version, before);
            let olds = self.columns_before(sql, "o", table, &guard, before);
            let conditions = unchanged(step, &keys, &versions, &olds);
            let batch = keys.into_iter().chain(versions).chain(olds);
            sql.text("SELECT u.n FROM ");
            unnest(sql, batch.collect(), before.len(), true);
            sql.text(" WHERE NOT EXISTS (SELECT FROM ");
            sql.table(TableRef::of(table));
            sql.text(" WHERE ");
            sql.made(&conditions);
            sql.text(") ORDER BY u.n");
        })
    }
}
