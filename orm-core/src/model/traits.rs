//! What the derives implement: [`Model`], [`Draft`], [`Insertable`], [`Changes`].

use bytes::BytesMut;

use super::{ColumnSet, New, RowReader, Table};
use crate::error::Result;
use crate::types::{DecodeError, Param, Raw};

/// Something whose columns a query can use: a model, or an alias of one.
///
/// Implemented by `#[derive(Model)]` for the struct and for its aliases.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::model::Source;
///
/// type Parent = Aliased<Category, 1>;
/// assert_eq!((Category::ALIAS, Parent::ALIAS), (None, Some(1)));
/// ```
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
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// type Parent = Aliased<Category, 1>;
///
/// let q = Category::query().join(Category::PARENT.to::<Parent>()).select((Category::NAME, Parent::NAME));
/// assert_eq!(
///     q.to_sql(),
///     "SELECT categories.name, categories_1.name FROM categories \
///      JOIN categories AS categories_1 ON categories_1.id = categories.parent_id"
/// );
/// ```
pub type Aliased<M, const N: u8> = <M as Model>::As<N>;

/// A struct that is a row of a table. Implemented by `#[derive(Model)]`; never by hand. SQLAlchemy: a mapped class.
///
/// The methods are the few places where the session needs the struct's own fields: reading a row, encoding a column,
/// comparing two versions. They are thin, and everything that happens with their results is in this crate.
///
/// ```
/// use orm_core::model::Model as _;
/// use orm_core::prelude::*;
///
/// #[derive(Model, Clone)]
/// #[orm(table = "tags")]
/// struct Tag {
///     #[orm(primary_key)]
///     id: i32,
///     word: String,
/// }
///
/// let before = Tag { id: 7, word: "new".to_owned() };
/// let mut after = before.copy();
/// after.word = "newer".to_owned();
/// assert_eq!((Tag::TABLE.name, after.key()), ("tags", 7));
/// assert_eq!(after.diff(&before).iter().collect::<Vec<_>>(), [1]); // what a flush would set
///
/// # let mut bytes = orm_core::__private::BytesMut::new();
/// assert!(after.encode(1, &mut bytes) && &bytes[..] == b"newer"); // what it would send
/// assert!(Tag::encode_key(&7, 0, &mut bytes) && bytes.ends_with(&[0, 0, 0, 7])); // WHERE id = 7
/// assert!(Tag::on_update().is_empty()); // no column with `on_update = ..`
/// ```
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

    /// The primary key of this row. SQLAlchemy: `inspect(obj).identity`.
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
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// use orm_core::model::{Model, RowReader};
    /// use orm_core::query::{Executor, Statement};
    ///
    /// let rows = db.fetch(Statement::plain("SELECT id, word FROM tags ORDER BY id")).await?;
    /// assert_eq!(Tag::read(&mut RowReader::new(&rows[0]))?.word, "new");
    /// assert_eq!(Tag::read_key(&mut RowReader::new(&rows[0]))?, 1); // of the key's columns alone
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Decode`](crate::Error::Decode), which names the column.
    fn read(row: &mut RowReader<'_>) -> Result<Self>;

    /// Appends the binary form of one column; false, and nothing appended, for NULL.
    fn encode(&self, column: u16, out: &mut BytesMut) -> bool;

    /// Gives one column a value off the wire.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// use orm_core::model::Model as _;
    /// use orm_core::types::Raw;
    ///
    /// let mut tag = Tag { id: 1, word: "new".to_owned() };
    /// tag.write(1, Raw::new(Some(b"rare"), 25, "text"))?; // as RETURNING would
    /// assert_eq!(tag.word, "rare");
    /// # Ok::<(), orm_core::types::DecodeError>(())
    /// ```
    ///
    /// # Errors
    /// When the value does not fit the field.
    fn write(&mut self, column: u16, value: Raw<'_>) -> Result<(), DecodeError>;

    /// The columns in which the database would see a difference between the two rows.
    fn diff(&self, before: &Self) -> ColumnSet;

    /// New values for the columns with `on_update = ..`: what an UPDATE sets beside what it changes.
    fn on_update() -> Vec<(u16, Param)> {
        Vec::new()
    }
}

/// A row that is being put together: what `create()` makes and `db.draft(handle)` shows.
///
/// Derived beside the model, as a struct with an `Option` for each column: `None` is "no value yet", which its `Default`
/// says of all.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::model::Draft;
///
/// let mut draft = ProductDraft { name: Some("Air".to_owned()), ..Default::default() };
/// assert_eq!(draft.given().iter().collect::<Vec<_>>(), [1]);
/// draft.apply_defaults();
/// assert_eq!(draft.stock, Some(0)); // #[orm(default = 0)]
/// assert_eq!(draft.finish().unwrap_err(), 0); // the key has no value yet
///
/// let tag = Tag { id: 1, word: "new".to_owned() };
/// let mut copy = TagDraft::from_row(tag.clone());
/// # let mut bytes = orm_core::__private::BytesMut::new();
/// assert!(copy.encode(1, &mut bytes) && &bytes[..] == b"new");
/// copy.write(0, orm_core::types::Raw::new(Some(&[0, 0, 0, 9]), 23, "int4")).unwrap();
/// assert_eq!(copy.clone().into_row().id, 9); // panics where `finish` gives an error
/// assert_eq!(copy.finish(), Ok(Tag { id: 9, ..tag }));
/// ```
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
    fn apply_defaults(&mut self) {}

    /// A draft in which every column has the row's value.
    fn from_row(row: Self::Model) -> Self;

    /// The row; NULL stands where a column has no value.
    ///
    /// # Panics
    /// When a column that cannot be NULL has no value.
    fn into_row(self) -> Self::Model;

    /// The row, if every column has a value or can be NULL; else the first column that lacks one.
    ///
    /// # Errors
    /// The position of a column without a value.
    fn finish(self) -> Result<Self::Model, u16> {
        self.finish_with(Self::Model::TABLE.required())
    }

    /// The same, for who has asked already which columns need a value.
    #[doc(hidden)]
    fn finish_with(self, required: ColumnSet) -> Result<Self::Model, u16> {
        match required.without(self.given()).first() {
            Some(column) => Err(column),
            None => Ok(self.into_row()),
        }
    }
}

/// The model that a builder or a row is of, whether the builder is complete or not.
///
/// It is apart from [`Insertable`] so that a column that is missing is one error: what `add` returns is known without it.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::model::{Model, OfModel};
///
/// fn table<N: OfModel>(_: &N) -> &'static str {
///     N::Model::TABLE.name
/// }
/// assert_eq!(table(&Tag::create()), "tags"); // complete or not
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be added to a session",
    label = "expected `Model::create()..` with its required columns, or a value of a model"
)]
pub trait OfModel {
    /// The model that it becomes.
    type Model: Model;
}

/// What `db.add(..)` takes: a complete `create()` builder, or a complete row.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::model::Insertable;
///
/// let built = Tag::create().word("used").into_new();
/// assert_eq!((built.draft.id, built.draft.word.as_deref()), (None, Some("used")));
/// let whole = Tag { id: 7, word: "rare".to_owned() }.into_new();
/// assert_eq!(whole.draft.id, Some(7));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be added to a session",
    label = "expected `Model::create()..` with its required columns, or a value of a model"
)]
pub trait Insertable: OfModel {
    /// The draft and its links, with client-side defaults filled in.
    fn into_new(self) -> New<Self::Model>;
}

/// A set of changes to a model: `#[derive(Changes)]` on a struct of `Option`s, the whitelist of a PATCH.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::model::Changes as _;
///
/// #[derive(Changes)]
/// #[orm(model = Tag)]
/// struct TagPatch {
///     word: Option<String>,
/// }
///
/// let mut tag = Tag { id: 1, word: "new".to_owned() };
/// TagPatch { word: None }.apply(&mut tag);
/// assert_eq!(tag.word, "new");
/// TagPatch { word: Some("newer".to_owned()) }.apply(&mut tag);
/// assert_eq!(tag.word, "newer");
/// ```
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
///
/// ```
#[doc = include_str!("../guide/shop.txt")]
/// #[derive(Changes)]
/// #[orm(model = Product)]
/// struct PriceChange {
///     price: Option<i32>,
/// }
///
/// let air = db.get::<Product>(1).await?.expect("it is there");
/// db.apply(air, PriceChange { price: Some(89_900) });
/// assert_eq!(db[air].price, 89_900); // UPDATE products SET price, at the flush
/// # Ok(())
/// # }
/// ```
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
