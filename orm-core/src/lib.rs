//! SQLAlchemy's ORM for Rust and PostgreSQL.

pub mod engine;
pub mod error;
pub mod expr;
pub mod model;
pub mod query;
#[cfg(feature = "testing")]
pub mod testing;
pub mod types;

pub use engine::Engine;
pub use error::{Error, Result};
