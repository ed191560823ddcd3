//! SQLAlchemy's ORM for Rust and PostgreSQL.

pub mod error;
pub mod model;
pub mod types;

pub use error::{Error, Result};
