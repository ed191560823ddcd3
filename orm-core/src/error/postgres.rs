//! From what the driver reports to an [`Error`]. Called by the engine, which knows the statement.

use tokio_postgres::error::{DbError, ErrorPosition, Severity, SqlState};

use super::{ConstraintError, ConstraintKind, Error, QueryError, shortened};

impl Error {
    /// The error of a statement: a violated constraint, a lost transaction, a lost connection or a refused statement.
    /// `server` names host and database.
    pub(crate) fn from_statement(
        error: tokio_postgres::Error,
        sql: &str,
        server: &dyn std::fmt::Display,
    ) -> Error {
        if let Some(db) = error.as_db_error() {
            return from_server(db, sql, server);
        }
        if Error::is_connection_lost(&error) {
            let why = match std::error::Error::source(&error) {
                Some(source) => format!(": {source}"),
                None => String::new(),
            };
            return Error::Connection {
                what: format!("the connection to {server} was lost{why}"),
                source: Some(Box::new(error)),
            };
        }
        // The driver's own refusals: a parameter that does not fit, a result that cannot be read.
        let message = match std::error::Error::source(&error) {
            Some(source) => format!("{}: {source}", counted_from_one(&error.to_string())),
            None => error.to_string(),
        };
        Error::Query(Box::new(QueryError {
            message,
            code: None,
            hint: None,
            sql: sql.to_owned(),
            position: None,
        }))
    }

    /// Whether the driver reports that the connection is gone.
    pub(crate) fn is_connection_lost(error: &tokio_postgres::Error) -> bool {
        error.is_closed()
            || std::error::Error::source(error).is_some_and(|source| source.is::<std::io::Error>())
    }

    /// What a statement meets in a transaction in which another one has failed.
    pub(crate) fn after_failure() -> Error {
        Error::RollbackRequired {
            cause: "a statement of this transaction failed, or was given up by dropping its future"
                .to_owned(),
        }
    }
}

/// The driver counts parameters from 0, SQL from 1.
fn counted_from_one(said: &str) -> String {
    match said
        .strip_prefix("error serializing parameter ")
        .and_then(|number| number.parse::<usize>().ok())
    {
        Some(at) => format!("parameter ${} does not fit", at + 1),
        None => said.to_owned(),
    }
}

fn from_server(db: &DbError, sql: &str, server: &dyn std::fmt::Display) -> Error {
    let code = db.code();
    let constraint = |kind| {
        Error::Constraint(Box::new(ConstraintError {
            kind,
            table: db.table().unwrap_or_default().to_owned(),
            constraint: db.constraint().unwrap_or_default().to_owned(),
            columns: columns(db),
            row: copied_row(db).map(|(row, _)| row),
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
            message: with_statement(db, sql),
        },
        SqlState::QUERY_CANCELED | SqlState::LOCK_NOT_AVAILABLE => Error::Timeout {
            what: with_statement(db, sql),
        },
        SqlState::IN_FAILED_SQL_TRANSACTION => Error::after_failure(),
        _ if matches!(
            db.parsed_severity(),
            Some(Severity::Fatal | Severity::Panic)
        ) =>
        {
            Error::connection(format!(
                "{server} closed the connection: {} (SQLSTATE {})",
                db.message(),
                code.code()
            ))
        }
        _ => Error::Query(Box::new(QueryError {
            message: match copied_row(db) {
                None => without_values(db),
                Some((row, None)) => format!("row {row}: {}", without_values(db)),
                Some((row, Some(column))) => {
                    format!("row {row}, column `{column}`: {}", without_values(db))
                }
            },
            code: Some(code.code().to_owned()),
            hint: db.hint().map(str::to_owned),
            sql: sql.to_owned(),
            position: match db.position() {
                Some(ErrorPosition::Original(at)) => Some(*at),
                _ => None,
            },
        })),
    }
}

fn with_statement(db: &DbError, sql: &str) -> String {
    format!("{}\n  statement: {}", db.message(), shortened(sql, 2000))
}

fn without_values(db: &DbError) -> String {
    match db.code().code() {
        code if code.starts_with("22") => without_quoted(db.message()),
        _ => db.message().to_owned(),
    }
}

/// The messages of class 22, data exceptions, repeat the value between quotes: `invalid input syntax for type integer: "abc"`.
/// It is left out here. A server that speaks another language (`lc_messages`) has its quotes.
fn without_quoted(message: &str) -> String {
    const QUOTES: [char; 8] = [
        '"', '\u{ab}', '\u{bb}', '\u{201e}', '\u{201c}', '\u{201d}', '\u{300c}', '\u{300d}',
    ];
    match (message.find(QUOTES), message.rmatch_indices(QUOTES).next()) {
        (Some(first), Some((last, quote))) if first < last => {
            format!(
                "{}\"..\"{}",
                &message[..first],
                &message[last + quote.len()..]
            )
        }
        _ => message.to_owned(),
    }
}

/// The row of a COPY that the server met an error at, and the column, if it was there already: `COPY products, line 17,
/// column price` in the report's context.
fn copied_row(db: &DbError) -> Option<(u64, Option<&str>)> {
    let mut lines = db.where_()?.lines();
    let place =
        lines.find_map(|line| Some(line.strip_prefix("COPY ")?.split_once(", line ")?.1))?;
    let digits = place.bytes().take_while(u8::is_ascii_digit).count();
    let (row, rest) = place.split_at(digits);
    Some((row.parse().ok()?, rest.strip_prefix(", column ")))
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

#[cfg(test)]
mod tests {
    use super::without_quoted;

    #[test]
    fn quoted_values_are_left_out_in_every_language() {
        for (said, shown) in [
            (
                "invalid input syntax for type integer: \"a\"b\"",
                "invalid input syntax for type integer: \"..\"",
            ),
            (
                "ung\u{fc}ltige Eingabesyntax f\u{fc}r Typ integer: \u{bb}abc\u{ab}",
                "ung\u{fc}ltige Eingabesyntax f\u{fc}r Typ integer: \"..\"",
            ),
            (
                "value \"9\" is out of range for type integer",
                "value \"..\" is out of range for type integer",
            ),
            ("division by zero", "division by zero"),
        ] {
            assert_eq!(without_quoted(said), shown);
        }
    }
}
