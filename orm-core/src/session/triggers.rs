//! What triggers make of rows that are written. `flush` asks before it sends its steps which tables have any, and gives what came back
//! to [`Rewrites`]; `execute` asks for bulk writes.
//!
//! - **Before a row is written** a trigger may change what was sent. Then all columns come back, and memory has what the database has;
//!   the engine's observers are told of it ([`Rewritten`](crate::engine::Rewritten)). Another key is an error: nobody could tell whose
//!   row it is (`matching`). Links that are not there behind their INSERT are an error, too (`shortfall`).
//! - **Beside that**, with a statement of its own, a trigger may write the row once more, which no answer tells. Then the row is stale from
//!   the start: the next load reads it, and a write from it must find the old values of what it changes, or is `Error::Stale`.

use std::collections::BTreeMap;

use bytes::BytesMut;

use super::Session;
use super::links::along;
use super::plan::{Step, StepKind};
use super::same::is_same;
use super::slots::STALE;
use super::store::Store;
use super::transaction::Phase;
use crate::engine::{Fires, Rewritten};
use crate::error::Result;
use crate::model::{ColumnSet, RawHandle, Table};
use crate::types::Raw;

impl Session {
    /// Lets steps know of the triggers that their rows meet. Asks the catalog, where the engine does not know.
    pub(super) async fn learn_triggers(&mut self, steps: &mut [Step]) -> Result<()> {
        let unknown = self.note_triggers(steps);
        if !unknown.is_empty() {
            self.ask_triggers(&unknown).await?;
            self.note_triggers(steps);
        }
        Ok(())
    }

    /// The same as far as the engine knows. Gives the tables of which it does not.
    pub(super) fn note_triggers(&self, steps: &mut [Step]) -> Vec<&'static Table> {
        let mut unknown: Vec<&'static Table> = Vec::new();
        for step in steps {
            let is_insert = match step.kind {
                StepKind::Insert | StepKind::Link => true,
                StepKind::Update | StepKind::Replace | StepKind::Close => false,
                _ => continue,
            };
            match self.engine.triggers_of(step.table) {
                Some(triggers) if is_insert => step.fires = triggers.on_insert,
                Some(triggers) => step.fires = triggers.on_update,
                None if unknown.iter().any(|table| table.id() == step.table.id()) => {}
                None => unknown.push(step.table),
            }
        }
        unknown
    }

    /// The triggers that rows of a table meet when they are updated.
    pub(super) async fn fires_on_update(&mut self, table: &'static Table) -> Result<Fires> {
        if self.engine.triggers_of(table).is_none() {
            self.ask_triggers(&[table]).await?;
        }
        let triggers = self.engine.triggers_of(table).unwrap_or_default();
        Ok(triggers.on_update)
    }

    async fn ask_triggers(&mut self, tables: &[&'static Table]) -> Result<()> {
        self.ready().await?;
        self.reserve().await?;
        if let Some(link) = self.reserved.take() {
            // Before the transaction, whose BEGIN is to travel with its first statement.
            let before = self.wait_for_begin();
            let answer = link.ask_triggers(tables).await;
            self.phase = before;
            if answer.is_ok() {
                self.reserved = Some(link);
            }
            return answer;
        }
        self.phase = Phase::Sending;
        let answer = self.open_link()?.ask_triggers(tables).await;
        self.settle(answer)
    }

    /// The epoch of rows that a step has written.
    pub(super) fn epoch_of_written(&self, step: &Step) -> u32 {
        match step.fires.beside {
            true => STALE,
            false => self.epoch,
        }
    }

    /// Lets relationships follow the foreign keys that triggers have changed, and tells observers.
    pub(super) fn follow_rewritten(&mut self, step: &Step, rewritten: Rewrites) {
        let mut all = ColumnSet::EMPTY;
        for (number, columns) in &rewritten.rows {
            for relation in along(step.table, *columns) {
                self.lead_elsewhere(step.rows[*number], relation);
            }
            all = all.union(*columns);
        }
        if rewritten.rows.is_empty() {
            return;
        }
        let names = all
            .iter()
            .map(|column| step.table.columns[column as usize].name);
        self.engine.note_rewritten(&Rewritten {
            model: step.table.model,
            table: step.table.name,
            columns: names.collect(),
            rows: rewritten.rows.len(),
        });
    }
}

/// What came back otherwise than it was sent, of a step.
pub(super) struct Rewrites {
    table: &'static Table,
    /// The columns whose values the program knows, and a trigger may have changed.
    possible: ColumnSet,
    /// The columns of each row that is another now, by its number in the step.
    rows: BTreeMap<usize, ColumnSet>,
    sent: BytesMut,
    came: BytesMut,
}

impl Rewrites {
    pub(super) fn of(step: &Step) -> Self {
        // The version is counted up by the statement itself.
        let version = step.table.version.into_iter().collect();
        let by_server = Session::made_by_server(step).union(version);
        Rewrites {
            table: step.table,
            possible: Session::returned_by(step).without(by_server),
            rows: BTreeMap::new(),
            sent: BytesMut::new(),
            came: BytesMut::new(),
        }
    }

    /// Gives a column of a row the value that came back.
    pub(super) fn write(
        &mut self,
        store: &mut dyn Store,
        (number, row): (usize, RawHandle),
        column: u16,
        value: Raw<'_>,
    ) -> Result<()> {
        if !self.possible.contains(column) {
            return store.write(row.index, column, value);
        }
        let sent = encoded(store, row, column, &mut self.sent);
        if sent == value.bytes {
            return Ok(());
        }
        store.write(row.index, column, value)?;
        let came = encoded(store, row, column, &mut self.came);
        if !is_same(&self.table.columns[column as usize], sent, came) {
            self.rows.entry(number).or_default().insert(column);
        }
        Ok(())
    }
}

/// The binary form of a value; `None` is NULL.
fn encoded<'b>(
    store: &dyn Store,
    row: RawHandle,
    column: u16,
    buffer: &'b mut BytesMut,
) -> Option<&'b [u8]> {
    buffer.clear();
    store
        .encode(row.index, column, buffer)
        .then_some(&buffer[..])
}
