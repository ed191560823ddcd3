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
//! | `insert`, `conflict` | [`Insert`]: many rows in one statement, and what happens to those that are there already |
//! | `subquery` | `as_scalar`, `in_query`, [`exists`]: a query as a value; `correlate` |
//! | `derived` | [`Rowset`] and [`Derived`]: a query as a table; [`values`], [`unnest`], [`generate_series`] |
//! | `cte` | `as_cte`, `recursive`, and UPDATE and DELETE as CTEs |
//! | `combine` | `union`, `intersect`, `except` |
//! | `write` | bulk `update` and `delete` |
//! | `keyset`, `token` | [`Pages`]: pages found by the last row of the one before, and the tokens that name it |
//! | `page` | [`CountedPage`]: numbered pages, with the number of all rows |
//! | `returning` | [`Returning`]: a write whose rows come back |
//! | `executor` | [`Executor`]: what a query runs on; [`Running`]: what is awaited |
//! | `render` | from nodes to SQL text: statements and clauses, in `render/expression` what stands in them, in `render/rows` what stands around them |
//! | `quote` | identifiers |
//! | `statement` | [`Statement`]: SQL text and its parameters |

mod builder;
mod combine;
mod conflict;
mod cte;
mod derived;
mod executor;
mod finish;
mod grouping;
mod insert;
mod join;
mod keyset;
mod load_path;
mod lock;
mod page;
pub(crate) mod quote;
pub(crate) mod render;
mod returning;
mod selection;
mod statement;
mod subquery;
mod token;
mod write;

pub use builder::{EntityQuery, GivesEntities, GroupBy, Query, entity, entity_as};
pub use combine::{Combined, HasPlace, HereAt, Output, Place, SameRow, Side, place};
pub use conflict::{ByColumns, ByName, ConflictColumns, OnConflict};
pub use cte::{CteOf, CycleKey};
pub use derived::{
    Derived, Fits, FitsField, FromItem, FromParts, MaybeRowsOf, RowsOf, Rowset, Series, ValueRow,
    generate_series, unnest, values,
};
pub use executor::{Executor, Running};
pub use grouping::{GroupingSet, GroupingSets};
pub use insert::{
    FitsInto, IgnoringConflict, Insert, InsertColumns, Inserts, NoConflict, RowOf, UpdatingConflict,
};
pub use join::{OrNothing, StartsIn};
pub use keyset::{Page, Pages};
pub use load_path::{JoinedLoad, LoadPath, LoadStep, Loads, Path, StartsAt, Strategy};
pub use page::CountedPage;
pub use returning::Returning;
pub use selection::{SelectList, Selection, Value};
pub use statement::Statement;
pub use subquery::{OneColumn, Quantified, QueryOperators, SameAs, Subquery, exists, not_exists};
pub use write::{
    Bulk, BulkDelete, BulkUpdate, Deleting, FirstTable, InnerJoined, InnerTable, OneModel, Updating,
};
