//! What a model is: the traits that `#[derive(Model)]` implements, and the static description that it writes.
//!
//! Everything here is plain data and small traits. The derive fills it in; expressions, queries, the schema and the
//! session read it. Nothing here does I/O.
//!
//! | file | what it is |
//! | --- | --- |
//! | `traits` | [`Model`], [`Draft`], [`Insertable`], [`Changes`]: what the derives implement |
//! | `table` | [`Table`], [`ColumnInfo`]: the description of a table |
//! | `relation_info` | [`RelationInfo`]: the description of a relationship |
//! | `link_table` | [`LinkKey`]: the columns of link tables without a struct |
//! | `relation` | [`Relation`]: a relationship as a typed constant, `User::ORDERS` |
//! | `shape` | [`RelationShape`]: how many a relationship leads to |
//! | `fits` | [`RefersTo`], [`LeadsBack`], [`LinksTo`]: what foreign keys, `via` and `through` have to fit |
//! | `column_set` | [`ColumnSet`]: some columns of a table |
//! | `handle` | [`Handle`]: the key that names an entity of a session |
//! | `version` | [`Version`]: what a column for optimistic locking may hold |
//! | `row` | [`Row`] and [`RowReader`]: a row off the wire, read column by column |
//! | `create` | [`Set`], [`Unset`], [`GivenFor`], [`MissingFor`], [`IntoColumn`]: what `create()` builders are made of |
//! | `nested` | [`New`], [`Nested`]: new entities with what their relationships lead to |
//! | `from_row` | [`FromRow`]: rows into tuples, structs and models; [`Record`]: structs that a select list is read into |

mod column_set;
mod create;
mod fits;
mod from_row;
mod handle;
mod link_table;
mod nested;
mod relation;
mod relation_info;
mod row;
mod shape;
mod table;
mod traits;
mod version;

pub use column_set::ColumnSet;
pub use create::{GivenFor, IntoColumn, MissingFor, Set, Several, Unset};
pub use fits::{
    LeadsBack, LinksBack, LinksTo, NotAModel, NothingOfThisName, RefersTo, RefersToColumn,
};
pub use from_row::{ColumnNames, Fields, FromRow, Inner, Positions, Record};
pub use handle::{Handle, Handles, RawHandle};
pub use link_table::LinkKey;
#[doc(hidden)]
pub use link_table::link_column;
#[cfg(feature = "json")]
pub(crate) use nested::AnyDraft;
pub use nested::{DraftLink, LinkEnd, Nested, New, NewRow, OPTIONAL_TARGET, TARGET};
pub use relation::{
    AliasOf, BelongsTo, BelongsToOptional, Elsewhere, HasMany, HasOne, Itself, Joinable,
    ManyToMany, ManyToManyBack, Recursive, Relation, Target,
};
pub use relation_info::{
    Cascade, ForeignKey, MemberOrder, Members, OnDelete, RelationInfo, RelationKind,
};
pub use row::{Row, RowReader};
pub use shape::{
    IntoTarget, Many, ManyBack, ManyThrough, One, OneChild, OptionalOne, ReadOnlyMany, ReadOnlyOne,
    RelationShape, ToMany, ToOne, Writable,
};
pub(crate) use table::Standing;
pub use table::{CheckInfo, ColumnInfo, IndexInfo, Knot, OnUpdate, Table};
#[cfg(feature = "json")]
pub use traits::present;
pub use traits::{Aliased, Changes, ChangesOf, Draft, Insertable, Model, OfModel, Source};
pub(crate) use version::NextVersion;
pub use version::Version;
