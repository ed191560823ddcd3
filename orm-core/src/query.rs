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
//! | `record` | select lists that are read into structs: [`RecordOf`], [`List`] |
//! | `map` | rows as maps: `to_map`, `to_groups` |
//! | `load_path` | `.with(Order::ITEMS.then(OrderItem::PRODUCT))` as data |
//! | `load_plan` | which of a path is joined to a statement, and how |
//! | `contained` | `with_joined`: relationships out of joins that a query has anyhow |
//! | `insert`, `conflict` | [`Insert`]: many rows in one statement, and what happens to those that are there already |
//! | `copy`, `copy_out` | [`CopyRows`]: any number of rows into a table by COPY; the rows of a query by COPY |
//! | `sort` | `sort_by("-price,name", ..)`: the order that a request asks for, from a whitelist |
//! | `subquery` | `as_scalar`, `in_query`, [`exists`]: a query as a value; `correlate` |
//! | `derived` | [`Rowset`] and [`Derived`]: a query as a table; [`values`] |
//! | `table_functions` | functions that give rows: [`unnest`], [`generate_series`], [`jsonb_each`] |
//! | `cte` | `as_cte`, `recursive`, and INSERT, UPDATE and DELETE as CTEs |
//! | `combine`, `place` | `union`, `intersect`, `except`; the columns of their result |
//! | `write` | bulk `update` and `delete` |
//! | `keyset`, `token` | [`Pages`]: pages found by the last row of the one before, and the tokens that name it |
//! | `page` | [`CountedPage`]: numbered pages, with the number of all rows |
//! | `returning` | [`Returning`]: a write whose rows come back |
//! | `plain` | `plain()`: rows that a session does not keep |
//! | `stream` | `stream()`: rows as they arrive |
//! | `explain`, `query_plan` | `explain`, `explain_analyze`, and the `QueryPlan` that they give (feature `json`) |
//! | `executor` | [`Executor`]: what a query runs on; [`Running`]: what is awaited |
//! | `render` | from nodes to SQL text: statements and clauses, in `render/expression` what stands in them, in `render/rows` what stands around them |
//! | `quote` | identifiers |
//! | `statement` | [`Statement`]: SQL text and its parameters |
//! | `shape`, `texts` | what a text is found by, so that it is written once; and the texts |
//! | `effect` | whether a text is known to do nothing but read |
//!
//! # Queries that depend on a request
//!
//! A query is a value, and `filter`, `order_by`, `limit` and `with` keep its type, so clauses are added under an `if`. What
//! belongs together becomes a function, of which there are three kinds:
//!
//! - a condition of one model, [`Filter<M>`](crate::expr::Filter): `.for_model()` makes it of any condition, so that the arms of a
//!   `match` have one type. It holds in every query that has the model, joined or not;
//! - a step from query to query, `fn(EntityQuery<M>) -> EntityQuery<M>`; with joins the scope is part of the type, the table that
//!   was joined last first: `Query<Sel, (Category, (Product, ()))>`, best given a name;
//! - the select list, once, as a struct: [`List`], `q.select(Card::LIST)`.
//!
//! ```
//! use orm_core::prelude::*;
//! # #[derive(Model, Clone)] #[orm(table = "categories")]
//! # struct Category { #[orm(primary_key)] id: i32, name: String }
//! # #[derive(Model, Clone)] #[orm(table = "products")]
//! # struct Product { #[orm(primary_key)] id: i32, name: String, price: i32, #[orm(belongs_to(category: Category))] category_id: i32 }
//! /// What a web framework has read from `?q=air+pro&max=900&category=Laptops&sort=-price&page=2`.
//! struct Search {
//!     words: Vec<String>,
//!     max_price: Option<i32>,
//!     category: Option<String>,
//!     sort: String,
//!     page: i64,
//! }
//!
//! /// A condition: any of the words, in the name.
//! fn named(words: &[String]) -> Filter<Product> {
//!     any_of(words.iter().map(|word| Product::NAME.icontains(word))).for_model()
//! }
//!
//! /// Products with their categories, whatever is selected of them.
//! type Listing<Sel> = Query<Sel, (Category, (Product, ()))>;
//!
//! /// A step.
//! fn page<Sel>(q: Listing<Sel>, page: i64) -> Listing<Sel> {
//!     q.limit(20).offset((page - 1) * 20)
//! }
//!
//! fn search(search: &Search) -> orm_core::Result<Listing<orm_core::expr::Whole<Product>>> {
//!     let mut q = Product::query()
//!         .join(Product::CATEGORY)
//!         .filter_some(search.max_price.map(|max| Product::PRICE.le(max)))
//!         .filter_some(search.category.as_ref().map(|name| Category::NAME.eq(name)));
//!     if !search.words.is_empty() {
//!         q = q.filter(named(&search.words));
//!     }
//!     let q = q.sort_by(&search.sort, |keys| {
//!         keys.key("price", Product::PRICE).key("category", Category::NAME)
//!     })?;
//!     Ok(page(q, search.page))
//! }
//!
//! let request = Search {
//!     words: vec!["air".into(), "pro".into()],
//!     max_price: Some(900),
//!     category: None,
//!     sort: "-price".into(),
//!     page: 2,
//! };
//! assert_eq!(
//!     search(&request)?.select(Product::ID).to_sql(),
//!     "SELECT products.id FROM products JOIN categories ON categories.id = products.category_id WHERE \
//!      products.price <= $1 AND (products.name ILIKE $2 OR products.name ILIKE $3) ORDER BY products.price DESC \
//!      LIMIT $4 OFFSET $5"
//! );
//! # Ok::<(), orm_core::Error>(())
//! ```

mod builder;
mod combine;
mod conflict;
mod contained;
mod copy;
mod copy_out;
mod cte;
mod derived;
mod effect;
mod executor;
#[cfg(feature = "json")]
mod explain;
mod finish;
mod grouping;
mod insert;
mod join;
mod keyset;
mod load_path;
mod load_plan;
mod lock;
mod map;
mod page;
mod place;
mod plain;
#[cfg(feature = "json")]
mod query_plan;
pub(crate) mod quote;
mod record;
pub(crate) mod render;
mod returning;
mod selection;
pub(crate) mod shape;
mod sort;
mod statement;
mod stream;
mod subquery;
mod table_functions;
mod texts;
mod token;
mod write;

pub use builder::{EntityQuery, GivesEntities, GroupBy, GroupsBy, Query, entity, entity_as};
pub use combine::{Combined, SameRow, Side};
pub use conflict::{ByColumns, ByName, ConflictColumns, OnConflict};
pub(crate) use copy::CopyRow;
pub use copy::CopyRows;
pub use cte::{CteOf, CycleKey};
pub use derived::{AliasedRows, Derived, FromItem, FromParts, Rowset, ValueRow, values};
pub(crate) use effect::Effect;
pub(crate) use executor::read_all;
pub use executor::{Arriving, Executor, Incoming, Running};
pub use grouping::{GroupingSet, GroupingSets};
pub use insert::{
    FitsInto, IgnoringConflict, Insert, InsertColumns, Inserts, NoConflict, RowOf, UpdatingConflict,
};
pub use join::{OrNothing, StartsIn};
pub use keyset::{Page, Pages};
pub(crate) use load_path::merge as merge_step;
pub use load_path::{Levels, LoadPath, LoadStep, Path, StartsAt, Strategy};
pub use load_plan::{JoinedLoad, Loads};
pub use lock::Lockable;
pub use map::MapKey;
pub use page::CountedPage;
pub use place::{HasPlace, HereAt, Output, Place, place};
pub use plain::Plain;
pub(crate) use plain::refuse_loads;
#[cfg(feature = "json")]
pub use query_plan::{ActualRun, PlanBuffers, PlanCondition, PlanNode, QueryPlan, TriggerRun};
pub use record::{
    Fits, FitsField, FitsOrNone, FitsPlace, FitsPlaceOrNone, List, Listed, MaybeRowsOf, Present,
    RecordOf, RowsOf, RowsetOf, StructOf,
};
pub use returning::{LastWrite, Returning};
pub use selection::{SelectList, Selection, Selects, Value};
pub use sort::SortKeys;
pub use statement::{SqlText, Statement};
pub use stream::RowsOfStream;
pub(crate) use stream::ready;
pub use subquery::{OneColumn, QueryOperators, SameAs, Subquery, exists, not_exists};
#[cfg(feature = "json")]
pub use table_functions::{JsonElement, JsonMember, jsonb_array_elements, jsonb_each};
pub use table_functions::{Series, Steps, generate_series, generate_series_by, unnest};
pub use write::{
    Bulk, BulkDelete, BulkUpdate, Deleting, FirstTable, InnerJoined, InnerTable, OneModel, Updating,
};
