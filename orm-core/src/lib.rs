//! SQLAlchemy's ORM for Rust and PostgreSQL.

pub mod error;
pub mod expr;
pub mod model;
#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
pub mod query;
pub mod session;
pub mod types;

pub use error::{Error, Result};
#[cfg(feature = "derive")]
pub use orm_derive::{Changes, DbEnum, FromRow, Model};

/// What a file with models wants.
pub mod prelude {
    #[cfg(feature = "derive")]
    pub use crate::{Changes, DbEnum, FromRow, Model};
}
