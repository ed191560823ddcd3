//! SQLAlchemy's ORM for Rust and PostgreSQL.

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
pub mod engine;
pub mod error;
pub mod expr;
pub mod model;
pub mod query;
pub mod session;
#[cfg(feature = "testing")]
pub mod testing;
pub mod types;

pub use engine::Engine;
pub use error::{Error, Result};
#[cfg(feature = "derive")]
pub use orm_derive::{Changes, DbEnum, FromRow, Model};

/// What a file with models, queries or sessions wants: `use orm_core::prelude::*;`.
pub mod prelude {
    pub use crate::Engine;
    pub use crate::expr::{
        Condition, Expression, Filter, Nulls, Operators, TextOperators, all_of, any_of, avg, count,
        count_all, count_distinct, func, max, min, sum, value,
    };
    pub use crate::model::{Aliased, Handle, Handles};
    pub use crate::query::{EntityQuery, Executor, Query};
    pub use crate::session::Session;
    #[cfg(feature = "derive")]
    pub use crate::{Changes, DbEnum, FromRow, Model};
}
