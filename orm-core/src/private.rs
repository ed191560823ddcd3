//! What derived code calls: absolute paths into the standard library, which hold whatever names a user's module has, and
//! the few functions that keep the derived code short. Nothing here is for people, and nothing here is stable.

pub use std::any::Any;
pub use std::boxed::Box;
pub use std::clone::Clone;
pub use std::convert::Into;
pub use std::default::Default;
pub use std::fmt;
pub use std::marker::PhantomData;
pub use std::option::Option;
pub use std::result::Result;
pub use std::string::String;
pub use std::vec::Vec;

pub use bytes::BytesMut;

#[path = "private/drafts.rs"]
mod drafts;

pub use drafts::{Building, debug_builder, debug_draft, give};

pub use crate::expr::named::{
    D0, D1, D2, D3, D4, D5, D6, D7, D8, D9, DA, DB, DC, DD, DE, DF, Numbered,
};
pub use crate::model::{Fields, Inner, Positions, link_column};

use crate::error::Error;
use crate::expr::{Agg, Column, Condition, Expr, Item, Node, PerRow, Selectable, Within};
use crate::model::{
    ColumnInfo, ColumnNames, ColumnSet, LeadsBack, LinksBack, Members, Model, RefersTo,
    RefersToColumn, RelationInfo, RelationKind, Row, RowReader, Table,
};
use crate::query::{FitsField, Listed};
use crate::types::{DecodeError, KeyPart, PgType, Raw, SqlType};

/// What derived code does with one column, put together once from the column's type.
///
/// Derived code asks for `T: SqlType` in one place, where it makes this constant. Everything else goes through the
/// methods, which ask for nothing, so that a field of a type that cannot be stored is one error and not ten.
#[derive(Debug)]
pub struct Codec<T> {
    /// [`SqlType::TYPE`].
    pub ty: &'static PgType,
    /// [`SqlType::NULLABLE`].
    pub nullable: bool,
    encode: fn(&T, &mut BytesMut) -> bool,
    decode: fn(Raw<'_>) -> Result<T, DecodeError>,
    same: fn(&T, &T) -> bool,
    clone: fn(&T) -> T,
    shown: fn(&T) -> &dyn fmt::Debug,
}

/// The codec of a type.
pub const fn codec<T: SqlType>() -> Codec<T> {
    Codec {
        ty: T::TYPE,
        nullable: T::NULLABLE,
        encode: T::encode,
        decode: T::decode,
        same: T::same,
        clone: T::clone,
        shown: |value| value,
    }
}

/// For a type that goes by a name that a feature knows, derived code calls these in place of `codec` and `key_part`. They
/// are the same with the feature; without it they say which one is missing.
macro_rules! behind_a_feature {
    ($feature:literal, $codec:ident, $key_part:ident, $stored:ident, $message:literal, $label:literal) => {
        #[cfg(feature = $feature)]
        pub use self::{codec as $codec, key_part as $key_part};

        /// What can be stored without the feature.
        #[cfg(not(feature = $feature))]
        #[diagnostic::on_unimplemented(message = $message, label = $label)]
        pub trait $stored: SqlType {}

        #[cfg(not(feature = $feature))]
        #[diagnostic::do_not_recommend]
        impl<T: SqlType> $stored for T {}

        /// `codec`, with a message that names the feature.
        #[cfg(not(feature = $feature))]
        pub const fn $codec<T: $stored>() -> Codec<T> {
            codec::<T>()
        }

        /// That the type cannot be stored has been said.
        #[cfg(not(feature = $feature))]
        pub const fn $key_part<T>() {}
    };
}

behind_a_feature!(
    "uuid",
    codec_of_uuid,
    key_part_of_uuid,
    StoredWithUuid,
    "`{Self}` cannot be stored in a column: turn on orm-core's feature `uuid`",
    "in Cargo.toml: `orm-core = {{ .., features = [\"uuid\"] }}`"
);
behind_a_feature!(
    "chrono",
    codec_of_chrono,
    key_part_of_chrono,
    StoredWithChrono,
    "`{Self}` cannot be stored in a column: turn on orm-core's feature `chrono`",
    "in Cargo.toml: `orm-core = {{ .., features = [\"chrono\"] }}`"
);
behind_a_feature!(
    "decimal",
    codec_of_decimal,
    key_part_of_decimal,
    StoredWithDecimal,
    "`{Self}` cannot be stored in a column: turn on orm-core's feature `decimal`",
    "in Cargo.toml: `orm-core = {{ .., features = [\"decimal\"] }}`"
);
behind_a_feature!(
    "json",
    codec_of_json,
    key_part_of_json,
    StoredWithJson,
    "`{Self}` cannot be stored in a column: turn on orm-core's feature `json`",
    "in Cargo.toml: `orm-core = {{ .., features = [\"json\"] }}`"
);

impl<T> Codec<T> {
    /// Appends a value.
    pub fn encode(&self, value: &T, out: &mut BytesMut) -> bool {
        (self.encode)(value, out)
    }

    /// Appends a draft's value.
    pub fn encode_given(&self, value: &Option<T>, out: &mut BytesMut) -> bool {
        value
            .as_ref()
            .is_some_and(|value| (self.encode)(value, out))
    }

    /// Reads the next value of a row.
    ///
    /// # Errors
    /// [`Error::Decode`], which names the table and the column.
    pub fn read(
        &self,
        row: &mut RowReader<'_>,
        table: &'static Table,
        column: u16,
    ) -> Result<T, Error> {
        (self.decode)(row.raw()).map_err(|error| table.misread(column, error))
    }

    /// Reads the next field of a struct.
    ///
    /// # Errors
    /// [`Error::Decode`], which names the struct and the column.
    pub fn next(&self, fields: &mut Fields<'_>, column: &str) -> Result<T, Error> {
        (self.decode)(fields.raw()).map_err(|error| fields.misfit(column, &error))
    }

    /// Gives a field a value off the wire.
    ///
    /// # Errors
    /// When the value does not fit the field.
    pub fn write(&self, field: &mut T, value: Raw<'_>) -> Result<(), DecodeError> {
        *field = (self.decode)(value)?;
        Ok(())
    }

    /// Gives a draft's field a value off the wire.
    ///
    /// # Errors
    /// When the value does not fit the field.
    pub fn write_given(&self, field: &mut Option<T>, value: Raw<'_>) -> Result<(), DecodeError> {
        *field = Some((self.decode)(value)?);
        Ok(())
    }

    /// Whether the value has changed.
    pub fn differs(&self, now: &T, before: &T) -> bool {
        !(self.same)(now, before)
    }

    /// A draft's value once more.
    pub fn clone_given(&self, value: &Option<T>) -> Option<T> {
        value.as_ref().map(self.clone)
    }

    /// A draft's value, if it has one, to be shown.
    pub fn shown<'a>(&self, value: &'a Option<T>) -> Option<&'a dyn fmt::Debug> {
        value.as_ref().map(self.shown)
    }

    /// A draft's value, or NULL if it has none: that the column can be NULL then, [`Draft::finish`](crate::model::Draft) has
    /// seen to.
    pub fn given(&self, value: Option<T>) -> T {
        value.unwrap_or_else(|| self.null())
    }

    fn null(&self) -> T {
        (self.decode)(self.ty.raw(None)).unwrap_or_else(|_| unreachable!("the column can be NULL"))
    }
}

/// The columns of which something holds, from whether it holds of each: that a draft has a value, that two rows differ.
#[inline]
pub fn columns_where(holds: &[bool]) -> ColumnSet {
    ColumnSet::where_true(holds)
}

/// What `write` says of a column that the table doesn't have.
///
/// # Errors
/// Always.
pub fn no_such_column(column: u16) -> Result<(), DecodeError> {
    Err(DecodeError(format!(
        "there is no column at position {column}"
    )))
}

/// What makes a row once more: `Clone`, with a message of its own.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is a model, and has to be `Clone`",
    label = "`#[derive(Clone)]` is missing here",
    note = "a session keeps a row as it was read beside the one that is changed, to send what differs"
)]
pub trait Copied {
    /// The row once more.
    fn copied(&self) -> Self;
}

#[diagnostic::do_not_recommend]
impl<M: Clone> Copied for M {
    fn copied(&self) -> M {
        self.clone()
    }
}

/// What makes a row once more; compiles if its struct is `Clone`.
pub const fn copied<M: Copied>() -> fn(&M) -> M {
    M::copied
}

/// A type with a `Default`, with a message of its own.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no default value",
    label = "`Default` is not implemented for `{Self}`",
    note = "write `#[derive(Default)]` on it; a column can be given a value in its place: `#[orm(default = ..)]`"
)]
pub trait HasDefault {
    /// The default.
    fn default_value() -> Self;
}

#[diagnostic::do_not_recommend]
impl<T: Default> HasDefault for T {
    fn default_value() -> T {
        T::default()
    }
}

/// The default of a type.
pub fn default_of<T: HasDefault>() -> T {
    T::default_value()
}

/// Compiles if the type can be part of a primary key.
pub const fn key_part<T: KeyPart>() {}

/// Whether two values of an enum are the same variant.
pub fn same_variant<E>(a: &E, b: &E) -> bool {
    std::mem::discriminant(a) == std::mem::discriminant(b)
}

/// Writes a change that is present.
pub fn change<T, V: ChangeOf<T>>(field: &mut T, value: V) {
    value.write_to(field);
}

/// A change of a model's field of type `T`: an `Option` of it.
#[diagnostic::on_unimplemented(
    message = "a change of a field of type `{T}` is an `Option<{T}>`",
    label = "expected `Option<{T}>`, found `{Self}`",
    note = "`None` leaves the field as it is"
)]
pub trait ChangeOf<T> {
    /// Writes it, if it is there.
    fn write_to(self, field: &mut T);
}

#[diagnostic::do_not_recommend]
impl<T> ChangeOf<T> for Option<T> {
    fn write_to(self, field: &mut T) {
        if let Some(value) = self {
            *field = value;
        }
    }
}

/// The table that a `belongs_to` leads to; compiles if its key fits into the column or columns of the foreign key.
pub const fn target<To: Model, ForeignKey: RefersTo<To::Key>>() -> &'static Table {
    To::TABLE
}

/// Compiles if the values of a field fit into the foreign key that refers to its column.
pub const fn refers<ForeignKey: RefersToColumn<T>, To, T>(_: fn(&To) -> &T) {}

/// The type of a constant that every model has, which says of a struct whether it is one. It is known before `leads_back`
/// is asked: else rustc would infer it from what was asked.
#[derive(Debug)]
pub struct Mark<M>(PhantomData<M>);

/// The mark of a constant.
pub const fn mark<M>(_: &M) -> Mark<M> {
    Mark(PhantomData)
}

impl<M> Mark<M> {
    /// Compiles if the relationship is one of `Child` that leads to `Owner`, or if `Child` is no model, which is reported
    /// elsewhere.
    pub const fn leads_back<Child, Owner, R: LeadsBack<Child, Owner, M>>(&self, _: &R) {}
}

// What `via` names, as a description, and the place of a column that a relationship names. Where it is no relationship, or the
// model has no such field, that has been reported, and this is of no consequence: a second error would be about a type that the
// user has not written.

impl<From, To, Shape> crate::model::Relation<From, To, Shape> {
    #[doc(hidden)]
    pub const fn __via(&self) -> &'static RelationInfo {
        self.info()
    }

    #[doc(hidden)]
    pub const fn __position(&self) -> u16 {
        no_column()
    }
}

impl<S, T> Column<S, T> {
    #[doc(hidden)]
    pub const fn __via(&self) -> &'static RelationInfo {
        nothing()
    }

    #[doc(hidden)]
    pub const fn __position(&self) -> u16 {
        self.position()
    }
}

impl crate::model::NothingOfThisName {
    #[doc(hidden)]
    pub const fn __via(&self) -> &'static RelationInfo {
        nothing()
    }

    #[doc(hidden)]
    pub const fn __position(&self) -> u16 {
        no_column()
    }
}

/// The place of a field that is there and has no constant.
const fn no_column() -> u16 {
    panic!("this field is skipped, so it is no column")
}

/// The description of nothing, after a mistake.
const fn nothing() -> &'static RelationInfo {
    static TABLE: Table = broken_table("", "", || never());
    static RELATION: RelationInfo = broken(&TABLE);
    &RELATION
}

/// Compiles if the relationship is a `many_to_many` of `Other` that leads to `M`, and one that a relationship of the shape `Own`
/// can be the other side of.
pub const fn links_back<Other, M, Own, R: LinksBack<Other, M, Own>>(_: &R) {}

/// The other side's two ends of a `many_to_many`: from here, near is what is far from there. That it is one `links_back`
/// sees to.
pub const fn other_side(relation: &'static RelationInfo) -> RelationKind {
    match relation.kind {
        RelationKind::ManyToMany { near, far } => RelationKind::ManyToMany {
            near: far,
            far: near,
        },
        _ => RelationKind::ManyToMany {
            near: relation,
            far: relation,
        },
    }
}

/// Compiles if there is such a field, whose column members are ordered by.
pub const fn field<To, T>(_: fn(&To) -> &T) {}

/// The condition of a relationship on its target `M`, as the layers below `expr` keep it.
pub fn condition<M: Model, C: ConditionOf<M, I>, I>(condition: C) -> Box<dyn Any> {
    Box::new(condition.into_node())
}

/// A condition on rows of `M` alone.
#[diagnostic::on_unimplemented(
    message = "the `filter` of this relationship gives no condition on `{M}`",
    label = "expected a function that gives a `Filter<{M}>`",
    note = "it may use the columns of `{M}`, and `any(..)` or `has(..)` of its relationships"
)]
pub trait ConditionOf<M, I>: Condition {}

#[diagnostic::do_not_recommend]
impl<M: Model, I, C: Condition + Within<(M, ()), I> + PerRow> ConditionOf<M, I> for C {}

/// The arena of a link table without a struct, which has no entities.
pub fn no_entities() -> Box<dyn Any> {
    unreachable!("rows of a link table without a struct are no entities")
}

/// The description of a relationship of a model whose derive has reported a mistake. Never seen by running code.
pub const fn broken(table: &'static Table) -> RelationInfo {
    RelationInfo {
        name: "",
        index: 0,
        from: table,
        to: table,
        kind: RelationKind::BelongsTo(crate::model::ForeignKey {
            columns: &[],
            references: None,
            on_delete: crate::model::OnDelete::NoAction,
            deferred: false,
        }),
        cascade: crate::model::Cascade {
            delete: false,
            delete_orphan: false,
            passive_deletes: false,
        },
        members: Members::ALL,
    }
}

/// The description of a table whose derive has reported a mistake. Never seen by running code.
pub const fn broken_table(
    model: &'static str,
    name: &'static str,
    arena: fn() -> Box<dyn Any>,
) -> Table {
    Table {
        model,
        schema: None,
        name,
        columns: &[],
        primary_key: &[],
        version: None,
        relations: &[],
        uniques: &[],
        deferred_uniques: &[],
        indexes: &[],
        checks: &[],
        is_bare_link: false,
        arena,
        knot: crate::model::Knot::new(),
    }
}

/// The description of a rowset's columns. The database has no such table.
pub const fn rowset(
    model: &'static str,
    name: &'static str,
    columns: &'static [ColumnInfo],
) -> Table {
    let mut table = broken_table(model, name, no_arena);
    table.columns = columns;
    table
}

/// A column of which nothing is said but its name and its type.
pub const fn column<T>(field: &'static str, name: &'static str, codec: &Codec<T>) -> ColumnInfo {
    ColumnInfo {
        field,
        name,
        ty: codec.ty,
        declared: None,
        nullable: codec.nullable,
        identity: false,
        server_default: None,
        computed: None,
        on_update: crate::model::OnUpdate::Keep,
        unique: false,
    }
}

/// A session keeps entities, and a rowset is none.
fn no_arena() -> Box<dyn Any> {
    Box::new(())
}

/// The position of a `belongs_to` among its model's relationships.
pub const fn place(relation: &RelationInfo) -> u16 {
    relation.index
}

/// Where the columns of a model stand in a result.
///
/// # Errors
/// When one is missing.
pub fn positions(table: &Table, columns: &ColumnNames<'_>) -> Result<Vec<usize>, Error> {
    let mut at = Positions::new(table.model, columns);
    for column in table.columns {
        at.column(column.name)?;
    }
    Ok(at.finish())
}

/// Reads a model whose columns stand at these positions.
///
/// # Errors
/// [`Error::Decode`], which names the table and the column.
pub fn read_at<M: Model>(row: &Row, positions: &[usize]) -> Result<M, Error> {
    M::read(&mut RowReader::of_columns(row, positions))
}

/// Adds a model's table to a registry.
pub fn register(registry: &mut crate::schema::Registry, table: &'static Table) {
    registry.push(table);
}

/// Stands where code would, after a mistake.
pub fn never() -> ! {
    unreachable!("a derive has reported a mistake, so this was never compiled")
}

/// What `on_update` gives: a method call on an array needs traits that a user's module may not have in scope.
pub fn values<const N: usize>(
    values: [(u16, crate::types::Param); N],
) -> Vec<(u16, crate::types::Param)> {
    values.into()
}

/// What `sql_function!` makes of a function.
pub fn function<T, Uses>(name: &'static str, arguments: Vec<Node>) -> Expr<T, Uses> {
    crate::expr::function::function(name, arguments)
}

/// What `sql_function!` makes of an aggregate.
pub fn aggregate<T, Uses>(name: &'static str, arguments: Vec<Node>) -> Expr<T, Agg<Uses>> {
    crate::expr::function::aggregate(name, arguments)
}

/// How a struct inside another is read.
pub const fn inner<R: crate::model::FromRow>() -> Inner<R> {
    Inner::new()
}

/// Selects a column for a field of a struct; compiles if its values fit into the field.
pub fn list_column<Field, S: Selectable, T: SqlType + FitsField<Field>>(
    items: &mut Vec<Item>,
    column: Column<S, T>,
) {
    items.push(Item::Expr(column.node()));
}

/// Selects the columns of a struct inside another.
pub fn list_nested<R: Listed>(items: &mut Vec<Item>) {
    R::push_to(items);
}
