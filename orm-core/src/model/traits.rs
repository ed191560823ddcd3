//! What the derives implement: [`Model`], [`Draft`], [`Insertable`], [`Changes`].

use bytes::BytesMut;

use super::{ColumnSet, New, RowReader, Table};
use crate::error::Result;
use crate::types::{DecodeError, Param, Raw};

/// Something whose columns a query can use: a model, or an alias of one.
///
/// Implemented by `#[derive(Model)]` for the struct and for its aliases.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a model",
    label = "`#[derive(Model)]` is missing here",
    note = "a table's rows are read into a struct with `#[derive(Model)]`"
)]
pub trait Source: 'static {
    /// The model whose table it is.
    type Model: Model;
    /// The table's name, as a type: see [`Without`](crate::expr::Without).
    type Name: 'static;
    /// The number of the alias: `employees_1` is 1; `None` is the table under its own name.
    const ALIAS: Option<u8>;
}

/// An alias of a model, to have its table in a query twice. SQLAlchemy: `aliased(Employee)`.
///
/// `type Boss = Aliased<Employee, 1>;` has the same constants as `Employee`; in SQL it is `employees AS employees_1`.
pub type Aliased<M, const N: u8> = <M as Model>::As<N>;

/// A struct that is a row of a table. Implemented by `#[derive(Model)]`; never by hand.
///
/// The methods are the few places where the session needs the struct's own fields: reading a row, encoding a column,
/// comparing two versions. They are thin, and everything that happens with their results is in this crate.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a model",
    label = "`#[derive(Model)]` is missing here",
    note = "a table's rows are read into a struct with `#[derive(Model)]`"
)]
pub trait Model: Source<Model = Self> + Sized + Send + Sync + 'static {
    /// The description of the table.
    const TABLE: &'static Table;
    /// The primary key: the column's type, or a tuple of the columns' types.
    type Key: Clone + Eq + std::hash::Hash + Ord + std::fmt::Debug + Send + Sync + 'static;
    /// A row that is being put together, each column with or without a value.
    type Draft: Draft<Model = Self>;
    /// The model's aliases.
    type As<const N: u8>: Source<Model = Self>;

    /// The row once more: its `Clone`.
    ///
    /// A method and no `Clone` beside `Send` above: whatever names a model asks for all that stands there, and a model
    /// without `Clone` would be an error for each of them.
    fn copy(&self) -> Self;

    /// The primary key of this row.
    fn key(&self) -> Self::Key;

    /// Reads a primary key, column after column.
    ///
    /// # Errors
    /// [`Error::Decode`](crate::Error::Decode).
    fn read_key(row: &mut RowReader<'_>) -> Result<Self::Key>;

    /// Appends the binary form of one column of a key, by its position in the key; false for a position out of range.
    fn encode_key(key: &Self::Key, part: usize, out: &mut BytesMut) -> bool;

    /// Reads all columns in the order of the description.
    ///
    /// # Errors
    /// [`Error::Decode`](crate::Error::Decode), which names the column.
    fn read(row: &mut RowReader<'_>) -> Result<Self>;

    /// Appends the binary form of one column; false, and nothing appended, for NULL.
    fn encode(&self, column: u16, out: &mut BytesMut) -> bool;

    /// Gives one column a value off the wire.
    ///
    /// # Errors
    /// When the value does not fit the field.
    fn write(&mut self, column: u16, value: Raw<'_>) -> Result<(), DecodeError>;

    /// The columns in which the database would see a difference between the two rows.
    fn diff(&self, before: &Self) -> ColumnSet;

    /// New values for the columns with `on_update = ..`: what an UPDATE sets beside what it changes.
    fn on_update() -> Vec<(u16, Param)>;
}

/// A row that is being put together: what `create()` makes and `db.draft(handle)` shows.
///
/// Derived beside the model, as a struct with an `Option` for each column: `None` is "no value yet", which its `Default`
/// says of all.
pub trait Draft: Clone + Default + std::fmt::Debug + Send + Sync + Sized + 'static {
    /// The model that it becomes.
    type Model: Model<Draft = Self>;

    /// The columns that have a value.
    fn given(&self) -> ColumnSet;

    /// Appends the binary form of one column; false, and nothing appended, for NULL and for no value.
    fn encode(&self, column: u16, out: &mut BytesMut) -> bool;

    /// Gives one column a value off the wire.
    ///
    /// # Errors
    /// When the value does not fit the field.
    fn write(&mut self, column: u16, value: Raw<'_>) -> Result<(), DecodeError>;

    /// Gives the columns with `default = ..` that have no value yet their defaults.
    fn apply_defaults(&mut self);

    /// A draft in which every column has the row's value.
    fn from_row(row: Self::Model) -> Self;

    /// The row, if every column has a value or can be NULL; else the first column that lacks one.
    ///
    /// # Errors
    /// The position of a column without a value.
    fn finish(self) -> Result<Self::Model, u16>;
}

/// The model that a builder or a row is of, whether the builder is complete or not.
///
/// It is apart from [`Insertable`] so that a column that is missing is one error: what `add` returns is known without it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be added to a session",
    label = "expected `Model::create()..` with its required columns, or a value of a model"
)]
pub trait OfModel {
    /// The model that it becomes.
    type Model: Model;
}

/// What `db.add(..)` takes: a complete `create()` builder, or a complete row.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be added to a session",
    label = "expected `Model::create()..` with its required columns, or a value of a model"
)]
pub trait Insertable: OfModel {
    /// The draft and its links, with client-side defaults filled in.
    fn into_new(self) -> New<Self::Model>;
}

/// A set of changes to a model: `#[derive(Changes)]` on a struct of `Option`s, the whitelist of a PATCH.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a set of changes",
    label = "`#[derive(Changes)] #[orm(model = ..)]` is missing here"
)]
pub trait Changes {
    /// The model that it changes.
    type Model: Model;

    /// Writes the values that are present into the row; the others stay.
    fn apply(self, row: &mut Self::Model);
}

/// What `db.apply(handle, ..)` takes for a `Handle<M>`: [`Changes`] of that model.
///
/// It is a trait of its own, which `#[derive(Changes)]` implements, so that changes of another model are reported in these
/// words.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a set of changes to `{M}`",
    label = "expected a struct with `#[derive(Changes)] #[orm(model = ..)]` that names the handle's model"
)]
pub trait ChangesOf<M>: Changes<Model = M> {}

/// Tells a field of JSON that is `null` from one that is absent: for the nullable columns of a `Changes` struct.
///
/// serde reads `null` and absence alike as `None`. With this and `default`, absence is `None`, `null` is `Some(None)`, and a
/// value is `Some(Some(value))`:
///
/// ```
/// use orm_core::prelude::*;
///
/// # #[derive(Model, Clone)] #[orm(table = "products")]
/// # struct Product { #[orm(primary_key)] id: i32, note: Option<String> }
/// #[derive(serde::Deserialize, Changes)]
/// #[orm(model = Product)]
/// struct ProductPatch {
///     #[serde(default, deserialize_with = "orm_core::model::present")]
///     note: Option<Option<String>>,
/// }
///
/// let read = |json| serde_json::from_str::<ProductPatch>(json).unwrap().note;
/// assert_eq!(read("{}"), None);
/// assert_eq!(read(r#"{"note": null}"#), Some(None));
/// assert_eq!(read(r#"{"note": "new"}"#), Some(Some("new".to_owned())));
/// ```
///
/// # Errors
/// The deserializer's.
#[cfg(feature = "json")]
pub fn present<'de, T, D>(deserializer: D) -> std::result::Result<Option<T>, D::Error>
where
    T: serde::Deserialize<'de>,
    D: serde::Deserializer<'de>,
{
    T::deserialize(deserializer).map(Some)
}
