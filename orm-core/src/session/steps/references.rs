//! Which rows wait for others because of their foreign keys, in tables that refer to themselves or to one another.
//!
//! | the row | leads to | waits |
//! | --- | --- | --- |
//! | new, or its foreign key changes | a new row | for the INSERT |
//! | the same | a row whose key changes | for the UPDATE, behind which the new key is there |
//! | changed, but not in its foreign key | a row of its table whose key changes | also, where they would be one UPDATE: of a row that this transaction has written PostgreSQL may check the foreign key before the new key has come to it |
//!
//! What the row leads to is known by its relationship, or by a foreign key that was set by hand and is the key of no known row:
//! then it is looked for among the keys that the flush writes. New rows that send the same columns are one INSERT, checked at
//! its end, and need no order; and where keys that were set by hand lead in a ring, that is the only way there is.

use super::batches::sent_by_insert;
use super::save::{Rows, Why};
use super::unique::unique_groups;
use crate::model::{ColumnSet, RawHandle, RelationInfo, RelationKind};
use crate::order::Edge;
use crate::session::hash::FastMap;
use crate::session::key::KeyBytes;
use crate::session::{Session, State};

/// The keys that tables of a group are known by.
#[derive(Default)]
struct KnownBy {
    /// By arena: the columns that foreign keys of the group lead to.
    referenced: FastMap<u16, ColumnSet>,
    /// By arena: these, and those in which no two rows may have the same. Others may wait until one of them is written.
    awaited: FastMap<u16, ColumnSet>,
    /// The changed rows in which one of these changes, with their positions.
    moved: FastMap<RawHandle, usize>,
    /// By table and columns: the rows by the keys that they are about to have. Made when it is first asked for.
    to_come: FastMap<(usize, &'static [u16]), FastMap<KeyBytes, usize>>,
}

/// How a row leads to another one of the flush.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lead {
    ToNew,
    ToMoved,
    ByHand,
}

impl Session {
    /// Adds what must be written before what by foreign keys. Returns what is only wanted, because it was set by hand: it
    /// doesn't hold in a ring.
    pub(super) fn add_references(
        &self,
        rows: &mut Rows<'_>,
        group: &[usize],
        position: &FastMap<RawHandle, usize>,
    ) -> Vec<(Edge, &'static RelationInfo)> {
        let mut known_by = self.known_by(rows, group);
        let mut wanted = Vec::new();
        for after in 0..rows.all.len() {
            for relation in self.table(rows.all[after]).relations {
                if !matches!(relation.kind, RelationKind::BelongsTo(_)) {
                    continue;
                }
                let Some((before, lead)) =
                    self.lead_of(rows, after, relation, position, &mut known_by)
                else {
                    continue;
                };
                let edge = |breakable, gap| Edge {
                    before,
                    after,
                    breakable,
                    gap,
                };
                let is_new = after < rows.new;
                if lead == Lead::ByHand && is_new {
                    let gap = usize::from(!self.are_one_insert(rows, before, after));
                    wanted.push((edge(true, gap), *relation));
                    continue;
                }
                let writes = rows.writes(after, relation);
                let breakable = match lead {
                    _ if !writes => true,
                    Lead::ToNew if is_new => relation.required_column().is_none(),
                    _ => !is_new && self.can_be_set_later(rows.all[after], relation, &mut known_by),
                };
                // The UPDATEs of a table go before its INSERTs.
                let is_before_anyhow =
                    is_new && before >= rows.new && rows.are_of_one_table(before, after);
                rows.edges
                    .push(edge(breakable, usize::from(!is_before_anyhow)));
                rows.why.push(match writes {
                    true => Why::Refers(relation),
                    false => Why::Follows(relation),
                });
            }
        }
        wanted
    }

    fn known_by(&self, rows: &Rows<'_>, group: &[usize]) -> KnownBy {
        let mut known_by = KnownBy::default();
        for number in group {
            for (relation, to) in self.references(self.arenas[*number].slots().table) {
                let columns = relation.columns().1.iter().copied().collect();
                let referenced = known_by.referenced.entry(to as u16).or_default();
                *referenced = referenced.union(columns);
            }
        }
        for (at, (row, changed)) in (rows.new..).zip(&rows.updates) {
            let referenced = known_by.referenced.get(&row.arena);
            if referenced.is_some_and(|referenced| changed.without(*referenced) != *changed) {
                known_by.moved.insert(*row, at);
            }
        }
        known_by
    }

    /// The row of the flush that another one leads to and has to wait for.
    fn lead_of(
        &self,
        rows: &Rows<'_>,
        after: usize,
        relation: &'static RelationInfo,
        position: &FastMap<RawHandle, usize>,
        known_by: &mut KnownBy,
    ) -> Option<(usize, Lead)> {
        let row = rows.all[after];
        let by_server = self.computed_columns(row);
        let (columns, _) = relation.columns();
        if columns.iter().any(|column| by_server.contains(*column)) {
            return None; // Nobody knows where an expression leads.
        }
        match self.known_target(row, relation) {
            Some(None) => None,
            Some(Some(target)) if self.raw_state(target) == State::Pending => {
                let before = *position.get(&target)?;
                // A row may refer to itself, if its key is known before.
                let is_known = || self.key_at(row, relation.columns().1).is_some();
                (before != after || !is_known()).then_some((before, Lead::ToNew))
            }
            Some(Some(target)) => {
                let before = *known_by.moved.get(&target)?;
                let is_key = |column: &u16| {
                    rows.changed(before)
                        .is_some_and(|set| set.contains(*column))
                };
                let waits = before != after
                    && relation.columns().1.iter().any(is_key)
                    && (rows.writes(after, relation) || rows.are_one_update(before, after));
                waits.then_some((before, Lead::ToMoved))
            }
            None if rows.writes(after, relation) => {
                let before = self.row_to_come(rows, row, relation, known_by)?;
                (before != after).then_some((before, Lead::ByHand))
            }
            None => None,
        }
    }

    /// The row of the flush that is about to have the key that a foreign key leads to.
    fn row_to_come(
        &self,
        rows: &Rows<'_>,
        row: RawHandle,
        relation: &'static RelationInfo,
        known_by: &mut KnownBy,
    ) -> Option<usize> {
        let (columns, references) = relation.columns();
        let key = self.key_at(row, columns)?;
        let of_table = known_by.to_come.entry((relation.to.id(), references));
        let of_table = of_table.or_insert_with(|| {
            let writes = |at| {
                let changed = rows.changed(at);
                changed.is_none_or(|set| references.iter().any(|column| set.contains(*column)))
            };
            let all = rows.all.iter().enumerate();
            all.filter(|(at, row)| self.table(**row).id() == relation.to.id() && writes(*at))
                .filter_map(|(at, row)| Some((self.key_at(*row, references)?, at)))
                .collect()
        });
        of_table.get(&key).copied()
    }

    /// Whether two new rows are of one INSERT, if they are on one level.
    fn are_one_insert(&self, rows: &Rows<'_>, one: usize, other: usize) -> bool {
        if one >= rows.new || !rows.are_of_one_table(one, other) {
            return false;
        }
        let (one, other) = (rows.all[one], rows.all[other]);
        let sent = sent_by_insert(self.table(one));
        sent(self.given(one)) == sent(self.given(other)) && self.shape(one) == self.shape(other)
    }

    /// Whether a changed row can be given a foreign key by one more UPDATE behind all others, because nobody waits for that.
    fn can_be_set_later(
        &self,
        row: RawHandle,
        relation: &RelationInfo,
        known_by: &mut KnownBy,
    ) -> bool {
        let awaited = known_by.awaited.entry(row.arena).or_insert_with(|| {
            let unique = unique_groups(self.table(row))
                .into_iter()
                .flatten()
                .collect();
            let referenced = known_by.referenced.get(&row.arena);
            referenced.copied().unwrap_or_default().union(unique)
        });
        let mut columns = relation.columns().0.iter();
        !columns.any(|column| awaited.contains(*column))
    }
}
