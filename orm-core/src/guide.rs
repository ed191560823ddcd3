//! The guide: pages to read, without code of their own.
//!
//! | page | for whom |
//! | --- | --- |
//! | [`coming_from_sqlalchemy`] | those who know SQLAlchemy's `Session`: the same words, what is better, what is different |

#[doc = include_str!("guide/coming_from_sqlalchemy.md")]
pub mod coming_from_sqlalchemy {}
