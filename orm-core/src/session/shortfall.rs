//! What it means that a statement of a flush changed fewer rows than it was sent for. `flush` asks behind every answer, and `together`
//! before COMMIT goes out with a statement.
//!
//! | statement | fewer rows |
//! | --- | --- |
//! | INSERT, UPDATE, versioned DELETE | a failure: [`Error::Stale`] |
//! | DELETE | no failure, unless they are still there: others have deleted them |
//! | DELETE of links | the same |
//! | INSERT of links, where two can't be the same | no failure, unless some are not there: others have linked them |
//! | all links of a row, opening a ring | nobody knows how many there are |

use super::Session;
use super::key::KeyBytes;
use super::plan::{Step, StepKind};
use super::statements::skips_existing;
use crate::error::{Error, Result};
use crate::model::RawHandle;
use crate::query::render;

impl Session {
    /// How many rows the statement of a step must change, where that is more than a matter of luck.
    pub(super) fn must_change(&self, step: &Step) -> Option<u64> {
        let gone = |row: &RawHandle| self.slots(*row).heads[row.index as usize].doomed;
        match step.kind {
            StepKind::Open | StepKind::UnlinkAll => None,
            // A row that is about to be deleted may be gone already, and the value that was to be moved aside with it.
            StepKind::Park if step.rows.iter().all(gone) => None,
            _ if may_fall_short(step) => None,
            _ => Some(step.rows() as u64),
        }
    }

    /// Fails unless a statement changed as many rows as it was sent for.
    pub(super) async fn expect(&mut self, step: &Step, changed: u64) -> Result<()> {
        let expected = match self.must_change(step) {
            Some(expected) if expected != changed => expected,
            _ => return Ok(()),
        };
        let mut error = stale(step, expected, changed);
        // Whatever becomes of the question for their names, the transaction has failed.
        self.fail(error.to_string());
        if let Error::Stale { rows, .. } = &mut error {
            *rows = self
                .stale_rows(step, expected.saturating_sub(changed))
                .await;
        }
        self.or_fail(Err(error))
    }

    /// The names of the rows that a statement should have changed and didn't, where they can be told. Of several the database
    /// is asked: by what is committed, so the transaction, which is lost anyhow, is rolled back there first.
    async fn stale_rows(&mut self, step: &Step, missing: u64) -> Vec<String> {
        if let [row] = &step.rows[..] {
            return vec![self.row_name(*row)];
        }
        if matches!(step.kind, StepKind::Insert | StepKind::Link) || self.undo.depth() > 0 {
            return Vec::new();
        }
        let statement = self.select_stale(step);
        let Ok(link) = self.open_link() else {
            return Vec::new();
        };
        if link.in_transaction() && link.batch("ROLLBACK").await.is_err() {
            return Vec::new();
        }
        let Ok(rows) = link.fetch(&statement).await else {
            return Vec::new();
        };
        let numbers = rows.iter().filter_map(|row| row.get::<i64>(0).ok());
        let stale = numbers.filter_map(|number| step.rows.get(number as usize - 1));
        let names: Vec<String> = stale.map(|row| self.row_name(*row)).collect();
        // Where this transaction has changed the rows before, what is committed says nothing.
        if names.len() as u64 == missing {
            names
        } else {
            Vec::new()
        }
    }

    /// A statement that may fall short did. Fails where the database is not as it was to be all the same.
    pub(super) async fn expect_done(&mut self, step: &Step, changed: u64) -> Result<()> {
        if step.kind == StepKind::Link {
            return self.expect_linked(step).await;
        }
        let left = match step.kind {
            StepKind::Unlink => self.send(&self.select_wrong_links(step)).await?.len(),
            _ => self.rows_left(step).await?,
        };
        if left > 0 {
            return self.or_fail(Err(Error::invalid(format!(
                "DELETE of `{}` was sent for {} row(s), and {left} of them are still there: a trigger or a row-level security \
                 policy keeps them; roll back",
                step.table.name,
                step.rows(),
            ))));
        }
        tracing::warn!(
            table = step.table.name,
            expected = step.rows(),
            changed,
            "a DELETE found fewer rows than it was sent for: they were deleted by others"
        );
        Ok(())
    }

    /// How many rows of a DELETE are still there.
    async fn rows_left(&mut self, step: &Step) -> Result<usize> {
        let keys: Vec<KeyBytes> = step
            .rows
            .iter()
            .filter_map(|row| self.key_before(*row))
            .collect();
        let select = self.select_by_key(step.table, step.table.primary_key, &keys);
        Ok(self.send(&render::select(&select)).await?.len())
    }

    /// Two that others have linked are linked as well. Two that are not have been kept from it.
    async fn expect_linked(&mut self, step: &Step) -> Result<()> {
        let missing = self.send(&self.select_wrong_links(step)).await?;
        if missing.is_empty() {
            return Ok(());
        }
        let expected = step.rows() as u64;
        let mut error = stale(step, expected, expected - missing.len() as u64);
        if let Error::Stale { rows, .. } = &mut error {
            let numbers = missing.iter().filter_map(|row| row.get::<i64>(0).ok());
            let links = numbers.filter_map(|number| step.links.get(number as usize - 1));
            let name = |row: RawHandle| self.row_name(row);
            rows.extend(
                links.map(|link| format!("{} with {}", name(link.owner), name(link.target))),
            );
        }
        self.or_fail(Err(error))
    }
}

/// Whether a statement may find fewer rows than it is sent for, and that be in order.
pub(super) fn may_fall_short(step: &Step) -> bool {
    match step.kind {
        StepKind::Delete => step.table.version.is_none(),
        StepKind::Unlink => true,
        StepKind::Link => skips_existing(step),
        _ => false,
    }
}

/// A statement changed another number of rows than it was sent for.
pub(super) fn stale(step: &Step, expected: u64, changed: u64) -> Error {
    Error::Stale {
        table: step.table.name,
        action: match step.kind {
            StepKind::Insert | StepKind::Link => "INSERT",
            StepKind::Delete | StepKind::Unlink => "DELETE",
            _ => "UPDATE",
        },
        expected,
        changed,
        rows: Vec::new(),
    }
}
