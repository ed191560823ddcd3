//! The guide: chapters to read in order, without code of their own. Every block of code in them runs, on a real PostgreSQL,
//! with the tests.
//!
//! # To use it
//!
//! | chapter | what it answers |
//! | --- | --- |
//! | [`start`] | from `cargo new` to the first commit, in ten minutes |
//! | [`models`] | what a struct can say; the shop that the other chapters work in |
//! | [`queries`] | what can be asked, and what doesn't compile |
//! | [`relationships`] | how rows lead to rows: loading, changing, cascades, graphs |
//! | [`sessions`] | when what is written, what a rollback takes back, and what happens when two do the same at once |
//! | [`errors`] | what can go wrong, what to match on, what to tell whom |
//! | [`testing`] | a database for each test, and statements counted |
//! | [`performance`] | what costs what, and how to see it |
//! | [`coming_from_sqlalchemy`] | every construct side by side, and the session point by point |
//! | [`coming_from_diesel_and_seaorm`] | the same for those two, and what is different in thinking |
//!
//! # To see how it works
//!
//! | chapter | what it answers |
//! | --- | --- |
//! | [`inside`] | ten pages on what an ORM does: handles, changes, the identity map, a flush, the undo log, queries as SQL, loaders, isolation, prepared statements, derives; each is built on an experiment that runs. And a glossary |
//!
//! The blocks share a shop, whose models stand in [`models`]. Lines that only set a scene are left out of sight; what a block says
//! of results and statements is asserted in it.

#[doc = include_str!("guide/coming_from_diesel_and_seaorm.md")]
pub mod coming_from_diesel_and_seaorm {}
#[doc = include_str!("guide/coming_from_sqlalchemy.md")]
pub mod coming_from_sqlalchemy {}
#[doc = include_str!("guide/errors.md")]
pub mod errors {}
pub mod inside;
#[doc = include_str!("guide/models.md")]
pub mod models {}
#[doc = include_str!("guide/performance.md")]
pub mod performance {}
#[doc = include_str!("guide/queries.md")]
pub mod queries {}
#[doc = include_str!("guide/relationships.md")]
pub mod relationships {}
#[doc = include_str!("guide/sessions.md")]
pub mod sessions {}
#[doc = include_str!("guide/start.md")]
pub mod start {}
#[doc = include_str!("guide/testing.md")]
pub mod testing {}
