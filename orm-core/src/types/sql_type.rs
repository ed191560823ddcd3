//! [`SqlType`]: what makes a Rust type storable in a column; and [`PgType`], the PostgreSQL type it is stored as.

use std::fmt;

use bytes::BytesMut;

/// A PostgreSQL type, as the parameters and the table descriptions need to know it.
///
/// One constant of this type stands behind every [`SqlType`]; nobody builds one at run time.
#[derive(Debug, Clone, Copy)]
pub struct PgType {
    /// The name of the type as it stands in a cast, without quotes: `int4`, `text`, `order_status`.
    pub name: &'static str,
    /// The schema of a user's own type, if it was stated.
    pub schema: Option<&'static str>,
    /// The type's number in PostgreSQL's catalogue, which is the same on every server; 0 where the server has to be
    /// asked (enums and extension types).
    pub oid: u32,
    /// What kind of type it is.
    pub kind: TypeKind,
    /// Whether a parameter of this type is announced to the server by its number. Types that share their binary form
    /// with relatives (`text` with `varchar`, `citext` and enums; `json` with `jsonb`) are left for the server to infer
    /// from where the parameter stands, so that `citext_column = $1` compares as citext.
    pub declared: bool,
    /// Writes an encoded value in PostgreSQL's text form, which PostgreSQL reads back as the same value: for array
    /// literals in batches, for `echo` and for debug views.
    pub show: fn(&[u8], &mut String),
}

/// What kind of type a [`PgType`] is.
#[derive(Debug, Clone, Copy)]
pub enum TypeKind {
    /// An ordinary type.
    Scalar,
    /// An array of the type named here.
    Array(&'static PgType),
    /// A native enum with these labels, in their order.
    Enum(&'static [&'static str]),
}

impl PgType {
    /// The array elements' type, where this is an array.
    pub const fn element(&self) -> Option<&'static PgType> {
        match self.kind {
            TypeKind::Array(element) => Some(element),
            _ => None,
        }
    }
}

/// A value as it came off the wire: its bytes (`None` is NULL) and the number of the type that the server sent it as.
#[derive(Debug, Clone, Copy)]
pub struct Raw<'a> {
    /// The binary form of the value; `None` is NULL.
    pub bytes: Option<&'a [u8]>,
    /// The server's number of the value's type.
    pub oid: u32,
    /// The server's name of the value's type, for messages and for types without a fixed number.
    pub type_name: &'a str,
}

/// Why a value off the wire could not become the Rust type that was asked for.
///
/// The row reader adds the table and the column and makes it [`Error::Decode`](crate::Error::Decode).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodeError(pub String);

impl DecodeError {
    /// A NULL arrived where the Rust type has no place for it.
    pub fn null<T>() -> Self {
        DecodeError(format!(
            "the value is NULL, and `{}` cannot hold it: make the field an `Option`",
            short_type_name::<T>()
        ))
    }

    /// The server sent a type that the Rust type does not read.
    pub fn type_mismatch<T>(raw: &Raw<'_>) -> Self {
        DecodeError(format!(
            "PostgreSQL's type is `{}`, which a Rust `{}` cannot be read from",
            raw.type_name,
            short_type_name::<T>()
        ))
    }

    /// The bytes are of the right type and make no value of it.
    pub fn malformed<T>(why: &str) -> Self {
        DecodeError(format!("`{}`: {why}", short_type_name::<T>()))
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `alloc::vec::Vec<core::option::Option<i32>>` as a user writes it: `Vec<Option<i32>>`.
fn short_type_name<T>() -> String {
    let full = std::any::type_name::<T>();
    let mut short = String::with_capacity(full.len());
    let mut start = 0;
    for (at, c) in full.char_indices() {
        if !(c.is_alphanumeric() || c == '_' || c == ':') {
            let path = &full[start..at];
            short.push_str(path.rsplit("::").next().unwrap_or(path));
            short.push(c);
            start = at + c.len_utf8();
        }
    }
    let path = &full[start..];
    short.push_str(path.rsplit("::").next().unwrap_or(path));
    short
}

/// A Rust type that a column can hold.
///
/// Implemented for `bool`, `i16`, `i32`, `i64`, `f32`, `f64`, `String`, `Vec<u8>`; with the features of their names for
/// `Decimal`, `Uuid`, `DateTime<Utc>`, `NaiveDateTime`, `NaiveDate`, `NaiveTime`, `serde_json::Value` and
/// [`Json<T>`](crate::types); for enums with `#[derive(DbEnum)]`; and for `Vec<T>` and `Option<T>` of all of these.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be stored in a column",
    label = "no PostgreSQL type is known for `{Self}`",
    note = "for an enum of your own: `#[derive(DbEnum)]`; for a struct kept as JSON: `Json<{Self}>` (feature `json`)",
    note = "`Decimal`, `Uuid`, `DateTime<Utc>` and `serde_json::Value` need orm-core's features `decimal`, `uuid`, `chrono` and `json`"
)]
pub trait SqlType: Sized + Clone + fmt::Debug + Send + Sync + 'static {
    /// The type without its `Option`: the type itself, for all but `Option<T>`.
    type Base: SqlType<Base = Self::Base>;

    /// `U`, as nullable as this type is: `U` itself, or `Option<U>` if this is an `Option`. It is how a comparison with
    /// a nullable column comes to be an `Option<bool>`.
    type Nullify<U: SqlType>: SqlType;

    /// The PostgreSQL type that values are sent as.
    const TYPE: &'static PgType;

    /// Whether the type has a place for NULL.
    const NULLABLE: bool = false;

    /// Appends the binary form of the value. Returns false, and appends nothing, for NULL.
    fn encode(&self, out: &mut BytesMut) -> bool;

    /// Reads the value from its binary form.
    ///
    /// # Errors
    /// A NULL, a type of another kind, or a value that the Rust type cannot hold.
    fn decode(raw: Raw<'_>) -> Result<Self, DecodeError>;

    /// Whether the database would see no difference between the two: what decides if a flush sends the column.
    /// Unlike `==` it holds for NaN and NaN.
    fn same(&self, other: &Self) -> bool;
}

/// A column type whose equality is the same in Rust and in PostgreSQL, so that it can be (part of) a primary key and
/// name an object in the identity map.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a primary key",
    label = "equal keys must be equal in Rust and in PostgreSQL",
    note = "integers, `String`, `Uuid`, `bool`, dates and native enums can"
)]
pub trait KeyPart: SqlType + Eq + std::hash::Hash + Ord {}

/// A column type that `+`, `-`, `*` and `/` work on.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a number, so it cannot be calculated with in SQL",
    label = "`+`, `-`, `*` and `/` need a numeric column or expression"
)]
pub trait Numeric: SqlType {}
