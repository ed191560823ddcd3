//! SQLAlchemy's ORM for Rust and PostgreSQL.

pub mod engine;
pub mod error;
pub mod expr;
pub mod model;
pub mod query;
pub mod types;

pub use error::{Error, Result};
