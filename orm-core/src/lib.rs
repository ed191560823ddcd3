//! SQLAlchemy's ORM for Rust and PostgreSQL.

pub mod types;
