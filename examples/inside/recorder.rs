//! [`Recorder`]: an observer, which keeps what was sent and what came back until somebody takes it.

use std::sync::{Arc, Mutex, PoisonError};

use orm_core::engine::{Observer, StatementEvent};

/// One statement and its answer, as text.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) sql: String,
    /// The values of `$1`, `$2` ..
    pub(crate) params: Vec<String>,
    /// How many rows came back or were changed, where that is known.
    pub(crate) count: Option<u64>,
    /// The names of the columns that came back; none where nothing did.
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
    /// How often the server was waited for. 0: it travelled with the statement before it.
    pub(crate) round_trips: u32,
}

/// Clones share what is recorded.
#[derive(Clone, Default)]
pub(crate) struct Recorder(Arc<Mutex<Vec<Sent>>>);

impl Recorder {
    /// What was sent since the last look.
    pub(crate) fn take(&self) -> Vec<Sent> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Observer for Recorder {
    fn statement(&self, event: &StatementEvent<'_>) {
        let first = event.answer.first();
        let columns = first.map_or(0..0, |row| 0..row.len());
        let sent = Sent {
            sql: event.sql.to_owned(),
            params: event.params.iter().map(|param| param.show()).collect(),
            count: event.rows,
            columns: (columns.clone())
                .filter_map(|at| first.map(|row| row.name(at).to_owned()))
                .collect(),
            rows: (event.answer.iter())
                .map(|row| columns.clone().map(|at| row.raw(at).show()).collect())
                .collect(),
            round_trips: event.round_trips,
        };
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(sent);
    }
}
