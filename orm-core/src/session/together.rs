//! Which steps of a flush go out together. `flush` writes the statements and reads the answers.
//!
//! A step waits for the answers of those before it only where its statement is made of them: where it refers to a row whose
//! key the server makes, or is about a row that an earlier step inserts. All others are sent one behind the other, and BEGIN
//! ahead of the first, in one round trip (`engine::pipeline`).
//!
//! **COMMIT** goes along with the last of them where nothing can be found out afterwards that should have kept it back:
//!
//! - Hooks may refuse what was flushed, so with hooks it waits.
//! - Behind a savepoint a failure must leave the transaction around it alone, so there it waits.
//! - What a statement returns may not fit, so behind RETURNING it waits: but for identity keys of new rows, of which the server
//!   can say that they do.
//! - A DELETE of unversioned rows or of links that were gone is no failure, unless they are still there: that has to be asked, so
//!   behind it COMMIT waits. But where the way to the server is so long that counting the rows costs less than to wait, and the transaction has
//!   done nothing but read, COMMIT goes along: where the DELETE falls short, the server refuses both, and `flush` does all of it again,
//!   in a new transaction, with COMMIT waiting.
//! - Links that others have made already are no failure of an INSERT. The server counts them as well, but does not see those that were made
//!   while it waited for others: then all is done again in the same way. Where it can't be, and others may know both rows, COMMIT waits.
//!   Where a trigger may link others in their place, the session looks which are there, and COMMIT waits for that, too.
//! - A statement whose answer the session would look at lets the server look: it goes out in the form that `judged` gives
//!   it, which fails where the answer is wrong, and COMMIT behind a failed statement rolls back. So it does for a single row,
//!   too: a trigger that keeps it from being written may have written elsewhere.

use super::hash::FastMap;
use super::judged::judged_key;
use super::link_rows::LinkRow;
use super::plan::{Step, StepKind};
use super::shortfall::may_fall_short;
use super::{Session, State};
use crate::model::{ColumnSet, RawHandle, RelationInfo, RelationKind};
use crate::query::Statement;

/// Steps on their way: their statements are written, and nobody has seen an answer yet.
#[derive(Default)]
pub(super) struct Together<'s> {
    pub(super) steps: Vec<&'s Step>,
    pub(super) statements: Vec<Statement>,
    /// What is known of the rows of the first steps.
    rows: FastMap<RawHandle, OnItsWay>,
    /// How many steps `rows` is about.
    seen: usize,
    /// Whether one of them changes a key that others refer to: foreign keys in memory follow when it is done.
    moves_keys: bool,
}

/// What the steps on their way do with a row.
#[derive(Default, Clone, Copy)]
struct OnItsWay {
    inserted: bool,
    /// The columns that come back.
    returned: ColumnSet,
}

impl<'s> Together<'s> {
    pub(super) fn push(&mut self, step: &'s Step, statement: Statement, moves_keys: bool) {
        self.steps.push(step);
        self.statements.push(statement);
        self.moves_keys |= moves_keys;
    }

    /// Whether a pending row will be there before the next statement.
    pub(super) fn inserts(&self, row: RawHandle) -> bool {
        self.rows.get(&row).is_some_and(|row| row.inserted)
    }

    /// Notes the rows of the steps so far. Not before another step asks: the only step of a flush may have many.
    fn look(&mut self) {
        for step in &self.steps[self.seen..] {
            let inserted = matches!(step.kind, StepKind::Insert | StepKind::Replace);
            let returned = Session::returned_by(step);
            if inserted || !returned.is_empty() {
                for row in &step.rows {
                    let known = self.rows.entry(*row).or_default();
                    known.inserted |= inserted;
                    known.returned = known.returned.union(returned);
                }
            }
        }
        self.seen = self.steps.len();
    }
}

impl Session {
    /// The columns that a step's statement brings back: those that the server makes, and where triggers may have changed what was
    /// sent, all but the key, by which the row is known.
    pub(super) fn returned_by(step: &Step) -> ColumnSet {
        let by_server = Self::made_by_server(step);
        if !step.fires.before || step.kind == StepKind::Link {
            return by_server;
        }
        let all: ColumnSet = (0..step.table.columns.len() as u16).collect();
        let key: ColumnSet = step.table.primary_key.iter().copied().collect();
        all.without(key).union(by_server)
    }

    /// The columns to which the server gives values of its own.
    pub(super) fn made_by_server(step: &Step) -> ColumnSet {
        match step.kind {
            StepKind::Insert => Self::filled_by_insert(step),
            StepKind::Update | StepKind::Replace | StepKind::Close => Self::changed_by_update(step),
            _ => ColumnSet::EMPTY,
        }
    }

    /// Whether the statement of a step can't be written before the answers of those on their way are there.
    pub(super) fn must_wait(&self, together: &mut Together<'_>, step: &Step) -> bool {
        if together.steps.is_empty() {
            return false;
        }
        together.look();
        let together = &*together;
        together.moves_keys
            || step.rows.iter().chain(&step.others).any(|row| {
                let mut relations = self.set_links.of(*row);
                together.inserts(*row)
                    || relations.any(|relation| self.key_is_to_come(together, *row, relation))
            })
            || step
                .links
                .iter()
                .any(|link| self.link_is_to_come(together, link))
    }

    fn key_is_to_come(
        &self,
        together: &Together<'_>,
        row: RawHandle,
        relation: &'static RelationInfo,
    ) -> bool {
        let target = self.known_target(row, relation).flatten();
        target.is_some_and(|target| self.comes_back(together, target, relation.columns().1))
    }

    fn link_is_to_come(&self, together: &Together<'_>, link: &LinkRow) -> bool {
        let RelationKind::ManyToMany { near, far } = &link.relation.kind else {
            return false;
        };
        self.comes_back(together, link.owner, near.columns().1)
            || self.comes_back(together, link.target, far.columns().1)
    }

    /// Whether what a row has in some columns is in an answer that is not there yet.
    fn comes_back(&self, together: &Together<'_>, row: RawHandle, columns: &[u16]) -> bool {
        let Some(on_its_way) = together.rows.get(&row) else {
            return false;
        };
        let returned = |column: &u16| on_its_way.returned.contains(*column);
        columns.iter().any(returned) || self.key_at(row, columns).is_none()
    }

    /// Whether a step changes a key that loaded rows may refer to.
    pub(super) fn moves_keys(&self, step: &Step) -> bool {
        matches!(step.kind, StepKind::Update | StepKind::Close)
            && self.arenas.iter().any(|store| {
                store.slots().table.relations.iter().any(|relation| {
                    matches!(relation.kind, RelationKind::BelongsTo(_))
                        && std::ptr::eq(relation.to, step.table)
                        && (relation.columns().1.iter())
                            .any(|column| step.columns.contains(*column))
                })
            })
    }

    /// Whether COMMIT may go out with these steps, the last of a flush. See the head of this file.
    pub(super) fn may_commit_with(&self, together: &Together<'_>) -> bool {
        let judged_by_server = |step: &&Step| match step.kind {
            StepKind::Delete | StepKind::Unlink => {
                !may_fall_short(step) || self.counts_deleted(step.rows())
            }
            StepKind::Link => {
                !step.fires.before
                    && (!may_fall_short(step) || self.can_start_over() || self.are_new_links(step))
            }
            _ => judged_key(step).is_some() || Self::returned_by(step).is_empty(),
        };
        !self.has_hooks() && self.undo.depth() == 0 && together.steps.iter().all(judged_by_server)
    }

    /// Whether nobody else can have linked the rows of a step, because one of each two came in this transaction.
    fn are_new_links(&self, step: &Step) -> bool {
        let is_new =
            |row: RawHandle| self.slots(row).heads[row.index as usize].created == self.epoch;
        let mut links = step.links.iter();
        links.all(|link| is_new(link.owner) || is_new(link.target))
    }

    /// Whether the server is to count the rows that a DELETE finds, so that COMMIT can go along.
    fn counts_deleted(&self, rows: usize) -> bool {
        let pace = self.engine.pace();
        self.can_start_over() && pace.is_some_and(|pace| pace.counting_pays(rows))
    }

    /// Whether a row that others refer to will be there before the next statement.
    pub(super) fn is_there(&self, together: &Together<'_>, row: RawHandle) -> bool {
        self.raw_state(row) != State::Pending || together.inserts(row)
    }
}
