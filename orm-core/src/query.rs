//! The query builder: a query is a value that collects clauses, is rendered to SQL, and runs on an [`Executor`].
//!
//! [`Query<Sel, Scope, G>`](Query) says in its types what a row of it is, which tables it has, and whether it is grouped;
//! its body is one plain [`Select`](crate::expr::Select). Nothing here does I/O: an executor does.
//!
//! | file | what it is |
//! | --- | --- |
//! | `builder` | [`Query`]: `filter`, `order_by`, `limit`, `group_by`, `select` .. |
//! | `join` | joins along relationships and on conditions |
//! | `lock` | `for_update`, `skip_locked`, `nowait` |
//! | `finish` | `all`, `first`, `one`, `count`, `exists`: where a query runs |
//! | `grouping` | `group_by_rollup`, `group_by_cube`, `group_by_sets` |
//! | `selection` | what a select list reads: [`Selection`], [`SelectList`] |
//! | `load_path` | `.with(Order::ITEMS.then(OrderItem::PRODUCT))` as data |
//! | `load_plan` | which of a path is joined to a statement, and how |
//! | `contained` | `with_joined`: relationships out of joins that a query has anyhow |
//! | `subquery` | `as_scalar`, `in_query`, [`exists`]: a query as a value; `correlate` |
//! | `derived` | [`Rowset`] and [`Derived`]: a query as a table; [`values`], [`unnest`], [`generate_series`] |
//! | `cte` | `as_cte`, `recursive`, and UPDATE and DELETE as CTEs |
//! | `combine` | `union`, `intersect`, `except` |
//! | `write` | bulk `update` and `delete` |
//! | `executor` | [`Executor`]: what a query runs on; [`Running`]: what is awaited |
//! | `render` | from nodes to SQL text: statements and clauses, in `render/expression` what stands in them, in `render/rows` what stands around them |
//! | `quote` | identifiers |
//! | `statement` | [`Statement`]: SQL text and its parameters |

mod builder;
mod combine;
mod contained;
mod cte;
mod derived;
mod executor;
mod finish;
mod grouping;
mod join;
mod load_path;
mod load_plan;
mod lock;
pub(crate) mod quote;
pub(crate) mod render;
mod selection;
mod statement;
mod subquery;
mod write;

pub use builder::{EntityQuery, GivesEntities, GroupBy, Query, entity, entity_as};
pub use combine::{Combined, HasPlace, HereAt, Output, Place, SameRow, Side, place};
pub use cte::{CteOf, CycleKey};
pub use derived::{
    Derived, Fits, FitsField, FromItem, FromParts, MaybeRowsOf, RowsOf, Rowset, Series, ValueRow,
    generate_series, unnest, values,
};
pub use executor::{Executor, Running};
pub use grouping::{GroupingSet, GroupingSets};
pub use join::{OrNothing, StartsIn};
pub(crate) use load_path::merge;
pub use load_path::{Levels, LoadPath, LoadStep, Path, StartsAt, Strategy};
pub use load_plan::{JoinedLoad, Loads};
pub use selection::{SelectList, Selection, Value};
pub use statement::Statement;
pub use subquery::{OneColumn, Quantified, QueryOperators, SameAs, Subquery, exists, not_exists};
pub use write::{Bulk, BulkDelete, BulkUpdate, OneModel};
