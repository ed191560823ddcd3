//! Deciding a flush's steps and their order: from a [`ChangeSet`] to [`Step`]s. The second of the flush's four steps; the
//! rules of the order stand in `plan`.
//!
//! | file | what it is |
//! | --- | --- |
//! | `tables` | which tables go first |
//! | `save` | INSERTs and UPDATEs: rows on levels, rings that are broken |
//! | `references` | which rows wait for others because of foreign keys |
//! | `unique` | unique values that change hands between rows |
//! | `delete` | DELETEs, and rings that are opened before |
//! | `batches` | which rows are one statement |

mod batches;
mod delete;
mod references;
mod save;
mod tables;
mod unique;

pub(super) use unique::{nothing_free, unique_groups};

use self::tables::place_of;
use super::Session;
use super::change_set::ChangeSet;
use super::link_rows::LinkRow;
use super::plan::{Step, StepKind, Why};
use crate::error::Result;
use crate::model::{RawHandle, RelationInfo, RelationKind, Table};

impl Session {
    /// Decides the steps and their order.
    pub(super) fn steps(&self, changes: ChangeSet) -> Result<Vec<Step>> {
        let groups = self.table_order(&changes);
        let moves = self.unique_moves(&changes)?;
        let (gone, come): (Vec<LinkRow>, Vec<LinkRow>) =
            changes.links.iter().partition(|row| !row.added);
        let mut steps = link_steps(StepKind::Unlink, gone, "links that were removed go first");
        steps.extend(self.unlink_deleted(&changes));
        let (early, late): (Vec<RawHandle>, Vec<RawHandle>) = match moves.early.is_empty() {
            true => (Vec::new(), changes.deletes.clone()),
            false => {
                let deletes = changes.deletes.iter();
                deletes.partition(|row| moves.early.contains(row))
            }
        };
        for group in groups.iter().rev() {
            let place = "before everything else, because other rows take the unique values that they give up";
            self.delete_steps(group, &early, place, &mut steps)?;
        }
        for group in &groups {
            self.save_steps(group, &changes, &moves, &mut steps)?;
        }
        steps.extend(link_steps(
            StepKind::Link,
            come,
            "both sides of the new links are there",
        ));
        for group in groups.iter().rev() {
            let place = "behind everything that refers to them";
            self.delete_steps(group, &late, place, &mut steps)?;
        }
        Ok(steps)
    }

    /// The `belongs_to` relationships of a table that lead to a table that the session knows.
    fn references(
        &self,
        table: &'static Table,
    ) -> impl Iterator<Item = (&'static RelationInfo, usize)> {
        table.relations.iter().filter_map(|relation| {
            matches!(relation.kind, RelationKind::BelongsTo(_))
                .then(|| self.arena_of.get(&relation.to.id()))
                .flatten()
                .map(|number| (*relation, *number as usize))
        })
    }
}

/// Link rows, a step for each relationship, in the order of the tables.
fn link_steps(kind: StepKind, links: Vec<LinkRow>, place: &'static str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for link in links {
        let RelationKind::ManyToMany { near, .. } = &link.relation.kind else {
            continue;
        };
        let same = steps.iter_mut().find(|step| {
            step.links
                .first()
                .is_some_and(|first| std::ptr::eq(first.relation, link.relation))
        });
        match same {
            Some(step) => step.links.push(link),
            None => {
                let mut step = Step::new(kind, near.from, Why::Place(place));
                step.links.push(link);
                steps.push(step);
            }
        }
    }
    steps.sort_by_key(|step| {
        let relation = step.links.first().map(|link| link.relation);
        let owner = relation.map(|relation| (place_of(relation.from), relation.index));
        (place_of(step.table), owner)
    });
    steps
}
