//! [`NPlusOne`]: the warning that a loop reads row by row what one statement could read. Sessions count, observers are told.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use super::observe::Observer;

/// A loop that sends a statement for each row: what [`EngineBuilder::warn_n_plus_one`](super::EngineBuilder::warn_n_plus_one)
/// warns of. `Display` is the warning, with the fix.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NPlusOne {
    /// The model whose rows are read one by one, or whose relationship is.
    pub model: &'static str,
    /// What is called in the loop.
    pub call: NPlusOneCall,
    /// Where it is called.
    pub at: &'static Location<'static>,
    /// How many statements this place has sent in the transaction by now.
    pub count: usize,
    /// What to write instead.
    pub fix: String,
}

/// A call that sends a statement for one row.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum NPlusOneCall {
    /// `db.get`.
    Get,
    /// `db.refresh` of one entity.
    Refresh,
    /// `db.load` of one entity, and the relationship.
    Load(&'static str),
    /// A query, and its SQL.
    Query(String),
}

impl fmt::Display for NPlusOne {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (model, count, at) = (self.model, self.count, self.at);
        match &self.call {
            NPlusOneCall::Get => write!(f, "N+1: `db.get::<{model}>` at {at} has read one row"),
            NPlusOneCall::Refresh => {
                write!(f, "N+1: `db.refresh` at {at} has read one row of `{model}`")
            }
            NPlusOneCall::Load(relationship) => write!(
                f,
                "N+1: `db.load` at {at} has loaded `{model}::{relationship}` for one row"
            ),
            NPlusOneCall::Query(_) => write!(
                f,
                "N+1: the query for `{model}` at {at} has asked for a part of the rows"
            ),
        }?;
        write!(
            f,
            " at a time, {count} times in this transaction; {}",
            self.fix
        )
    }
}

/// Tells `tracing` and every observer.
pub(super) fn publish(observers: &[Arc<dyn Observer>], warning: &NPlusOne) {
    tracing::warn!(target: "orm_core::n_plus_one", "{warning}");
    for observer in observers {
        observer.n_plus_one(warning);
    }
}
