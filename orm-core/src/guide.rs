//! The guide: chapters to read in order, without code of their own. Every block of code in them runs, on a real PostgreSQL,
//! with the tests.
//!
//! # To use it
//!
//! | chapter | what it is for |
//! | --- | --- |
//! | [`coming_from_sqlalchemy`] | for those who know SQLAlchemy's `Session`: the same words, what is better, what is different |

#[doc = include_str!("guide/coming_from_sqlalchemy.md")]
pub mod coming_from_sqlalchemy {}
