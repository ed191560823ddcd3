//! [`Error`]: everything that can go wrong, as one enum that users can match on.
//!
//! One type, because a unit of work mixes every kind: a `commit` can meet a constraint, a stale row or a lost connection,
//! and a service answers each of them differently. A message says what was being done, on which table and column, and
//! what to do about it. Values of rows stand in no message.
//!
//! | file | what it is |
//! | --- | --- |
//! | `constraint` | [`ConstraintError`]: a violated constraint, named |
//! | `validation` | [`ValidationError`]: rows that hooks rejected and JSON that does not fit, field by field |
//! | `postgres` | from what the driver reports to the variants here |

mod constraint;
mod postgres;
mod validation;

use std::fmt;

pub use constraint::{ConstraintError, ConstraintKind};
pub use validation::{Rejection, ValidationError};

/// `Result` with this crate's [`Error`].
///
/// ```
/// fn port(setting: &str) -> orm_core::Result<u16> {
///     setting.parse().map_err(|_| orm_core::Error::config("the port is no number"))
/// }
/// assert_eq!(port("five").unwrap_err().to_string(), "the port is no number");
/// ```
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Everything that can go wrong.
///
/// ```
/// use orm_core::Error;
///
/// fn status(error: &Error) -> u16 {
///     match error {
///         Error::NotFound { .. } => 404,
///         Error::Constraint(_) | Error::Stale { .. } => 409,
///         _ => 500,
///     }
/// }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// A query that must give a row gave none. SQLAlchemy: `NoResultFound`.
    NotFound {
        /// What was looked for.
        what: String,
    },
    /// A query that must give one row gave several. SQLAlchemy: `MultipleResultsFound`.
    MultipleFound {
        /// What was looked for.
        what: String,
    },
    /// A constraint of the database was violated. SQLAlchemy: `IntegrityError`.
    Constraint(Box<ConstraintError>),
    /// Rows that a flush wanted to change are not as they were when they were read, or are gone.
    /// SQLAlchemy: `StaleDataError`.
    Stale {
        /// The table.
        table: &'static str,
        /// `UPDATE`, `DELETE` or `INSERT`; `merge` for values of another version, of which nothing was sent.
        action: &'static str,
        /// How many rows the statement was sent for.
        expected: u64,
        /// How many of them it changed.
        changed: u64,
        /// The others, as messages and debug views call them: `Book#0`. Empty where that cannot be told: behind a savepoint,
        /// and where this transaction had changed them before.
        rows: Vec<String>,
    },
    /// A relationship was read that has not been loaded. SQLAlchemy would load it behind your back, or raise
    /// `MissingGreenlet`.
    NotLoaded {
        /// The model that the relationship starts at.
        model: &'static str,
        /// The constant's name: `ORDERS`.
        relationship: &'static str,
    },
    /// A handle names no entity of this session: it was expunged, deleted, rolled back, or belongs to another session.
    /// SQLAlchemy: `DetachedInstanceError`.
    Detached {
        /// The model that the handle is of.
        model: &'static str,
        /// What became of the entity.
        why: &'static str,
    },
    /// The entity was added and has not been flushed, so it has no row to read yet.
    /// SQLAlchemy gives the attributes that were set.
    Pending {
        /// The model that the handle is of.
        model: &'static str,
    },
    /// An earlier failure ended the transaction, and the session waits for `rollback()`.
    /// SQLAlchemy: `PendingRollbackError`.
    RollbackRequired {
        /// What failed first.
        cause: String,
    },
    /// The transaction may succeed when it is run again: it lost against another one (a serialization failure or a
    /// deadlock), or a table was altered under its prepared statements. SQLAlchemy: `OperationalError`.
    Retryable {
        /// The SQLSTATE: 40001, 40P01, or 0A000 for an altered table.
        code: String,
        /// What the server said.
        message: String,
    },
    /// Something took longer than it was allowed to.
    /// SQLAlchemy: `TimeoutError` of the pool, `OperationalError` of a statement or a lock.
    Timeout {
        /// What was waited for, and how long.
        what: String,
    },
    /// The server cannot be reached, or the connection was lost. SQLAlchemy: `OperationalError`.
    Connection {
        /// What was being done, and with which server. Never a password.
        what: String,
        /// What the driver reported.
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// A value in a row cannot become the Rust type of its field.
    Decode {
        /// The table, or the query's word for its source.
        table: String,
        /// The column.
        column: String,
        /// What is wrong.
        why: String,
    },
    /// The server refused a statement. SQLAlchemy: `ProgrammingError`, `DataError`.
    Query(Box<QueryError>),
    /// Rows that refer to one another in a ring cannot be written in any order.
    /// SQLAlchemy: `CircularDependencyError`.
    Cycle {
        /// The rows and the foreign keys that close the ring.
        what: String,
    },
    /// Hooks rejected rows of a flush before anything was sent, or a JSON document does not fit: which fields, and why. Put
    /// them right and try again. SQLAlchemy: what `@validates` and `before_flush` raise; pydantic: `ValidationError`.
    Validation(Box<ValidationError>),
    /// Something was asked for that cannot be done, known before any statement was sent. SQLAlchemy: `InvalidRequestError`.
    Invalid {
        /// What is wrong, and what to do.
        what: String,
    },
    /// An address, an option or the environment is not as it must be. SQLAlchemy: `ArgumentError`.
    Config {
        /// What is wrong, and what to do.
        what: String,
    },
}

/// A statement that the server refused, or that could not be sent to it.
///
/// ```
#[doc = include_str!("guide/shop.txt")]
/// use orm_core::{Error, engine::sql};
///
/// let wrong = sql("SELECT prize FROM products").all::<(i32,)>(&mut db).await;
/// let Err(Error::Query(refused)) = wrong else { unreachable!() };
/// assert_eq!(refused.message, r#"column "prize" does not exist"#);
/// assert_eq!((refused.code.as_deref(), refused.position), (Some("42703"), Some(8)));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct QueryError {
    /// What the server said.
    pub message: String,
    /// The SQLSTATE, where the server sent one.
    pub code: Option<String>,
    /// What the server advises.
    pub hint: Option<String>,
    /// The statement, without its values.
    pub sql: String,
    /// Where in the statement the server found the mistake, counted in characters from 1.
    pub position: Option<u32>,
}

impl Error {
    /// An [`Error::Config`].
    ///
    /// ```
    /// use orm_core::Error;
    ///
    /// let error = Error::config("SHOP_URL is not set");
    /// assert_eq!(error.to_string(), "SHOP_URL is not set");
    /// ```
    pub fn config(what: impl Into<String>) -> Self {
        Error::Config { what: what.into() }
    }

    /// An [`Error::Connection`] without a source.
    ///
    /// ```
    /// use orm_core::Error;
    ///
    /// assert!(matches!(Error::connection("the mail server is away"), Error::Connection { source: None, .. }));
    /// ```
    pub fn connection(what: impl Into<String>) -> Self {
        Error::Connection {
            what: what.into(),
            source: None,
        }
    }

    /// An [`Error::Invalid`].
    ///
    /// ```
    /// use orm_core::Error;
    ///
    /// // In a hook, say.
    /// let error = Error::invalid("orders cannot be changed on Sundays");
    /// assert!(matches!(error, Error::Invalid { .. }));
    /// ```
    pub fn invalid(what: impl Into<String>) -> Self {
        Error::Invalid { what: what.into() }
    }

    /// Whether running the same transaction again may succeed: serialization failures, deadlocks, altered tables.
    ///
    /// ```
    /// use orm_core::Error;
    ///
    /// let lost = Error::Retryable { code: "40P01".to_owned(), message: "deadlock detected".to_owned() };
    /// assert!(lost.is_retryable()); // the whole transaction, again
    /// ```
    pub fn is_retryable(&self) -> bool {
        matches!(self, Error::Retryable { .. })
    }

    /// Whether a unique constraint or a primary key was violated: the row is there already.
    ///
    /// ```
    #[doc = include_str!("guide/shop.txt")]
    /// let error = db.insert(Tag::create().word("new")).await.unwrap_err();
    /// assert!(error.is_unique_violation());
    /// # Ok(())
    /// # }
    /// ```
    pub fn is_unique_violation(&self) -> bool {
        self.constraint()
            .is_some_and(|violation| violation.kind == ConstraintKind::Unique)
    }

    /// Whether a foreign key was violated.
    ///
    /// ```
    #[doc = include_str!("guide/shop.txt")]
    /// let error = db.insert(Order::create().user_id(99)).await.unwrap_err();
    /// assert!(error.is_foreign_key_violation());
    /// # Ok(())
    /// # }
    /// ```
    pub fn is_foreign_key_violation(&self) -> bool {
        self.constraint()
            .is_some_and(|violation| violation.kind == ConstraintKind::ForeignKey)
    }

    /// What hooks rejected or does not fit, field by field, if that is what went wrong.
    ///
    /// ```
    #[doc = include_str!("guide/shop.txt")]
    /// use orm_core::session::JsonShape;
    ///
    /// let shape = JsonShape::new().allow(Tag::WORD);
    /// let error = db.add_json(&shape, &serde_json::json!({"word": 7})).await.unwrap_err();
    /// let problem = &error.validation().expect("it does not fit").rejections[0];
    /// assert_eq!(problem.message, "must be a string, and is a number");
    /// # Ok(())
    /// # }
    /// ```
    pub fn validation(&self) -> Option<&ValidationError> {
        match self {
            Error::Validation(error) => Some(error),
            _ => None,
        }
    }

    /// The violated constraint, if that is what went wrong.
    ///
    /// ```
    #[doc = include_str!("guide/shop.txt")]
    /// let error = db.insert(Tag::create().word("new")).await.unwrap_err();
    /// let violation = error.constraint().expect("the word is there");
    /// assert_eq!(violation.constraint, "tags_word_key");
    /// # Ok(())
    /// # }
    /// ```
    pub fn constraint(&self) -> Option<&ConstraintError> {
        match self {
            Error::Constraint(violation) => Some(violation),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::NotFound { what } => write!(f, "no row found: {what}"),
            Error::MultipleFound { what } => write!(f, "more than one row found: {what}"),
            Error::Constraint(violation) => violation.fmt(f),
            Error::Stale {
                table,
                action: "merge",
                expected,
                changed,
                rows,
            } => write!(
                f,
                "of {expected} value(s) that were to be merged into `{table}`, {} have another version than the row: it was \
                 changed since they were read{}; read the rows again and decide again",
                expected - changed,
                named(rows)
            ),
            Error::Stale {
                table,
                action: "INSERT",
                expected,
                changed,
                rows,
            } => write!(
                f,
                "INSERT of `{table}` was sent for {expected} row(s) and wrote {changed}: a trigger or a rule of the table has kept \
                 the others from being written{}; roll back, and change the rows or the trigger",
                named(rows)
            ),
            Error::Stale {
                table,
                action,
                expected,
                changed,
                rows,
            } => write!(
                f,
                "{action} of `{table}` was sent for {expected} row(s) and changed {changed}: the others were changed or \
                 deleted since they were read{}; roll back, read them again and decide again",
                named(rows)
            ),
            Error::NotLoaded {
                model,
                relationship,
            } => write!(
                f,
                "`{model}::{relationship}` is not loaded: ask for it with `.with({model}::{relationship})` in the query, \
                 or with `db.load(handle, {model}::{relationship}).await?` before reading it"
            ),
            Error::Detached { model, why } => {
                write!(f, "this handle names no `{model}` of this session: {why}")
            }
            Error::Pending { model } => write!(
                f,
                "this `{model}` was added but not flushed: `flush().await?` first, or read `draft(handle)`"
            ),
            Error::RollbackRequired { cause } => write!(
                f,
                "the transaction has ended with an error, and the session waits for `rollback().await?`; \
                 what failed first: {cause}"
            ),
            Error::Retryable { code, message } => write!(
                f,
                "the transaction was not completed and may be run again (SQLSTATE {code}): {message}"
            ),
            Error::Timeout { what } => write!(f, "timed out: {what}"),
            Error::Decode { table, column, why } => {
                write!(f, "column `{column}` of `{table}` cannot be read: {why}")
            }
            Error::Query(error) => error.fmt(f),
            Error::Validation(error) => error.fmt(f),
            Error::Connection { what, .. }
            | Error::Cycle { what }
            | Error::Invalid { what }
            | Error::Config { what } => f.write_str(what),
        }
    }
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.code {
            Some(code) => write!(f, "PostgreSQL refused a statement (SQLSTATE {code})")?,
            // The driver found it, not the server.
            None => f.write_str("a statement cannot be run")?,
        }
        write!(f, ": {}", self.message)?;
        if let Some(hint) = &self.hint {
            write!(f, " (hint: {hint})")?;
        }
        write!(f, "\n  statement: {}", shortened(&self.sql, 2000))?;
        if let Some(position) = self.position {
            let (excerpt, caret) = around(&self.sql, position as usize);
            write!(
                f,
                "\n  at character {position}:\n    {excerpt}\n    {:caret$}^",
                ""
            )?;
        }
        Ok(())
    }
}

/// `: Book#0, Book#2`, and nothing of none.
fn named(rows: &[String]) -> String {
    const SHOWN: usize = 10;
    let Some(more) = rows.len().checked_sub(1) else {
        return String::new();
    };
    let shown = rows[..=more.min(SHOWN - 1)].join(", ");
    match rows.len().saturating_sub(SHOWN) {
        0 => format!(": {shown}"),
        more => format!(": {shown} and {more} more"),
    }
}

/// The part of a statement around a character, counted from 1, on one line; and the place of the character in it.
fn around(sql: &str, position: usize) -> (String, usize) {
    const BEFORE: usize = 40;
    const BEHIND: usize = 40;
    let at = position.saturating_sub(1);
    let start = at.saturating_sub(BEFORE);
    let one_line = |c: char| if c.is_control() { ' ' } else { c };
    let shown = sql.chars().skip(start).take(at - start + BEHIND);
    let mut excerpt = if start > 0 {
        "..".to_owned()
    } else {
        String::new()
    };
    let caret = excerpt.len() + at - start;
    excerpt.extend(shown.map(one_line));
    if sql.chars().count() > at + BEHIND {
        excerpt.push_str("..");
    }
    (excerpt, caret)
}

/// The beginning of a text that is too long to print.
fn shortened(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        Some((end, _)) => format!("{} ..", &text[..end]),
        None => text.to_owned(),
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Connection {
                source: Some(source),
                ..
            } => Some(source.as_ref()),
            _ => None,
        }
    }
}
