//! From what the driver reports to an [`Error`]. Called by the engine, which knows the statement.

use tokio_postgres::error::{DbError, ErrorPosition, SqlState};

use super::{ConstraintError, ConstraintKind, Error, QueryError};

impl Error {
    /// The error of a statement: a violated constraint, a lost transaction, a lost connection or a refused statement.
    pub(crate) fn from_statement(error: tokio_postgres::Error, sql: &str) -> Error {
        let Some(db) = error.as_db_error() else {
            return if error.is_closed() {
                Error::Connection {
                    what: "the connection to PostgreSQL is closed".to_owned(),
                    source: Some(Box::new(error)),
                }
            } else if std::error::Error::source(&error)
                .is_some_and(|source| source.is::<std::io::Error>())
            {
                Error::Connection {
                    what: "the connection to PostgreSQL was lost".to_owned(),
                    source: Some(Box::new(error)),
                }
            } else {
                // The driver's own refusals: a parameter that does not fit, a result that cannot be read.
                let message = match std::error::Error::source(&error) {
                    Some(source) => format!("{error}: {source}"),
                    None => error.to_string(),
                };
                Error::Query(Box::new(QueryError {
                    message,
                    code: None,
                    detail: None,
                    sql: sql.to_owned(),
                    position: None,
                }))
            };
        };
        from_server(db, sql)
    }
}

fn from_server(db: &DbError, sql: &str) -> Error {
    let code = db.code();
    let constraint = |kind| {
        Error::Constraint(Box::new(ConstraintError {
            kind,
            table: db.table().unwrap_or_default().to_owned(),
            constraint: db.constraint().unwrap_or_default().to_owned(),
            columns: columns(db),
            detail: db.detail().map(str::to_owned),
        }))
    };
    match *code {
        SqlState::UNIQUE_VIOLATION => constraint(ConstraintKind::Unique),
        SqlState::FOREIGN_KEY_VIOLATION | SqlState::RESTRICT_VIOLATION => {
            constraint(ConstraintKind::ForeignKey)
        }
        SqlState::NOT_NULL_VIOLATION => constraint(ConstraintKind::NotNull),
        SqlState::CHECK_VIOLATION => constraint(ConstraintKind::Check),
        SqlState::EXCLUSION_VIOLATION => constraint(ConstraintKind::Exclusion),
        SqlState::T_R_SERIALIZATION_FAILURE | SqlState::T_R_DEADLOCK_DETECTED => Error::Retryable {
            code: code.code().to_owned(),
            message: db.message().to_owned(),
        },
        SqlState::QUERY_CANCELED | SqlState::LOCK_NOT_AVAILABLE => Error::Timeout {
            what: db.message().to_owned(),
        },
        SqlState::ADMIN_SHUTDOWN | SqlState::CRASH_SHUTDOWN | SqlState::CANNOT_CONNECT_NOW => {
            Error::connection(format!(
                "PostgreSQL closed the connection: {}",
                db.message()
            ))
        }
        _ => Error::Query(Box::new(QueryError {
            message: db.message().to_owned(),
            code: Some(code.code().to_owned()),
            detail: db.hint().map(str::to_owned),
            sql: sql.to_owned(),
            position: match db.position() {
                Some(ErrorPosition::Original(at)) => Some(*at),
                _ => None,
            },
        })),
    }
}

/// The columns of a violated key stand in the detail's first brackets, `Key (a, b)=(1, 2) already exists.`, and
/// nowhere else. Only the names are taken from it.
fn columns(db: &DbError) -> Vec<String> {
    if let Some(column) = db.column() {
        return vec![column.to_owned()];
    }
    let names = db
        .detail()
        .and_then(|detail| detail.strip_prefix("Key ("))
        .and_then(|rest| rest.split_once(")=("))
        .map(|(names, _)| names);
    names.map_or_else(Vec::new, |names| {
        names
            .split(", ")
            .map(|name| name.trim_matches('"').to_owned())
            .collect()
    })
}
