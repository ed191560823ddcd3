//! How an ORM works inside: ten pages, each about one mechanism, and each built on an experiment.
//!
//! Read them with the code open, in this order or in any. Whatever a block claims of statements, plans and states is asserted in
//! it, against a real PostgreSQL. To see what breaks when a line is changed, paste a block into `examples/experiment.rs` between
//! its marks: `cargo run --example experiment` runs it, and shows what it has left in the session. An evening is enough for all
//! ten.
//!
//! | page | the question | behind it you can say |
//! | --- | --- | --- |
//! | [`why_handles`] | who owns an object that everybody refers to? | what `Rc<RefCell>`, proxies and references would have cost |
//! | [`changes`] | `db[user].name = ..`: how does a session know? | what a kept copy is, and when it goes |
//! | [`identity_map`] | the same row twice: one object or two? | what a row off the wire meets |
//! | [`flush`] | how do changes become statements, in an order that works? | what a unit of work and a plan are |
//! | [`undo_log`] | ROLLBACK: and the program's memory? | why a savepoint is a number |
//! | [`queries`] | how does a typed expression become a string? | where the types end and data begins |
//! | [`loaders`] | why is a loop over users slow? | what select-in and joined loading do |
//! | [`isolation`] | two sessions at once: who sees what? | how an update is lost, and five ways to keep it |
//! | [`prepared_statements`] | what travels between program and server? | why a text should come again |
//! | [`derives`] | what does `#[derive(Model)]` write? | why a mistake is one error |
//! | [`glossary`] | what does this word mean? | |
//!
//! # The whole on one screen
//!
//! ```text
//!  your code                            the session                         PostgreSQL
//!                          ┌──────────────────────────────────────┐
//!  User::query()           │ autoflush, then nodes ─▶ SQL text    │
//!      .filter(..)    ───▶ │                                      │ ───▶  SELECT ..
//!                          │ identity map:  key ─▶ slot           │
//!  ann: Handle<User>  ◀─── │ arena:         slot ─▶ row, copy     │ ◀───  rows
//!                          │                                      │
//!  db[ann].name = ..  ───▶ │ touched               ┐              │
//!  db.add(..)         ───▶ │ pending, links        ├ the undo log │
//!  db.delete(..)      ───▶ │ doomed                ┘              │
//!                          │                                      │
//!  db.commit().await? ───▶ │ change set ─▶ plan ─▶ statements     │ ───▶  UPDATE, INSERT ..
//!                          │ keys and defaults into the rows      │ ◀───  RETURNING
//!                          │ the log is empty, rows are stale     │ ───▶  COMMIT
//!                          └──────────────────────────────────────┘
//! ```
//!
//! # See it on a terminal
//!
//! `cargo run --example inside -- --step` performs one unit of work slowly. After each step it shows the session, the plan, the
//! statements with what came back, and the undo log; with `-- --html inside.html` as a page with pictures. In a program of your
//! own there are the same windows: [`debug_view`](crate::session::Session::debug_view), [`plan`](crate::session::Session::plan),
//! [`changes`](crate::session::Session::changes), [`undo_view`](crate::session::Session::undo_view), `to_sql()` of a query, and an
//! [`Observer`](crate::engine::Observer) of the engine.
//!
//! The blocks work in the shop of [the guide's other half](crate::guide): users, products, orders. `shop.log` is the statements that were
//! sent; `shop.elsewhere(..)` is somebody else at work. Lines that only set the scene are left out of sight.

#[doc = include_str!("inside/changes.md")]
pub mod changes {}
#[doc = include_str!("inside/derives.md")]
pub mod derives {}
#[doc = include_str!("inside/flush.md")]
pub mod flush {}
#[doc = include_str!("inside/glossary.md")]
pub mod glossary {}
#[doc = include_str!("inside/identity_map.md")]
pub mod identity_map {}
#[doc = include_str!("inside/isolation.md")]
pub mod isolation {}
#[doc = include_str!("inside/loaders.md")]
pub mod loaders {}
#[doc = include_str!("inside/prepared_statements.md")]
pub mod prepared_statements {}
#[doc = include_str!("inside/queries.md")]
pub mod queries {}
#[doc = include_str!("inside/undo_log.md")]
pub mod undo_log {}
#[doc = include_str!("inside/why_handles.md")]
pub mod why_handles {}
