//! Prepared statements: each connection keeps those it has prepared, so that the next use is one round trip. Called by
//! `link` before every statement that has parameters or rows.
//!
//! What the renderer made is found by its shape: a number, for which neither the text nor the types of the parameters are looked
//! at. Hand-written text is found by both.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio_postgres::error::SqlState;
use tokio_postgres::types::Type;

use super::client::Client;
use crate::error::Error;
use crate::query::shape::{ByShape, Shape};
use crate::query::{SqlText, Statement};

/// How many a connection keeps before it forgets them all and begins anew. Programs have some hundred statements; those
/// that make texts without end should cost the server's memory no more than this.
const KEPT: usize = 500;

/// What is prepared on one connection. See the head of this file.
#[derive(Default)]
pub(super) struct Prepared(Mutex<Known>);

#[derive(Default)]
struct Known {
    by_text: HashMap<(SqlText, Vec<Type>), tokio_postgres::Statement>,
    /// The same by their shapes, of which a text may have several.
    by_shape: ByShape<tokio_postgres::Statement>,
}

impl Prepared {
    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn keep_text(&mut self, text: (SqlText, Vec<Type>), prepared: &tokio_postgres::Statement) {
        if self.by_text.len() >= KEPT {
            self.clear();
        }
        self.by_text.insert(text, prepared.clone());
    }

    fn keep_shape(&mut self, shape: Shape, prepared: &tokio_postgres::Statement) {
        if self.by_shape.len() >= KEPT {
            self.clear();
        }
        self.by_shape.insert(shape, prepared.clone());
    }

    fn clear(&mut self) {
        self.by_shape.clear();
        self.by_text.clear();
    }
}

/// The types to announce for a statement's parameters.
fn types(statement: &Statement) -> Vec<Type> {
    statement.params.iter().map(|p| p.declared_type()).collect()
}

/// The prepared form of a statement: what the connection has, or from the server in one round trip.
pub(super) async fn prepare(
    client: &Client,
    statement: &Statement,
) -> Result<tokio_postgres::Statement, tokio_postgres::Error> {
    let shape = statement.sql.shape();
    if let Some(shape) = shape
        && let Some(known) = client.prepared.lock().by_shape.get(&shape)
    {
        return Ok(known.clone());
    }
    let text = (statement.sql.clone(), types(statement));
    let known = client.prepared.lock().by_text.get(&text).cloned();
    let prepared = match known {
        Some(known) => known,
        None => {
            let new = client.prepare_typed(&text.0, &text.1).await?;
            client.prepared.lock().keep_text(text, &new);
            new
        }
    };
    if let Some(shape) = shape {
        client.prepared.lock().keep_shape(shape, &prepared);
    }
    Ok(prepared)
}

/// The same from the server in any case, and for this once.
pub(super) async fn prepare_anew(
    client: &Client,
    statement: &Statement,
) -> Result<tokio_postgres::Statement, tokio_postgres::Error> {
    let types = types(statement);
    client.prepare_typed(&statement.sql, &types).await
}

/// Whether a prepared statement has grown stale, so that preparing it again helps: a table's columns or a type changed
/// since, or someone sent DISCARD ALL or DEALLOCATE ALL.
pub(super) fn is_stale(error: &tokio_postgres::Error) -> bool {
    error.as_db_error().is_some_and(|db| {
        let code = db.code();
        *code == SqlState::INVALID_SQL_STATEMENT_NAME
            || (*code == SqlState::FEATURE_NOT_SUPPORTED && db.message().contains("cached plan"))
    })
}

/// Forgets everything prepared on this connection, and what the driver knows of types.
pub(super) fn forget(client: &Client) {
    client.prepared.lock().clear();
    client.clear_type_cache();
}

/// What is said of a stale statement inside a transaction, where the server takes no second try.
pub(super) fn stale_in_transaction() -> Error {
    Error::Retryable {
        code: SqlState::FEATURE_NOT_SUPPORTED.code().to_owned(),
        message: "a table or type was altered after this connection had prepared a statement about it; the statement is \
                  forgotten now, so the transaction works when it is rolled back and run again"
            .to_owned(),
    }
}
