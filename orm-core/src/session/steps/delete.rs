//! DELETEs: from the tables that refer to others on to those referred to.

use crate::error::{Error, Result};
use crate::model::{RawHandle, RelationInfo, RelationKind, Table};
use crate::order::components;
use crate::session::Session;
use crate::session::change_set::ChangeSet;
use crate::session::plan::{Step, StepKind, Why};

impl Session {
    /// Steps that delete the link rows of rows that are deleted.
    pub(super) fn unlink_deleted(&self, changes: &ChangeSet) -> Vec<Step> {
        let mut steps: Vec<(usize, Step)> = Vec::new();
        let mut tables = self.arenas.iter().map(|store| store.slots().table);
        if !tables.any(|table| links_of(table).next().is_some()) {
            return Vec::new();
        }
        for handle in changes.gone() {
            for (relation, near) in links_of(self.table(handle)) {
                let id = std::ptr::from_ref(relation).addr();
                let at = steps
                    .iter()
                    .position(|(other, _)| *other == id)
                    .unwrap_or_else(|| {
                        let why = Why::Relation(relation);
                        let mut step = Step::new(StepKind::UnlinkAll, near.from, why);
                        step.columns = near.columns().0.iter().copied().collect();
                        steps.push((id, step));
                        steps.len() - 1
                    });
                steps[at].1.rows.push(handle);
            }
        }
        steps.into_iter().map(|(_, step)| step).collect()
    }

    /// The DELETEs of some tables; `place` says why they stand where they stand.
    pub(super) fn delete_steps(
        &self,
        group: &[usize],
        deletes: &[RawHandle],
        place: &'static str,
        steps: &mut Vec<Step>,
    ) -> Result<()> {
        if deletes.is_empty() {
            return Ok(());
        }
        let of = |number: usize| {
            let rows = deletes.iter().copied();
            rows.filter(move |row| row.arena as usize == number)
        };
        let involved: Vec<usize> = group
            .iter()
            .copied()
            .filter(|number| of(*number).next().is_some())
            .collect();
        let order = if involved.len() > 1 {
            self.open_rings(&involved, deletes, steps)?
        } else {
            involved
        };
        for number in order {
            let mut rows = Vec::with_capacity(deletes.len());
            rows.extend(of(number));
            let table = self.arenas[number].slots().table;
            let mut step = Step::new(StepKind::Delete, table, Why::Place(place));
            self.put_by_key(&mut step, rows);
            steps.push(step);
        }
        Ok(())
    }

    /// Tables that refer to one another: nullable foreign keys among the deleted rows become NULL first, and what is left
    /// must have an order.
    fn open_rings(
        &self,
        involved: &[usize],
        deletes: &[RawHandle],
        steps: &mut Vec<Step>,
    ) -> Result<Vec<usize>> {
        let place = |number: usize| involved.iter().position(|other| *other == number);
        let mut required = Vec::new();
        for (at, number) in involved.iter().enumerate() {
            for (relation, to) in self.references(self.arenas[*number].slots().table) {
                let Some(to) = place(to) else { continue };
                let (columns, _) = relation.columns();
                let nullable = columns
                    .iter()
                    .all(|column| relation.from.columns[*column as usize].nullable);
                if !nullable {
                    required.push((to, at));
                    continue;
                }
                if to == at {
                    continue;
                }
                let why = Why::Relation(relation);
                let mut step = Step::new(StepKind::Open, relation.from, why);
                step.columns = columns.iter().copied().collect();
                step.rows = deletes
                    .iter()
                    .copied()
                    .filter(|row| {
                        row.arena as usize == *number && self.key_at(*row, columns).is_some()
                    })
                    .collect();
                if !step.rows.is_empty() {
                    steps.push(step);
                }
            }
        }
        let mut order = Vec::new();
        for ring in components(involved.len(), &required).into_iter().rev() {
            if ring.len() > 1 {
                let tables: Vec<_> = ring
                    .iter()
                    .map(|at| self.arenas[involved[*at]].slots().table.name)
                    .collect();
                return Err(Error::Cycle {
                    what: format!(
                        "rows of {} refer to one another by foreign keys that cannot be NULL, so none can be deleted first: \
                         let the database do it with ON DELETE CASCADE and `passive_deletes`",
                        tables.join(" and ")
                    ),
                });
            }
            order.extend(ring.into_iter().map(|at| involved[at]));
        }
        Ok(order)
    }
}

/// The relationships of a table's rows that stand in a link table, each with the key there that leads back.
fn links_of(
    table: &'static Table,
) -> impl Iterator<Item = (&'static RelationInfo, &'static RelationInfo)> {
    table
        .relations
        .iter()
        .filter_map(|relation| match &relation.kind {
            RelationKind::ManyToMany { near, .. } if !relation.members.read_only => {
                Some((*relation, *near))
            }
            _ => None,
        })
}
