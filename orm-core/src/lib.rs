//! SQLAlchemy's ORM for Rust and PostgreSQL: `#[derive(Model)]` on plain structs, typed queries, relationship loaders, and a
//! [`Session`](session::Session) that is a real unit of work.
//!
//! | To use it | To see how it works inside |
//! | --- | --- |
//! | [**Start**](guide::start): from `cargo new` to the first commit, in ten minutes | [**Inside**](guide::inside): ten pages, each on one mechanism and built on an experiment |
//! | [The guide](guide): [models](guide::models), [queries](guide::queries), [relationships](guide::relationships), [sessions](guide::sessions), [errors](guide::errors), [testing](guide::testing), [performance](guide::performance) | `cargo run --example inside -- --step`: one unit of work, performed slowly; with `-- --html inside.html` as a page with pictures |
//! | Coming from [SQLAlchemy](guide::coming_from_sqlalchemy), [Diesel or SeaORM](guide::coming_from_diesel_and_seaorm) | In a program of your own: [`db.plan()`](session::Session::plan), [`db.debug_view()`](session::Session::debug_view), [`db.undo_view()`](session::Session::undo_view) |
//! | Something does not compile: [`reading_the_errors`] | The code: [`session`] is the heart; each module begins with a table of its files |
//!
//! ```
//! use orm_core::prelude::*;
//!
//! #[derive(Model, Debug, Clone)]
//! #[orm(table = "users")]
//! pub struct User {
//!     #[orm(primary_key)]
//!     pub id: i32,
//!     #[orm(unique)]
//!     pub name: String,
//!     #[orm(default = true)]
//!     pub active: bool,
//! }
//!
//! async fn rename(engine: &Engine, from: &str, to: &str) -> orm_core::Result<()> {
//!     let mut db = engine.session();
//!     let user = User::query().filter(User::NAME.eq(from)).one(&mut db).await?;
//!     db[user].name = to.to_owned();
//!     db.commit().await // UPDATE users SET name, that column alone; COMMIT goes with it
//! }
//! # #[cfg(feature = "testing")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> orm_core::Result<()> {
//! #     let test = orm_core::testing::TestDb::with_models::<(User,)>().await?;
//! #     let engine = test.engine().await?;
//! #     let mut db = engine.session();
//! #     db.add(User::create().name("ann"));
//! #     db.commit().await?;
//! #     rename(&engine, "ann", "anna").await?;
//! #     assert_eq!(User::query().filter(User::NAME.eq("anna")).count(&mut db).await?, 1);
//! #     Ok(())
//! # }
//! # #[cfg(not(feature = "testing"))] fn main() {}
//! ```
//!
//! # Four nouns
//!
//! | | |
//! | --- | --- |
//! | a **model** | a plain struct that is a row of a table: [`Model`](derive@Model) |
//! | a **query** | a value that says which rows: [`Query`](query::Query); wrong ones don't compile |
//! | a **session** | owns the rows of a unit of work, and knows what has changed: [`Session`](session::Session) |
//! | a **handle** | a small key that names a row of a session: [`Handle`](model::Handle), `db[handle]` |
//!
//! # Features
//!
//! | feature | what it adds |
//! | --- | --- |
//! | `derive` (default) | the derives |
//! | `uuid`, `chrono`, `decimal`, `json` | columns of these types |
//! | `tls` | TLS through rustls |
//! | `testing` | a throw-away PostgreSQL and a database for each test |

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
pub mod engine;
pub mod error;
pub mod expr;
pub mod guide;
pub mod model;
mod order;
pub mod query;
pub mod reading_the_errors;
pub mod schema;
pub mod session;
#[cfg(feature = "testing")]
pub mod testing;
pub mod types;

pub use engine::Engine;
pub use error::{Error, Result};
#[cfg(feature = "derive")]
pub use orm_derive::{Changes, DbEnum, FromRow, Model, Rowset};

/// What a file with models, queries or sessions wants: `use orm_core::prelude::*;`.
///
/// `Model` in it is the derive. Code that is generic over models asks for the trait, [`model::Model`](trait@crate::model::Model):
///
/// ```
/// use orm_core::prelude::*;
///
/// async fn how_many<M: orm_core::model::Model>(db: &mut Session) -> orm_core::Result<i64> {
///     orm_core::query::entity::<M>().count(db).await
/// }
/// ```
pub mod prelude {
    pub use crate::Engine;
    #[cfg(feature = "chrono")]
    pub use crate::expr::TimeOperators;
    pub use crate::expr::{
        ArrayOperators, Condition, ElementOperators, Expression, Filter, ListOperators,
        NetworkOperators, Nulls, Operators, RangeOperators, SearchOperators, TextOperators,
        TruthOperators, all_of, any_of, avg, case, case_of, count, count_all, count_distinct,
        dense_rank, excluded, first_value, func, lag, last_value, lead, max, min, nth_value, ntile,
        rank, raw, row, row_number, sum, value, window,
    };
    #[cfg(feature = "json")]
    pub use crate::expr::{JsonContainment, JsonOperators};
    pub use crate::model::{Aliased, Handle, Handles};
    pub use crate::query::{
        EntityQuery, Executor, Inserts, Query, QueryOperators, RecordOf, Rowset, exists, not_exists,
    };
    pub use crate::session::Session;
    #[cfg(feature = "derive")]
    pub use crate::{Changes, DbEnum, FromRow, Model, Rowset};
}

/// Compiles and runs the tour in the README.
#[cfg(all(doctest, feature = "derive", feature = "testing"))]
#[doc = include_str!("../../README.md")]
struct Readme;
