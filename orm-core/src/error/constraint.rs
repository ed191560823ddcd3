//! [`ConstraintError`]: which constraint of which table was violated. Made by `postgres.rs` from the server's report.

use std::fmt;

/// A violated constraint, as the server names it. Values of rows stand in [`detail`](ConstraintError::detail) alone, which neither
/// `Display` nor `Debug` shows, so that an error can be logged:
///
/// ```
/// use orm_core::error::{ConstraintError, ConstraintKind};
///
/// let error = ConstraintError {
///     kind: ConstraintKind::Unique,
///     table: "users".to_owned(),
///     constraint: "users_email_key".to_owned(),
///     columns: vec!["email".to_owned()],
///     row: None,
///     detail: Some("Key (email)=(ann@example.com) already exists.".to_owned()),
/// };
/// assert!(!format!("{error} {error:?}").contains("ann@"));
/// assert!(error.detail.unwrap().contains("ann@")); // asked for
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ConstraintError {
    /// What kind of constraint it is.
    pub kind: ConstraintKind,
    /// The table that holds it.
    pub table: String,
    /// Its name in the database; empty for NOT NULL.
    pub constraint: String,
    /// The columns that the server names: the one of a NOT NULL, those of a unique or foreign key.
    pub columns: Vec<String>,
    /// The number of the row, from 1, where it was one of a COPY and the server says which.
    pub row: Option<u64>,
    /// The server's detail, which contains values of the row: shown by nothing in this crate, `Debug` included, here for those
    /// who ask.
    pub detail: Option<String>,
}

/// The kinds of constraints.
///
/// ```
/// use orm_core::error::{ConstraintError, ConstraintKind};
///
/// fn answer(violation: &ConstraintError) -> &'static str {
///     match violation.kind {
///         ConstraintKind::Unique => "there is one already",
///         ConstraintKind::ForeignKey => "it is still in use, or refers to nothing",
///         _ => "that is not allowed",
///     }
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConstraintKind {
    /// UNIQUE or PRIMARY KEY.
    Unique,
    /// FOREIGN KEY.
    ForeignKey,
    /// NOT NULL.
    NotNull,
    /// CHECK.
    Check,
    /// EXCLUDE.
    Exclusion,
}

/// All but the detail, of which it says no more than whether there is one: `Debug` is what `unwrap` and `{error:?}` in a log print.
impl fmt::Debug for ConstraintError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let detail = self.detail.as_ref().map(|_| format_args!("(hidden)"));
        f.debug_struct("ConstraintError")
            .field("kind", &self.kind)
            .field("table", &self.table)
            .field("constraint", &self.constraint)
            .field("columns", &self.columns)
            .field("row", &self.row)
            .field("detail", &detail)
            .finish()
    }
}

impl fmt::Display for ConstraintError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = self.columns.join(", ");
        let of = if columns.is_empty() {
            String::new()
        } else {
            format!(" ({columns})")
        };
        let ConstraintError {
            table, constraint, ..
        } = self;
        if let Some(row) = self.row {
            write!(f, "row {row} of the COPY: ")?;
        }
        match self.kind {
            ConstraintKind::Unique => write!(
                f,
                "another row of `{table}` has the same value{of}: unique constraint `{constraint}`"
            ),
            ConstraintKind::ForeignKey => write!(
                f,
                "a foreign key of `{table}`{of} would point at no row: constraint `{constraint}`; add what it refers to \
                 first, or delete what refers to it first"
            ),
            ConstraintKind::NotNull => {
                write!(
                    f,
                    "column{of} of `{table}` must not be NULL: give it a value"
                )
            }
            ConstraintKind::Check => write!(
                f,
                "a value in `{table}` is outside of what check constraint `{constraint}` allows"
            ),
            ConstraintKind::Exclusion => write!(
                f,
                "a row of `{table}` overlaps another one: exclusion constraint `{constraint}`"
            ),
        }
    }
}
