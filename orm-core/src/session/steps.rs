//! Deciding a flush's steps and their order: from a [`ChangeSet`] to [`Step`]s. The second of the flush's four steps; the
//! rules of the order stand in `plan`.

use std::collections::{BTreeMap, HashMap};

use super::change_set::{ChangeSet, given_anew};
use super::key::KeyBytes;
use super::link_rows::LinkRow;
use super::plan::{Step, StepKind};
use super::{Session, State};
use crate::error::{Error, Result};
use crate::model::{ColumnSet, RawHandle, RelationInfo, RelationKind, Table};
use crate::order::{Edge, components, levels};

impl Session {
    /// Decides the steps and their order.
    pub(super) fn steps(&self, changes: ChangeSet) -> Result<Vec<Step>> {
        let groups = self.table_order();
        let (gone, come): (Vec<LinkRow>, Vec<LinkRow>) =
            changes.links.iter().partition(|row| !row.added);
        let mut steps = link_steps(StepKind::Unlink, gone, "links that were removed go first");
        steps.extend(self.unlink_deleted(&changes.gone()));
        for group in &groups {
            self.save_steps(group, &changes, &mut steps)?;
        }
        steps.extend(link_steps(
            StepKind::Link,
            come,
            "both sides of the new links are there",
        ));
        for group in groups.iter().rev() {
            self.delete_steps(group, &changes.deletes, &mut steps)?;
        }
        Ok(steps)
    }

    /// The arenas, grouped where tables refer to one another, each group behind what it refers to.
    fn table_order(&self) -> Vec<Vec<usize>> {
        let mut edges = Vec::new();
        for (number, store) in self.arenas.iter().enumerate() {
            for (_, to) in self.references(store.slots().table) {
                edges.push((to, number));
            }
        }
        components(self.arenas.len(), &edges)
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

    /// Steps that delete the link rows of rows that are deleted.
    fn unlink_deleted(&self, deletes: &[RawHandle]) -> Vec<Step> {
        let mut steps: Vec<(usize, Step)> = Vec::new();
        for handle in deletes {
            for relation in self.table(*handle).relations {
                let RelationKind::ManyToMany { near, .. } = &relation.kind else {
                    continue;
                };
                if relation.members.read_only {
                    continue;
                }
                let id = std::ptr::from_ref(*relation).addr();
                let at = steps
                    .iter()
                    .position(|(other, _)| *other == id)
                    .unwrap_or_else(|| {
                        let reason = format!("links of deleted `{}`", relation.from.name);
                        let mut step = Step::new(StepKind::UnlinkAll, near.from, reason);
                        step.columns = near.columns().0.iter().copied().collect();
                        steps.push((id, step));
                        steps.len() - 1
                    });
                steps[at].1.rows.push(*handle);
            }
        }
        steps.into_iter().map(|(_, step)| step).collect()
    }

    fn save_steps(
        &self,
        group: &[usize],
        changes: &ChangeSet,
        steps: &mut Vec<Step>,
    ) -> Result<()> {
        let in_group = |handle: &RawHandle| group.contains(&(handle.arena as usize));
        let inserts: Vec<_> = changes.inserts.iter().copied().filter(in_group).collect();
        let updates: Vec<_> = changes
            .updates
            .iter()
            .copied()
            .filter(|(handle, _)| in_group(handle))
            .collect();
        let rows: Vec<RawHandle> = inserts
            .iter()
            .copied()
            .chain(updates.iter().map(|(handle, _)| *handle))
            .collect();
        let (edges, along) = self.row_edges(group, &rows, inserts.len());
        let levels = levels(rows.len(), &edges).map_err(|ring| self.ring_error(&rows, &ring))?;
        let top = levels.of.iter().max().copied().unwrap_or(0);
        let mut on_level: Vec<Vec<usize>> = vec![Vec::new(); top + 1];
        for (at, level) in levels.of.iter().enumerate() {
            on_level[*level].push(at);
        }
        for (level, members) in on_level.iter().enumerate() {
            for number in group {
                let here = members
                    .iter()
                    .filter(|at| rows[**at].arena as usize == *number);
                let (added, changed): (Vec<usize>, Vec<usize>) =
                    here.partition(|at| **at < inserts.len());
                let changed = changed.into_iter().map(|at| updates[at - inserts.len()]);
                steps.extend(self.update_steps(changed));
                let added = added.into_iter().map(|at| rows[at]);
                let (replacing, added): (Vec<_>, Vec<_>) =
                    added.partition(|row| changes.replaces.contains_key(row));
                steps.extend(self.replace_steps(&replacing, changes));
                steps.extend(self.insert_steps(added.into_iter(), level));
            }
        }
        steps.extend(self.completing_steps(&levels.broken, &edges, &along, &rows));
        Ok(())
    }

    /// Which rows must be written before which, for tables that refer to one another; and along which relationships.
    fn row_edges(
        &self,
        group: &[usize],
        rows: &[RawHandle],
        inserts: usize,
    ) -> (Vec<Edge>, Vec<&'static RelationInfo>) {
        let (mut edges, mut along) = (Vec::new(), Vec::new());
        let alone = group.len() == 1
            && self
                .references(self.arenas[group[0]].slots().table)
                .all(|(_, to)| to != group[0]);
        if alone {
            return (edges, along);
        }
        let position: HashMap<RawHandle, usize> = rows
            .iter()
            .enumerate()
            .map(|(at, row)| (*row, at))
            .collect();
        for (after, row) in rows.iter().enumerate() {
            for relation in self.table(*row).relations {
                if !matches!(relation.kind, RelationKind::BelongsTo(_)) {
                    continue;
                }
                let target = self.known_target(*row, relation).flatten();
                let pending = target.filter(|target| self.raw_state(*target) == State::Pending);
                if let Some(before) = pending.and_then(|target| position.get(&target)) {
                    let (columns, references) = relation.columns();
                    // A row may refer to itself, if its key is known before.
                    if *before == after && self.key_at(*row, references).is_some() {
                        continue;
                    }
                    edges.push(Edge {
                        before: *before,
                        after,
                        breakable: after < inserts
                            && columns
                                .iter()
                                .all(|column| relation.from.columns[*column as usize].nullable),
                    });
                    along.push(*relation);
                }
            }
        }
        (edges, along)
    }

    fn ring_error(&self, rows: &[RawHandle], ring: &[usize]) -> Error {
        let names: Vec<String> = ring
            .iter()
            .map(|at| {
                let table = self.table(rows[*at]);
                let required = table
                    .relations
                    .iter()
                    .filter(|relation| matches!(relation.kind, RelationKind::BelongsTo(_)))
                    .map(|relation| relation.path())
                    .collect::<Vec<_>>()
                    .join(", ");
                format!("{}#{} ({required})", table.model, rows[*at].index)
            })
            .collect();
        Error::Cycle {
            what: format!(
                "these new rows refer to one another in a ring, and none of the foreign keys can be NULL, so none can be \
                 inserted first: {}; make one of the keys an `Option`, or set it after the first flush",
                names.join(" -> ")
            ),
        }
    }

    /// Batches of inserts: rows that send the same columns.
    fn insert_steps(&self, rows: impl Iterator<Item = RawHandle>, level: usize) -> Vec<Step> {
        let mut steps: Vec<Step> = Vec::new();
        for row in rows {
            let columns = self.insert_columns(row);
            let table = self.table(row);
            match steps.iter_mut().find(|step| step.columns == columns) {
                Some(step) => step.rows.push(row),
                None => {
                    let reason = if level == 0 {
                        format!("new `{}`, behind everything they refer to", table.model)
                    } else {
                        format!(
                            "new `{}` that refer to rows of level {}",
                            table.model,
                            level - 1
                        )
                    };
                    let mut step = Step::new(StepKind::Insert, table, reason);
                    step.columns = columns;
                    step.rows.push(row);
                    steps.push(step);
                }
            }
        }
        steps
    }

    /// Batches of rows that take the place of deleted ones: those that are given the same columns.
    fn replace_steps(&self, rows: &[RawHandle], changes: &ChangeSet) -> Vec<Step> {
        let mut batches = BTreeMap::<ColumnSet, Vec<RawHandle>>::new();
        for row in rows {
            let columns = self.insert_columns(*row);
            batches.entry(columns).or_default().push(*row);
        }
        let steps = batches.into_iter().map(|(given, mut rows)| {
            let table = self.table(rows[0]);
            let mut fixed: ColumnSet = table.primary_key.iter().copied().collect();
            let reason = format!(
                "new `{}` with the keys of deleted ones take their places",
                table.model
            );
            let mut step = Step::new(StepKind::Replace, table, reason);
            step.columns = given.without(fixed);
            if let Some(version) = table.version {
                // It goes on counting.
                step.columns = step.columns.without(ColumnSet::EMPTY.with(version));
                fixed.insert(version);
            }
            let columns = table.columns.iter().enumerate();
            step.defaults = columns
                .filter(|(_, column)| column.computed.is_none())
                .map(|(at, _)| at as u16)
                .collect::<ColumnSet>()
                .without(given)
                .without(fixed);
            if step.columns.is_empty() && step.defaults.is_empty() {
                // There is nothing to change, and an UPDATE must set something.
                step.columns.insert(table.primary_key[0]);
            }
            self.by_key(&mut rows);
            step.old = rows.iter().map(|row| changes.replaces[row]).collect();
            step.rows = rows;
            step
        });
        steps.collect()
    }

    /// The columns that an INSERT sends: all but those that the server fills in and that have no value here.
    fn insert_columns(&self, row: RawHandle) -> ColumnSet {
        let given = self.store(row).given(row.index);
        let columns = self.table(row).columns.iter().enumerate();
        columns
            .filter(|(at, column)| {
                let by_server = column.identity || column.server_default.is_some();
                column.computed.is_none() && (given.contains(*at as u16) || !by_server)
            })
            .map(|(at, _)| at as u16)
            .collect()
    }

    /// Batches of updates: rows that set the same columns, stale ones apart.
    fn update_steps(&self, rows: impl Iterator<Item = (RawHandle, ColumnSet)>) -> Vec<Step> {
        let mut batches = BTreeMap::<(ColumnSet, bool), Vec<RawHandle>>::new();
        for (row, changed) in rows {
            let stale = self.slots(row).heads[row.index as usize].epoch != self.epoch;
            let guarded = stale && self.table(row).version.is_none();
            batches.entry((changed, guarded)).or_default().push(row);
        }
        let steps = batches.into_iter().map(|((changed, guarded), rows)| {
            let table = self.table(rows[0]);
            let columns = changed.union(given_anew(table));
            let names: Vec<_> = columns
                .iter()
                .map(|column| table.columns[column as usize].name)
                .collect();
            let mut reason = format!("changed: {}", names.join(", "));
            if guarded {
                reason.push_str(
                    "; read in an earlier transaction, so the old values must still be there",
                );
            }
            let mut step = Step::new(StepKind::Update, table, reason);
            step.columns = columns;
            if guarded {
                // Not what is given anew: its old value decided nothing.
                step.guard = changed;
            }
            step.rows = rows;
            self.by_key(&mut step.rows);
            step
        });
        steps.collect()
    }

    /// The primary key under which the database has the row.
    pub(super) fn key_before(&self, row: RawHandle) -> Option<KeyBytes> {
        self.key_before_at(row, self.table(row).primary_key)
    }

    /// Some columns of a row, as the database has them, as a key; `None` if one is NULL.
    pub(super) fn key_before_at(&self, row: RawHandle, columns: &[u16]) -> Option<KeyBytes> {
        let store = self.store(row);
        KeyBytes::encode(columns.len(), |part, out| {
            store.encode_before(row.index, columns[part], out)
        })
    }

    fn by_key(&self, rows: &mut [RawHandle]) {
        rows.sort_by_cached_key(|row| self.key_before(*row));
    }

    /// Updates that set the foreign keys at which rings were broken, all of a row in one.
    fn completing_steps(
        &self,
        broken: &[usize],
        edges: &[Edge],
        along: &[&'static RelationInfo],
        rows: &[RawHandle],
    ) -> Vec<Step> {
        let mut columns_of = BTreeMap::<usize, ColumnSet>::new();
        for at in broken {
            let columns: ColumnSet = along[*at].columns().0.iter().copied().collect();
            let all = columns_of.entry(edges[*at].after).or_default();
            *all = all.union(columns);
        }
        let mut steps: Vec<Step> = Vec::new();
        for (at, columns) in columns_of {
            let (row, table) = (rows[at], self.table(rows[at]));
            match steps
                .iter_mut()
                .find(|step| step.columns == columns && std::ptr::eq(step.table, table))
            {
                Some(step) => step.rows.push(row),
                None => {
                    let reason = "closes a ring: inserted with NULL before, because its target was not there yet";
                    let mut step = Step::new(StepKind::Close, table, reason);
                    step.columns = columns;
                    step.rows.push(row);
                    steps.push(step);
                }
            }
        }
        steps
    }

    fn delete_steps(
        &self,
        group: &[usize],
        deletes: &[RawHandle],
        steps: &mut Vec<Step>,
    ) -> Result<()> {
        let of = |number: usize| {
            let rows = deletes.iter().copied();
            rows.filter(move |row| row.arena as usize == number)
                .collect::<Vec<_>>()
        };
        let involved: Vec<usize> = group
            .iter()
            .copied()
            .filter(|number| !of(*number).is_empty())
            .collect();
        let order = if involved.len() > 1 {
            self.open_rings(&involved, deletes, steps)?
        } else {
            involved
        };
        for number in order {
            let mut rows = of(number);
            self.by_key(&mut rows);
            let table = self.arenas[number].slots().table;
            let mut step = Step::new(
                StepKind::Delete,
                table,
                format!(
                    "deleted `{}`, behind everything that refers to them",
                    table.model
                ),
            );
            step.rows = rows;
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
                let mut step = Step::new(
                    StepKind::Open,
                    relation.from,
                    format!(
                        "`{}` is set to NULL, to delete rows that refer to one another",
                        relation.path()
                    ),
                );
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

/// Link rows, a step for each relationship.
fn link_steps(kind: StepKind, links: Vec<LinkRow>, reason: &str) -> Vec<Step> {
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
                let mut step = Step::new(kind, near.from, reason);
                step.links.push(link);
                steps.push(step);
            }
        }
    }
    steps
}
