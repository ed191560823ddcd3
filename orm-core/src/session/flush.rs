//! Running a plan: the last of the flush's four steps.
//!
//! Each step is one statement. Steps that don't need one another's answers go out together (`together`). What comes back
//! (keys, defaults) is written into the entities, so that the steps behind find the keys that they refer to. Memory is changed
//! as the steps go; should one fail, the undo log has what was.

use super::change_set::given_anew;
use super::judged::{cannot_be_judged, judged_key, miscounted, with_advice};
use super::key::KeyBytes;
use super::links::LastKey;
use super::matching::{Match, made_identity};
use super::plan::{Step, StepKind};
use super::shortfall::{may_fall_short, stale};
use super::steps::nothing_free;
use super::together::Together;
use super::triggers::Rewrites;
use super::{Session, State, matching};
use crate::engine::Outcome;
use crate::error::{Error, Result};
use crate::model::{ColumnSet, NextVersion, RawHandle, Row};
use crate::query::Statement;

/// What came of steps that were sent.
enum Sent {
    Done {
        committed: bool,
    },
    /// The server has refused a statement for what is no failure without COMMIT behind it: it changed fewer rows, or can't be judged.
    /// What to say where it cannot be done again.
    Refused(Error),
}

impl Session {
    /// Sends what has changed: one statement a step, in the order that [`plan`](Session::plan) prints. Sends nothing, not
    /// even BEGIN, where nothing has changed. SQLAlchemy: `flush`.
    ///
    /// It is seldom called by hand: `commit` flushes, and so does every query before it reads (autoflush).
    ///
    /// ```
    #[doc = include_str!("example_shop.txt")]
    /// let order = Order::query().first(&mut db).await?.unwrap();
    /// db[order].total = 31;
    /// db.flush().await?; // UPDATE orders SET total = $1 WHERE id = $2
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    /// # Errors
    /// [`Error::Constraint`], [`Error::Stale`], [`Error::Cycle`], [`Error::Validation`], [`Error::Invalid`] .. After an error that came from the
    /// server the session waits for [`rollback`](Session::rollback); an error that was seen before anything was sent leaves it
    /// as it was, so that the mistake can be put right; so does a pool that has no connection in time.
    ///
    /// Dropped before it has finished, even while it waits for a connection, the session waits for `rollback` as well.
    ///
    /// # Triggers
    /// A trigger that keeps a row from being written is [`Error::Stale`], one that keeps it from being deleted
    /// [`Error::Invalid`]; rows of link tables are rows as others.
    ///
    /// One that changes a row before it is written (`BEFORE .. FOR EACH ROW`, `INSTEAD OF`) is noticed: rows of a table that has such
    /// triggers come back whole, memory takes what the database has, relationships follow changed foreign keys, and observers are told
    /// ([`Rewritten`](crate::engine::Rewritten)). One that changes a key which the program has given is [`Error::Invalid`].
    ///
    /// One that runs beside it (`AFTER`, for each statement, a rule) may write the row again, which no answer tells. So rows of such a
    /// table are stale from the start: their next load reads them, and a write from them must find the old values of what it changes, or is
    /// [`Error::Stale`]. What triggers write into *other* rows is not known here: `refresh` or `expire` these. A row with a version is
    /// guarded by that alone.
    ///
    /// Which tables have triggers is asked of the catalog, once for all tables of the first flush that writes them, in a round trip ahead of
    /// it that observers are not told of. The engine keeps the answer for a minute, and forgets it behind hand-written SQL of its own
    /// that names a trigger. A trigger that others have made since is seen after that minute; until then what it changes is seen when the row is
    /// next read, or written ([`Error::Stale`]).
    pub async fn flush(&mut self) -> Result<()> {
        self.flush_all(false).await.map(drop)
    }

    /// The same, where `commit` says so, with COMMIT behind it, if that may be. Whether it was.
    pub(super) async fn flush_all(&mut self, commit: bool) -> Result<bool> {
        self.ready().await?;
        self.is_flushing = true;
        let flushed = match self.refuse_writes() {
            Ok(()) => self.flush_rounds(commit).await,
            Err(error) => Err(error),
        };
        self.is_flushing = false;
        if flushed.is_err() {
            self.reserved = None;
        }
        flushed
    }

    /// Sends what has changed by now; where `commit` says so, with COMMIT behind it, if that may be. Whether it was.
    pub(super) async fn flush_once(&mut self, commit: bool) -> Result<bool> {
        let mut committed = false;
        let mut unknown = self.follow_hand_set_keys();
        self.cascade().await?;
        let mut changes = self.change_set()?;
        let mut watched = Vec::new();
        if self.has_row_hooks() {
            (changes, watched) = self.before_rows(changes)?;
            unknown = self.follow_hand_set_keys();
        }
        if !changes.is_empty() {
            let given_anew = self.given_anew(&changes.updates);
            let mut steps = self.steps(changes)?;
            if steps.iter().any(|step| self.moves_keys(step)) {
                // Foreign keys follow, and may be part of the keys of rows that are written behind.
                steps.iter_mut().for_each(|step| step.keys = None);
            }
            if !steps.is_empty() {
                self.reserve().await?;
            }
            self.learn_triggers(&mut steps).await?;
            self.touch_updated(&given_anew);
            committed = self.run_steps(&steps, commit).await?;
        }
        for (child, relation) in unknown {
            self.follow_key(child, relation);
        }
        self.flushed();
        self.after_rows(&watched)?;
        Ok(committed)
    }

    /// The changed rows of tables with `on_update` columns.
    fn given_anew(&self, updates: &[(RawHandle, ColumnSet)]) -> Vec<RawHandle> {
        let by_table = updates.chunk_by(|(row, _), (next, _)| row.arena == next.arena);
        by_table
            .filter(|rows| !given_anew(self.table(rows[0].0)).is_empty())
            .flat_map(|rows| rows.iter().map(|(row, _)| *row))
            .collect()
    }

    /// Gives `on_update` columns of changed rows their new values.
    fn touch_updated(&mut self, rows: &[RawHandle]) {
        for row in rows {
            let store = self.store_mut(*row);
            let changed = store.changes(row.index);
            store.touch_updated(row.index, changed);
        }
    }

    /// Nothing waits for a flush any more.
    fn flushed(&mut self) {
        self.set_links.clear();
        self.expressions.clear();
        self.link_rows.clear();
        self.taken_along.clear();
        let touched = self.arenas.iter_mut();
        for store in touched.filter(|store| store.slots().is_waiting()) {
            // Rows that were touched and are equal: there is nothing to compare with until the next change.
            let touched = store.slots().touched();
            store.written(&mut touched.into_iter(), None, true);
        }
    }

    /// Sends a plan, with COMMIT behind it where that is wanted and may be. Whether COMMIT went along.
    async fn run_steps(&mut self, steps: &[Step], commit: bool) -> Result<bool> {
        let has_read = self.in_transaction();
        match self.try_steps(steps, commit).await? {
            Sent::Done { committed } => Ok(committed),
            Sent::Refused(error) => {
                let begun = self.start_over(has_read, error).await;
                self.or_fail(begun)?;
                let sent = self.try_steps(steps, false).await;
                self.or_fail(sent)?;
                Ok(false)
            }
        }
    }

    async fn try_steps(&mut self, steps: &[Step], commit: bool) -> Result<Sent> {
        let mut together = Together::default();
        for step in steps {
            if self.must_wait(&mut together, step) {
                self.send_steps(std::mem::take(&mut together), false)
                    .await?;
            }
            let statement = self.write_step(step, &together);
            let moves_keys = self.moves_keys(step);
            together.push(step, statement, moves_keys);
        }
        if together.steps.is_empty() {
            return Ok(Sent::Done { committed: false });
        }
        let commit = commit && self.may_commit_with(&together);
        self.send_steps(together, commit).await
    }

    /// The statement of a step. What it needs of steps on their way is known.
    fn write_step(&mut self, step: &Step, together: &Together<'_>) -> Statement {
        match step.kind {
            StepKind::Insert | StepKind::Replace => {
                self.resolve_keys_of_new(&step.rows, together);
            }
            StepKind::Update | StepKind::Close => {
                for row in &step.rows {
                    // A row that was inserted by an earlier step of this flush, to close a ring.
                    if !self.slots(*row).heads[row.index as usize].is_touched() {
                        self.touch(*row);
                    }
                }
                self.resolve_keys(&step.rows);
            }
            StepKind::Park => self.resolve_keys(&step.others),
            _ => {}
        }
        self.statement(step)
    }

    /// Sends steps, and COMMIT behind them where it is wanted, in one round trip. Then their answers are read in order, so
    /// that what failed first is what is reported.
    async fn send_steps(&mut self, together: Together<'_>, commit: bool) -> Result<Sent> {
        let Together {
            steps,
            mut statements,
            ..
        } = together;
        let mut returned = Vec::new();
        // Behind the failure nothing is open any more.
        let again = commit && self.can_start_over();
        if commit {
            for (statement, step) in statements.iter_mut().zip(&steps) {
                returned.push(self.judge(statement, step));
            }
        }
        let outcome = self.send_together(&statements, commit, &returned).await?;
        let Outcome {
            answers,
            result,
            ended,
        } = outcome;
        if !commit {
            for (step, answer) in steps.iter().zip(&answers) {
                self.expect(step, answer.count).await?;
            }
        }
        if let Err(error) = result {
            let failed = steps.get(answers.len());
            let again = again && steps.iter().any(|step| may_fall_short(step));
            if again && cannot_be_judged(&error) {
                return Ok(Sent::Refused(with_advice(error)));
            }
            return match (miscounted(&error).filter(|_| commit), failed) {
                (Some(changed), Some(step)) if may_fall_short(step) => {
                    let error = stale(step, step.rows() as u64, changed);
                    match again {
                        true => Ok(Sent::Refused(error)),
                        false => self.or_fail(Err(error)),
                    }
                }
                (Some(changed), Some(step)) => {
                    self.expect(step, changed).await?;
                    self.or_fail(Err(matching::out_of_order(step.table.name)))
                }
                (_, Some(step)) => {
                    let error = nothing_free(step, with_advice(error));
                    Err(self.name_too_long(step, error))
                }
                _ => Err(error),
            };
        }
        let mut short = Vec::new();
        for (step, answer) in steps.iter().zip(&answers) {
            // Where COMMIT was to go along, the server has counted.
            let is_short = may_fall_short(step) && answer.count != step.rows() as u64;
            let may_be_others = step.kind == StepKind::Link && step.fires.before;
            if !commit && (is_short || may_be_others) {
                short.push((*step, answer.count));
            }
            match judged_key(step).filter(|_| commit) {
                Some((key, _)) => self.take_keys(step, key, &answer.rows, ended)?,
                None => self.take_answer(step, &answer.rows)?,
            }
        }
        for (step, changed) in short {
            self.expect_done(step, changed).await?;
        }
        Ok(Sent::Done { committed: ended })
    }

    /// Memory follows what a step has done.
    fn take_answer(&mut self, step: &Step, rows: &[Row]) -> Result<()> {
        match step.kind {
            StepKind::Insert => self.take_inserted(step, rows),
            StepKind::Replace => self.take_replaced(step, rows),
            StepKind::Update | StepKind::Close => self.take_updated(step, rows),
            StepKind::Delete => {
                self.buried(&step.rows);
                Ok(())
            }
            StepKind::Open
            | StepKind::Park
            | StepKind::Link
            | StepKind::Unlink
            | StepKind::UnlinkAll => Ok(()),
        }
    }

    /// Copies the keys of what the rows refer to, now that the steps before have brought them.
    fn resolve_keys(&mut self, rows: &[RawHandle]) {
        if self.set_links.is_empty() {
            return;
        }
        let mut last = LastKey::default();
        for row in rows {
            let mut at = 0;
            while let Some(relation) = self.set_links.at(*row, at) {
                if let Some(target) = self.known_target(*row, relation) {
                    self.copy_next_key(&mut last, *row, relation, target);
                }
                at += 1;
            }
        }
    }

    /// The same for rows that are about to be inserted. A target that won't be there is what a ring was broken at: the
    /// foreign key is NULL for now, also where the client has made the target's key.
    fn resolve_keys_of_new(&mut self, rows: &[RawHandle], together: &Together<'_>) {
        let mut last = LastKey::default();
        for row in rows {
            let mut at = 0;
            while let Some(relation) = self.set_links.at(*row, at) {
                at += 1;
                let Some(target) = self.known_target(*row, relation) else {
                    continue;
                };
                self.copy_next_key(&mut last, *row, relation, target);
                if target.is_some_and(|target| target != *row && !self.is_there(together, target)) {
                    self.copy_key(*row, relation, None);
                }
            }
        }
    }

    fn take_inserted(&mut self, step: &Step, rows: &[Row]) -> Result<()> {
        self.take_rows(step, Match::of_insert(step), rows)?;
        self.are_inserted(step)
    }

    /// They have their keys, and are rows from now on.
    pub(super) fn are_inserted(&mut self, step: &Step) -> Result<()> {
        let epoch = self.epoch_of_written(step);
        let inserted = match step.rows.first() {
            Some(first) => self.store_mut(*first).inserted(&step.rows, epoch),
            None => Ok(Vec::new()),
        };
        for forerunner in self.or_fail(inserted)? {
            self.bury_forerunner(forerunner);
        }
        Ok(())
    }

    /// A row was inserted with a key that an entity of the session has: so that one's row is gone, deleted by others since it
    /// was read. It is deleted here, too, or two entities would stand for one row.
    fn bury_forerunner(&mut self, gone: RawHandle) {
        if self.raw_state(gone) == State::Persistent {
            self.buried(&[gone]);
        }
    }

    /// Rows that are deleted become others with the same keys.
    fn take_replaced(&mut self, step: &Step, rows: &[Row]) -> Result<()> {
        self.take_rows(step, Match::of_update(step), rows)?;
        if Self::counts_version(step) {
            for (new, old) in step.rows.iter().zip(&step.old) {
                self.count_version(*new, *old)?;
            }
        }
        self.buried(&step.old);
        self.are_inserted(step)
    }

    /// Writes what came back into the entities.
    fn take_rows(&mut self, step: &Step, matching: Match, rows: &[Row]) -> Result<()> {
        let returned = Self::returned_by(step);
        if returned.is_empty() {
            return Ok(());
        }
        let places = self.places(step, matching, returned, rows);
        let places = self.or_fail(places)?;
        let behind = matching.behind(step.table, returned);
        let front = matching.front(step.table).len();
        let mut rewritten = Rewrites::of(step);
        for (at, column) in behind.iter().enumerate() {
            for (number, (entity, place)) in step.rows.iter().zip(&places).enumerate() {
                let value = rows[*place].raw(front + at);
                let store = self.store_mut(*entity);
                let written = rewritten.write(store, (number, *entity), column, value);
                self.or_fail(written)?;
            }
        }
        self.follow_rewritten(step, rewritten);
        if !step.by_server.is_empty() {
            for entity in &step.rows {
                self.follow_row(*entity, step.by_server);
            }
        }
        Ok(())
    }

    /// For each entity the position of the row that came back for it.
    fn places(
        &self,
        step: &Step,
        matching: Match,
        returned: ColumnSet,
        rows: &[Row],
    ) -> Result<Vec<usize>> {
        let (table, key) = (step.table.name, step.table.primary_key);
        match matching {
            Match::Single | Match::Numbered => Ok((0..rows.len()).collect()),
            Match::Ascending => {
                let identity = made_identity(step);
                let at = returned.iter().position(|column| Some(column) == identity);
                let value = |row: &Row| at.map_or(0, |at| integer(row.bytes(at)));
                matching::ascending(table, rows.iter().map(value))
            }
            Match::ByKey => matching::by_key(
                table,
                step.rows.iter().map(|entity| self.key_at(*entity, key)),
                rows.iter().map(|row| KeyBytes::in_front_of(row, key.len())),
            ),
        }
    }

    /// An error behind a statement that was sent: memory and database are no longer in step, so only a rollback helps.
    pub(super) fn or_fail<T>(&mut self, outcome: Result<T>) -> Result<T> {
        outcome.inspect_err(|error| self.fail(error.to_string()))
    }

    fn take_updated(&mut self, step: &Step, rows: &[Row]) -> Result<()> {
        self.take_rows(step, Match::of_update(step), rows)?;
        self.follow_new_keys(step);
        let (mut key, returned) = (step.table.primary_key.iter(), Self::returned_by(step));
        let rekeyed = key.any(|key| step.columns.contains(*key) || returned.contains(*key));
        if step.kind == StepKind::Update && Self::counts_version(step) {
            for row in &step.rows {
                self.count_version(*row, *row)?;
            }
        }
        // Behind a guard the rows stay stale: their other columns may have been changed by others meanwhile.
        let epoch = (!step.stale).then_some(self.epoch_of_written(step));
        if let Some(first) = step.rows.first() {
            let mut rows = step.rows.iter().map(|row| row.index);
            self.store_mut(*first).written(&mut rows, epoch, rekeyed);
        }
        Ok(())
    }

    /// Whether the rows' versions are to be counted up here. Not where they came back.
    fn counts_version(step: &Step) -> bool {
        let version = step.table.version;
        version.is_some_and(|version| !Self::returned_by(step).contains(version))
    }

    /// The server has counted the version up, and so does the row. Versions that cannot be counted came back.
    fn count_version(&mut self, row: RawHandle, before: RawHandle) -> Result<()> {
        let table = self.table(row);
        let Some((version, NextVersion::Counted)) = NextVersion::of(table) else {
            return Ok(());
        };
        let mut out = bytes::BytesMut::new();
        self.store(before)
            .encode_before(before.index, version, &mut out);
        let ty = table.columns[version as usize].ty;
        let next = integer(Some(&out)) + 1;
        let wide = next.to_be_bytes();
        let raw = ty.raw(Some(&wide[8 - out.len()..]));
        let written = self.store_mut(row).write(row.index, version, raw);
        self.or_fail(written)
    }

    /// Rows of one table are deleted: the entities are nobody's names any more, and leave the session at commit.
    pub(super) fn buried(&mut self, rows: &[RawHandle]) {
        let Some(first) = rows.first() else { return };
        let store = self.arenas[first.arena as usize].as_mut();
        let slots = store.slots_mut();
        for row in rows {
            slots.untouch(row.index);
            let head = &mut slots.heads[row.index as usize];
            head.state = State::Deleted;
            // What was to be deleted was saved when that was said.
            if !std::mem::take(&mut head.doomed) {
                self.undo.deleted(*row, head.saved);
            }
        }
        store.forget_keys(rows);
        self.gone.extend_from_slice(rows);
    }
}

/// A big-endian integer of any width.
fn integer(bytes: Option<&[u8]>) -> i64 {
    match bytes {
        Some(&[a, b]) => i64::from(i16::from_be_bytes([a, b])),
        Some(&[a, b, c, d]) => i64::from(i32::from_be_bytes([a, b, c, d])),
        Some(bytes) => bytes.try_into().map_or(0, i64::from_be_bytes),
        None => 0,
    }
}
