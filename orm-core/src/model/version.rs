//! [`Version`]: what a column for optimistic locking may hold. Called by the code that the derive writes for
//! `#[orm(version)]`, and by the session's UPDATE.

use super::Table;
use crate::types::SqlType;

/// A type that a `#[orm(version)]` column may have. SQLAlchemy: `version_id_col`, `version_id_generator`.
///
/// | type | a new row has | an UPDATE sets it to |
/// | --- | --- | --- |
/// | `i32`, `i64` | 1 | one more |
/// | `Uuid` (feature `uuid`) | a random one | another random one, made by the server |
/// | `DateTime<Utc>` (feature `chrono`) | the time | the server's time, and always later than before |
///
/// The values of the last two come back with the UPDATE, by RETURNING.
///
/// ```
/// use orm_core::model::{Model as _, Version};
/// use orm_core::prelude::*;
///
/// #[derive(Model, Clone)]
/// #[orm(table = "accounts")]
/// struct Account {
///     #[orm(primary_key)]
///     id: i32,
///     balance: i64,
///     #[orm(version)]
///     version: i32,
/// }
///
/// assert_eq!(Account::TABLE.version, Some(2));
/// assert_eq!(i32::first(), 1);
/// ```
#[diagnostic::on_unimplemented(
    message = "a `{Self}` cannot be a version",
    label = "a version is an `i32`, an `i64`, a `Uuid` or a `DateTime<Utc>`"
)]
pub trait Version: SqlType {
    /// The version of a new row.
    fn first() -> Self;
}

impl Version for i32 {
    fn first() -> Self {
        1
    }
}

impl Version for i64 {
    fn first() -> Self {
        1
    }
}

#[cfg(feature = "uuid")]
impl Version for uuid::Uuid {
    fn first() -> Self {
        uuid::Uuid::new_v4()
    }
}

#[cfg(feature = "chrono")]
impl Version for chrono::DateTime<chrono::Utc> {
    /// PostgreSQL knows microseconds.
    fn first() -> Self {
        chrono::SubsecRound::trunc_subsecs(chrono::Utc::now(), 6)
    }
}

/// How an UPDATE makes the next version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NextVersion {
    /// One more: whoever knows the old one knows the new one.
    Counted,
    /// A random uuid, which the server makes.
    Random,
    /// The server's time.
    Time,
}

impl NextVersion {
    /// Of the version column of a table; `None` where there is none.
    pub(crate) fn of(table: &Table) -> Option<(u16, NextVersion)> {
        let column = table.version?;
        let next = match table.columns[column as usize].ty.name {
            "uuid" => NextVersion::Random,
            "timestamptz" => NextVersion::Time,
            _ => NextVersion::Counted,
        };
        Some((column, next))
    }
}
