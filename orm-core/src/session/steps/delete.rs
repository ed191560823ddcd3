//! DELETEs: from the tables that refer to others on to those referred to.

use super::tables::place_of;
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
        steps.sort_by_key(|(_, step)| (place_of(step.table), step.columns));
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

    /// Tables that refer to one another: foreign keys that can be NULL become NULL first where else no order would be left,
    /// those of a table by one UPDATE.
    fn open_rings(
        &self,
        involved: &[usize],
        deletes: &[RawHandle],
        steps: &mut Vec<Step>,
    ) -> Result<Vec<usize>> {
        let place = |number: usize| involved.iter().position(|other| *other == number);
        // Rows of one table are one DELETE, which may take any of them first.
        let references = involved.iter().enumerate().flat_map(|(at, number)| {
            let references = self.references(self.arenas[*number].slots().table);
            references.filter_map(move |(relation, to)| Some((place(to)?, at, relation)))
        });
        let (required, nullable): (Vec<_>, Vec<_>) = references
            .filter(|(to, at, _)| to != at)
            .partition(|(_, _, relation)| relation.required_column().is_some());
        let mut edges: Vec<(usize, usize)> =
            required.iter().map(|(to, at, _)| (*to, *at)).collect();
        let mut opened: Vec<Vec<&'static RelationInfo>> = vec![Vec::new(); involved.len()];
        for (to, at, relation) in nullable {
            if self.led_by(involved[at], &[relation], deletes).is_empty() {
                continue;
            }
            edges.push((to, at));
            if components(involved.len(), &edges).len() < involved.len() {
                edges.pop();
                opened[at].push(relation);
            }
        }
        for (number, relations) in involved.iter().zip(&opened) {
            if !relations.is_empty() {
                steps.push(self.open_step(*number, relations, deletes));
            }
        }
        let mut order = Vec::new();
        for ring in components(involved.len(), &edges).into_iter().rev() {
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

    /// The deleted rows of a table that some of its foreign keys lead somewhere, in the database: what they are set to in memory is
    /// never sent.
    fn led_by(
        &self,
        number: usize,
        relations: &[&'static RelationInfo],
        deletes: &[RawHandle],
    ) -> Vec<RawHandle> {
        let rows = deletes.iter().copied();
        let rows = rows.filter(|row| row.arena as usize == number);
        rows.filter(|row| {
            let mut keys = relations.iter().map(|relation| relation.columns().0);
            keys.any(|key| self.key_before_at(*row, key).is_some())
        })
        .collect()
    }

    /// The UPDATE that sets foreign keys of deleted rows of a table to NULL.
    fn open_step(
        &self,
        number: usize,
        relations: &[&'static RelationInfo],
        deletes: &[RawHandle],
    ) -> Step {
        let paths: Vec<String> = relations
            .iter()
            .map(|relation| format!("`{}`", relation.path()))
            .collect();
        let said = format!(
            "{} {} set to NULL, to delete rows that refer to one another",
            paths.join(" and "),
            if paths.len() == 1 { "is" } else { "are" }
        );
        let table = self.arenas[number].slots().table;
        let mut step = Step::new(StepKind::Open, table, Why::Said(said));
        step.columns = relations
            .iter()
            .flat_map(|relation| relation.nullable_columns().iter())
            .collect();
        self.put_by_key(&mut step, self.led_by(number, relations, deletes));
        step
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
