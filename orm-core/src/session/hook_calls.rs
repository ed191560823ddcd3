//! Calling hooks: which are there, and when each of them runs. Called by `flush` and `transaction`.
//!
//! [`Hooks`] are typed by their model; behind [`RowHooks`] they are not, so that the flush asks for them by table.

use std::any::Any;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use super::change_set::ChangeSet;
use super::hooks::{HookContext, Hooks, Problems, Queue, SessionEvents};
use super::{Arena, Session, State};
use crate::error::{Error, Rejection, Result, ValidationError};
use crate::model::{ColumnSet, Draft, Handle, Model, RawHandle, Table};
use crate::query::Running;

/// How many rounds a flush goes on because hooks have added something after the last.
const ROUNDS: usize = 100;

/// The hooks of a session.
#[derive(Clone, Default)]
pub(super) struct HookSet {
    rows: HashMap<usize, Vec<Arc<dyn RowHooks>>>,
    events: Vec<Arc<dyn SessionEvents>>,
}

impl HookSet {
    pub(super) fn add_rows<M: Model>(&mut self, hooks: impl Hooks<M>) {
        let typed = Typed {
            hooks,
            model: PhantomData,
        };
        let of_table = self.rows.entry(M::TABLE.id()).or_default();
        of_table.push(Arc::new(typed));
    }

    pub(super) fn add_events(&mut self, events: impl SessionEvents) {
        self.events.push(Arc::new(events));
    }

    /// Appends the hooks of another.
    pub(super) fn extend(&mut self, other: HookSet) {
        for (table, hooks) in other.rows {
            self.rows.entry(table).or_default().extend(hooks);
        }
        self.events.extend(other.events);
    }

    fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.events.is_empty()
    }

    fn of(&self, table: &'static Table) -> &[Arc<dyn RowHooks>] {
        self.rows.get(&table.id()).map_or(&[], Vec::as_slice)
    }
}

impl fmt::Debug for HookSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows: usize = self.rows.values().map(Vec::len).sum();
        write!(f, "{rows} of rows, {} of the session", self.events.len())
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Action {
    Insert,
    Update,
    Delete,
}

/// A row with hooks, in a flush.
pub(super) struct Watched {
    action: Action,
    row: RawHandle,
    changed: ColumnSet,
    /// What an updated row was.
    old: Option<Box<dyn Any + Send + Sync>>,
}

/// The hooks of some model.
trait RowHooks: Send + Sync {
    fn before(&self, db: &mut Session, row: &Watched) -> Result<()>;
    fn validate(&self, db: &Session, row: &Watched, found: &mut Vec<Rejection>);
    fn after(&self, db: &mut Session, row: &Watched) -> Result<()>;
}

struct Typed<M, H> {
    hooks: H,
    model: PhantomData<fn() -> M>,
}

/// The arena of a model, and what a hook has beside the row: different parts of the session, borrowed at once.
fn parts<'db, M: Model>(
    db: &'db mut Session,
    row: &Watched,
) -> (&'db mut Arena<M>, HookContext<'db, M>) {
    let arena = Session::typed_mut(db.arenas[row.row.arena as usize].as_mut());
    let context = HookContext {
        info: &mut db.info,
        queue: &mut db.hook_queue,
        handle: Handle::from_raw(row.row),
        changed: row.changed,
    };
    (arena, context)
}

fn old<M: Model>(row: &Watched) -> Option<&M> {
    row.old.as_ref()?.downcast_ref::<M>()
}

impl<M: Model, H: Hooks<M>> RowHooks for Typed<M, H> {
    fn before(&self, db: &mut Session, row: &Watched) -> Result<()> {
        let at = row.row.index;
        let (arena, mut context) = parts::<M>(db, row);
        match row.action {
            Action::Insert => match arena.draft_mut(at) {
                Some(draft) => self.hooks.before_insert(draft, &mut context),
                None => Ok(()),
            },
            Action::Update => match (arena.row_mut(at), old(row)) {
                (Some(new), Some(old)) => self.hooks.before_update(new, old, &mut context),
                _ => Ok(()),
            },
            Action::Delete => match arena.row(at) {
                Some(row) => self.hooks.before_delete(row, &mut context),
                None => Ok(()),
            },
        }
    }

    fn validate(&self, db: &Session, row: &Watched, found: &mut Vec<Rejection>) {
        let mut problems = Problems {
            found: std::mem::take(found),
            model: PhantomData,
        };
        let arena = db.store(row.row).as_any().downcast_ref::<Arena<M>>();
        if let Some(arena) = arena {
            if let Some(draft) = arena.draft(row.row.index) {
                self.hooks.validate(draft, &mut problems);
            } else if let Some(row) = arena.row(row.row.index) {
                let draft = M::Draft::from_row(row.copy());
                self.hooks.validate(&draft, &mut problems);
            }
        }
        *found = problems.found;
    }

    fn after(&self, db: &mut Session, row: &Watched) -> Result<()> {
        let (arena, mut context) = parts::<M>(db, row);
        let Some(now) = arena.row(row.row.index) else {
            return Ok(());
        };
        match row.action {
            Action::Insert => self.hooks.after_insert(now, &mut context),
            Action::Update => match old(row) {
                Some(old) => self.hooks.after_update(now, old, &mut context),
                None => Ok(()),
            },
            Action::Delete => self.hooks.after_delete(now, &mut context),
        }
    }
}

impl Session {
    /// Runs rounds of a flush until hooks leave nothing to do. Without hooks it is one, and where `commit` says so, COMMIT goes
    /// out with it, if that may be. Whether it did.
    ///
    /// Boxed: all that a flush may do would be part of the futures of `commit` and of every query, and of the user's around them, and
    /// rustc goes only so deep to find out how large a future is.
    pub(super) fn flush_rounds(&mut self, commit: bool) -> Running<'_, bool> {
        Running::new(self.run_rounds(commit))
    }

    async fn run_rounds(&mut self, commit: bool) -> Result<bool> {
        for _ in 0..ROUNDS {
            if !self.has_changes() {
                return Ok(false);
            }
            let before = self.adds_so_far();
            let outcome = self.run_round(commit).await;
            if outcome.is_err() && self.is_ready() {
                // Nothing was sent, and the next flush runs the hooks again.
                self.forget(self.added_since(&before));
            }
            let committed = outcome?;
            if self.hooks.is_empty() {
                return Ok(committed);
            }
        }
        self.or_fail(Err(Error::invalid(format!(
            "hooks have changed something after each of {ROUNDS} rounds of one flush: they never come to an end"
        ))))
    }

    async fn run_round(&mut self, commit: bool) -> Result<bool> {
        self.each_event(|events, db| events.before_flush(db))?;
        let committed = self.flush_once(commit).await?;
        let outcome = self.each_event(|events, db| events.after_flush(db));
        self.or_fail(outcome)?;
        Ok(committed)
    }

    fn each_event(
        &mut self,
        mut call: impl FnMut(&dyn SessionEvents, &mut Session) -> Result<()>,
    ) -> Result<()> {
        if self.hooks.events.is_empty() {
            return Ok(());
        }
        let hooks = Arc::clone(&self.hooks);
        hooks
            .events
            .iter()
            .try_for_each(|events| call(events.as_ref(), self))
    }

    /// Runs the hooks before a commit. Gives what they have added; that of a hook which fails is forgotten.
    pub(super) fn before_commit(&mut self) -> Result<Vec<RawHandle>> {
        let before = self.adds_so_far();
        let outcome = self.each_event(|events, db| events.before_commit(db));
        let added = self.added_since(&before);
        match outcome {
            Ok(()) => Ok(added),
            Err(error) => {
                self.forget(added);
                Err(error)
            }
        }
    }

    pub(super) fn after_commit(&mut self) {
        let _: Result<()> = self.each_event(|events, db| {
            events.after_commit(db);
            Ok(())
        });
    }

    pub(super) fn after_rollback(&mut self) {
        let _: Result<()> = self.each_event(|events, db| {
            events.after_rollback(db);
            Ok(())
        });
    }

    pub(super) fn has_hooks(&self) -> bool {
        !self.hooks.is_empty()
    }

    pub(super) fn has_row_hooks(&self) -> bool {
        !self.hooks.rows.is_empty()
    }

    /// How many entities were added so far, by arena. Asked where there are hooks, which may add some.
    fn adds_so_far(&self) -> Vec<u64> {
        let with_hooks = self.arenas.iter().filter(|_| self.has_hooks());
        with_hooks.map(|store| store.slots().adds()).collect()
    }

    /// What was added since then, by hooks, and still waits.
    fn added_since(&self, before: &[u64]) -> Vec<RawHandle> {
        let stores = self.arenas.iter().filter(|_| self.has_hooks());
        let added = stores.enumerate().flat_map(|(number, store)| {
            let slots = store.slots();
            let since = before.get(number).copied().unwrap_or(0);
            let pending = slots.pending_since(since).into_iter();
            pending.map(|index| slots.handle(index))
        });
        added.collect()
    }

    /// Forgets what hooks have added in a flush that is given up: they run again in the next, and add it again.
    pub(super) fn forget(&mut self, added: Vec<RawHandle>) {
        for row in added {
            if self.raw_state(row) == State::Pending {
                self.doom(row);
            }
        }
    }

    /// Runs the `before_` hooks and `validate` of all rows of a flush, and finds anew what there is to do: hooks may have
    /// changed rows, and added some, which have hooks of their own. Gives the rows whose `after_` hooks are to run.
    pub(super) fn before_rows(
        &mut self,
        mut changes: ChangeSet,
    ) -> Result<(ChangeSet, Vec<Watched>)> {
        self.hook_queue.clear();
        let hooks = Arc::clone(&self.hooks);
        let mut done = HashSet::new();
        let mut found = Vec::new();
        loop {
            let mut new = self.watch(&changes);
            new.retain(|row| done.insert(row.row));
            if new.is_empty() {
                break;
            }
            for row in &new {
                for hook in hooks.of(self.table(row.row)) {
                    match hook.before(self, row) {
                        Err(Error::Validation(error)) => found.extend(error.rejections),
                        outcome => outcome?,
                    }
                }
            }
            if found.is_empty() {
                for add in std::mem::take(&mut self.hook_queue) {
                    add(self);
                }
            }
            self.follow_hand_set_keys();
            changes = self.change_set()?;
        }
        let watched = self.watch(&changes);
        for row in watched.iter().filter(|row| row.action != Action::Delete) {
            for hook in hooks.of(self.table(row.row)) {
                hook.validate(self, row, &mut found);
            }
        }
        self.hook_queue.clear();
        if found.is_empty() {
            Ok((changes, watched))
        } else {
            Err(Error::Validation(Box::new(ValidationError {
                rejections: found,
            })))
        }
    }

    /// The rows of a flush that have hooks.
    fn watch(&self, changes: &ChangeSet) -> Vec<Watched> {
        let has_hooks = |row: &RawHandle| !self.hooks.of(self.table(*row)).is_empty();
        let inserts = changes.inserts.iter().filter(|row| has_hooks(row));
        let inserts = inserts.map(|row| Watched {
            action: Action::Insert,
            row: *row,
            changed: self.store(*row).given(row.index),
            old: None,
        });
        let updates = changes.updates.iter().filter(|(row, _)| has_hooks(row));
        let updates = updates.map(|(row, changed)| Watched {
            action: Action::Update,
            row: *row,
            changed: *changed,
            old: self.store(*row).copy_before(row.index),
        });
        let gone = changes.gone();
        let deletes = gone.iter().filter(|row| has_hooks(row));
        let deletes = deletes.map(|row| Watched {
            action: Action::Delete,
            row: *row,
            changed: ColumnSet::EMPTY,
            old: None,
        });
        inserts.chain(updates).chain(deletes).collect()
    }

    /// Runs the `after_` hooks. What they want to be added waits for the next round.
    pub(super) fn after_rows(&mut self, watched: &[Watched]) -> Result<()> {
        if watched.is_empty() {
            return Ok(());
        }
        let hooks = Arc::clone(&self.hooks);
        for row in watched {
            for hook in hooks.of(self.table(row.row)) {
                let outcome = hook.after(self, row);
                self.or_fail(outcome)?;
            }
        }
        let queue: Queue = std::mem::take(&mut self.hook_queue);
        for add in queue {
            add(self);
        }
        Ok(())
    }
}
