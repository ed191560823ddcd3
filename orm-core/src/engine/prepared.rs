//! Prepared statements: each connection keeps those it has prepared, so that the next use is one round trip. Called by
//! `link` before every statement that has parameters or rows.

use deadpool_postgres::ClientWrapper;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::Type;

use crate::error::Error;
use crate::query::Statement;

/// How many a connection keeps before it forgets them all and begins anew. Programs have some hundred statements; those
/// that make texts without end should cost the server's memory no more than this.
pub(super) const KEPT: usize = 500;

/// How often the count is taken: it costs a walk through the cache.
const COUNTED_EVERY: u32 = 128;

/// The types to announce for a statement's parameters.
fn types(statement: &Statement) -> Vec<Type> {
    statement.params.iter().map(|p| p.declared_type()).collect()
}

/// The prepared form of a statement: from the cache, or from the server in one round trip.
pub(super) async fn prepare(
    client: &ClientWrapper,
    statement: &Statement,
    cached: bool,
) -> Result<tokio_postgres::Statement, tokio_postgres::Error> {
    let types = types(statement);
    if cached {
        client.prepare_typed_cached(&statement.sql, &types).await
    } else {
        client.prepare_typed(&statement.sql, &types).await
    }
}

/// Keeps the cache from growing without end. `sent` is the number of statements that the link has sent so far.
pub(super) fn bound(client: &ClientWrapper, sent: u32) {
    if sent.is_multiple_of(COUNTED_EVERY) && client.statement_cache.size() > KEPT {
        client.statement_cache.clear();
    }
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
pub(super) fn forget(client: &ClientWrapper) {
    client.statement_cache.clear();
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
