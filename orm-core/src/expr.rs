//! Columns, expressions, operators and functions: the typed edge of a query.
//!
//! An expression carries two type parameters, the SQL type of its value and the tables that it uses, and one plain
//! [`Node`] with neither. The types are for the compiler: they say whether a comparison makes sense and whether a table
//! is in scope. The node is for the renderer. So wrong queries don't compile, and what is left at run time is one enum.
//! Nothing here does I/O.
//!
//! | file | what it is |
//! | --- | --- |
//! | `node` | [`Node`] and [`Select`]: SQL as plain data |
//! | `expression` | [`Expression`], [`Expr`], [`AsExpr`], [`Condition`]: what can stand where |
//! | `scope` | which tables an expression uses, and whether a query has them |
//! | `kind` | constants, plain columns, aggregates: what may stand beside what |
//! | `column` | [`Column`], [`All`], [`NamedColumn`] |
//! | `compare` | [`Operators`]: `eq`, `lt`, `in_`, `between`, `is_null`, `and`, `or` |
//! | `text` | [`TextOperators`]: `like`, `ilike`, `contains` |
//! | `arithmetic` | `+`, `-`, `*`, `/` and `!` |
//! | `aggregate` | [`count`], [`sum`], [`avg`], [`min`], [`max`] |
//! | `func` | [`func`]: `lower`, `coalesce`, `extract` and any other by name |
//! | `order` | [`Ordered`]: `asc`, `desc`, NULLs first or last |
//! | `assign` | [`Assignment`]: `Product::PRICE.set(..)` |
//! | `write` | [`Write`]: INSERT, UPDATE and DELETE as plain data |
//! | `excluded` | [`excluded`]: the row that an INSERT could not insert |
//! | `batch` | [`Batch`]: many rows as one array a column |
//! | `related` | `User::ORDERS.any(..)`: filters by a related table without a join |

mod aggregate;
mod arithmetic;
mod assign;
mod batch;
mod column;
mod compare;
mod excluded;
mod expression;
pub mod func;
mod kind;
mod node;
mod order;
mod related;
mod scope;
mod text;
mod write;

pub use aggregate::{Averaged, Summed, avg, count, count_all, count_distinct, max, min, sum};
pub use assign::{AssignTo, Assignment, Assignments, Updated};
pub use batch::{Batch, BatchColumn};
pub(crate) use column::table_ref;
pub use column::{All, Column, NamedColumn};
pub use compare::{Filter, ListItem, Operators, all_of, any_of};
pub use excluded::{Excluded, HasExcluded, OfExcluded, excluded};
pub use expression::{AsExpr, Condition, Expr, Expression, Literal, NeverNull, value};
pub use kind::{
    Accepts, Aggregate, Constant, Grouped, Kind, KindOf, Mixed, PerRow, Plain, RowLevel, Ungrouped,
};
pub use node::{
    Alias, Item, Join, JoinKind, Lock, LockStrength, LockWait, Node, OrderNode, Select, TableRef,
};
pub use order::{Nulls, OrderBy, Ordered};
pub use scope::{
    Agg, Bool, Has, Here, HereMaybe, InScope, Maybe, MaybeWhole, Next, No, Of, Solid, Whole,
    Within, Yes,
};
pub use text::{Text, TextOperators, escape_like};
pub use write::{Action, Conflict, ConflictAction, ConflictTarget, Rows, Write};
