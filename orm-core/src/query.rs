//! The query builder, and the rendering of what it builds to SQL. Nothing here does I/O.
//!
//! | file | what it is |
//! | --- | --- |
//! | `statement` | [`Statement`]: rendered SQL with its parameters |

mod statement;

pub use statement::Statement;
