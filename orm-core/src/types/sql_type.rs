//! [`SqlType`]: what makes a Rust type storable in a column; and [`PgType`], the PostgreSQL type it is stored as.

use std::fmt;

use bytes::BytesMut;

/// A PostgreSQL type, as the parameters and the table descriptions need to know it.
///
/// One constant of this type stands behind every [`SqlType`]; nobody builds one at run time.
///
/// ```
/// use orm_core::types::SqlType;
///
/// assert_eq!((i64::TYPE.name, i64::TYPE.oid), ("int8", 20));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct PgType {
    /// The name of the type, without schema and quotes: `int4`, `text`, `order_status`, `int4[]`. For SQL use
    /// `Display`, which quotes the name where that is needed.
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
///
/// ```
/// use orm_core::types::{SqlType, TypeKind};
///
/// assert!(matches!(guide_shop::OrderStatus::TYPE.kind, TypeKind::Enum(["open", "paid", "shipped"])));
/// ```
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
    /// One of PostgreSQL's own types that is not an array.
    pub(super) const fn built_in(
        name: &'static str,
        oid: u32,
        declared: bool,
        show: fn(&[u8], &mut String),
    ) -> Self {
        PgType {
            name,
            schema: None,
            oid,
            kind: TypeKind::Scalar,
            declared,
            show,
        }
    }

    /// A value of this type, as if it had come off the wire.
    pub(crate) fn raw<'a>(&self, bytes: Option<&'a [u8]>) -> Raw<'a> {
        Raw::new(bytes, self.oid, self.name)
    }

    /// The array elements' type, where this is an array.
    ///
    /// ```
    /// use orm_core::types::SqlType;
    ///
    /// assert_eq!(Vec::<i64>::TYPE.element().map(|element| element.name), Some("int8"));
    /// ```
    pub const fn element(&self) -> Option<&'static PgType> {
        match self.kind {
            TypeKind::Array(element) => Some(element),
            _ => None,
        }
    }
}

/// The type as SQL text, for a cast or a column's definition.
///
/// ```
/// use orm_core::types::{SqlType, enum_type};
///
/// assert_eq!(i32::TYPE.to_string(), "int4");
/// assert_eq!(Vec::<i32>::TYPE.to_string(), "int4[]");
/// assert_eq!(enum_type("order", Some("shop"), &[]).to_string(), r#""shop"."order""#);
/// ```
impl fmt::Display for PgType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
        match self.kind {
            TypeKind::Array(element) => write!(f, "{element}[]"),
            // PostgreSQL's own names need no quotes; a user's may be a keyword or have capitals.
            TypeKind::Scalar if self.schema.is_none() => f.write_str(self.name),
            TypeKind::Scalar | TypeKind::Enum(_) => {
                if let Some(schema) = self.schema {
                    write!(f, "{}.", quoted(schema))?;
                }
                f.write_str(&quoted(self.name))
            }
        }
    }
}

/// A value as it came off the wire: its bytes (`None` is NULL), and the type that the server sent it as.
///
/// ```
/// use orm_core::types::{Raw, SqlType};
///
/// let number = Raw::new(Some(&[0, 0, 0, 42]), 23, "int4");
/// assert_eq!((number.oid, number.type_name()), (23, "int4"));
/// assert_eq!(i32::decode(number), Ok(42));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Raw<'a> {
    /// The binary form of the value; `None` is NULL.
    pub bytes: Option<&'a [u8]>,
    /// The server's number of the value's type.
    pub oid: u32,
    name: Name<'a>,
}

/// A type's name. The driver looks it up in a table of all types, and of most values nobody asks for it.
#[derive(Debug, Clone, Copy)]
enum Name<'a> {
    Known(&'a str),
    Of(&'a tokio_postgres::types::Type),
}

impl<'a> Raw<'a> {
    /// A value of the type with this number and name.
    pub const fn new(bytes: Option<&'a [u8]>, oid: u32, type_name: &'a str) -> Self {
        let name = Name::Known(type_name);
        Raw { bytes, oid, name }
    }

    /// A value in a column of a result.
    pub(crate) fn in_column(bytes: Option<&'a [u8]>, ty: &'a tokio_postgres::types::Type) -> Self {
        Raw {
            bytes,
            oid: ty.oid(),
            name: Name::Of(ty),
        }
    }

    /// The server's name of the value's type, for messages and for types without a fixed number.
    pub fn type_name(&self) -> &'a str {
        match self.name {
            Name::Known(name) => name,
            Name::Of(ty) => ty.name(),
        }
    }

    /// The value's bytes, for a type that has no place for NULL.
    pub(super) fn not_null<T>(&self) -> Result<&'a [u8], DecodeError> {
        self.bytes.ok_or_else(DecodeError::null::<T>)
    }

    /// The bytes of a type that always takes `N` of them.
    #[inline]
    pub(super) fn exactly<T, const N: usize>(&self) -> Result<[u8; N], DecodeError> {
        let bytes = self.not_null::<T>()?;
        <[u8; N]>::try_from(bytes).map_err(|_| DecodeError::of_another_length::<T>(N, bytes.len()))
    }
}

/// `PgType::show` for a type whose `Display` is PostgreSQL's text form.
pub(super) fn show_display<T: SqlType + fmt::Display>(bytes: &[u8], out: &mut String) {
    match decode_own::<T>(bytes) {
        Ok(value) => out.push_str(&value.to_string()),
        Err(_) => out.push_str(MALFORMED),
    }
}

/// Reads back what `T` itself encoded.
pub(super) fn decode_own<T: SqlType>(bytes: &[u8]) -> Result<T, DecodeError> {
    T::decode(T::TYPE.raw(Some(bytes)))
}

/// What `show` writes for bytes that are not of the type; PostgreSQL refuses it for all but text.
pub(super) const MALFORMED: &str = "<malformed>";

/// Why a value off the wire could not become the Rust type that was asked for.
///
/// The row reader adds the table and the column and makes it an `Error::Decode`. The text names types and says what to do;
/// it holds no value of the row.
///
/// ```
/// use orm_core::types::{DecodeError, Raw, SqlType};
///
/// let bytes = 7_i64.to_be_bytes();
/// let count = Raw::new(Some(&bytes), 20, "int8");
/// assert_eq!(i64::decode(count), Ok(7));
/// assert_eq!(
///     i32::decode(count).unwrap_err().to_string(),
///     "PostgreSQL's type is `int8`, which a Rust `i32` cannot be read from",
/// );
///
/// let null = Raw::new(None, 20, "int8");
/// assert_eq!(i64::decode(null), Err(DecodeError::null::<i64>()));
/// assert_eq!(Option::<i64>::decode(null), Ok(None));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodeError(
    /// What is wrong, and what to do. Where, the row reader adds.
    pub String,
);

impl DecodeError {
    /// A NULL arrived where the Rust type has no place for it.
    ///
    /// ```
    /// use orm_core::types::DecodeError;
    ///
    /// assert_eq!(DecodeError::null::<i32>().to_string(), "the value is NULL, and `i32` cannot hold it: make the field an `Option`");
    /// ```
    #[cold]
    pub fn null<T>() -> Self {
        DecodeError(format!(
            "the value is NULL, and `{}` cannot hold it: make the field an `Option`",
            short_type_name::<T>()
        ))
    }

    /// The server sent a type that the Rust type does not read.
    ///
    /// ```
    /// use orm_core::types::{DecodeError, Raw};
    ///
    /// let raw = Raw::new(None, 25, "text");
    /// let why = DecodeError::type_mismatch::<i32>(&raw).to_string();
    /// assert_eq!(why, "PostgreSQL's type is `text`, which a Rust `i32` cannot be read from");
    /// ```
    #[cold]
    pub fn type_mismatch<T>(raw: &Raw<'_>) -> Self {
        DecodeError(format!(
            "PostgreSQL's type is `{}`, which a Rust `{}` cannot be read from",
            raw.type_name(),
            short_type_name::<T>()
        ))
    }

    /// The bytes are of the right type and make no value of it.
    ///
    /// ```
    /// use orm_core::types::DecodeError;
    ///
    /// // In a `decode` of your own: which type, and what is wrong, but never the value.
    /// assert_eq!(DecodeError::malformed::<i32>("no address has two `@`").to_string(), "`i32`: no address has two `@`");
    /// ```
    #[cold]
    pub fn malformed<T>(why: &str) -> Self {
        DecodeError(format!("`{}`: {why}", short_type_name::<T>()))
    }

    #[cold]
    fn of_another_length<T>(expected: usize, came: usize) -> Self {
        Self::malformed::<T>(&format!("{expected} bytes were expected and {came} came"))
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `alloc::vec::Vec<core::option::Option<i32>>` as a user writes it: `Vec<Option<i32>>`.
pub(super) fn short_type_name<T>() -> String {
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

/// A Rust type that a column can hold. SQLAlchemy: `TypeEngine`.
///
/// Implemented for `bool`, `i16`, `i32`, `i64`, `f32`, `f64`, `String`, `Vec<u8>`; with the features of their names for
/// `Decimal`, `Uuid`, `DateTime<Utc>`, `NaiveDateTime`, `NaiveDate`, `NaiveTime`, `serde_json::Value` and
/// `Json<T>`; for [`Interval`](super::Interval), [`PgRange`](super::PgRange), [`Multirange`](super::Multirange), `IpAddr`,
/// [`Inet`](super::Inet) and [`Cidr`](super::Cidr); for enums with `#[derive(DbEnum)]`; and for `Vec<T>` and `Option<T>` of all of these.
///
/// A type of your own can borrow another's form. SQLAlchemy: `TypeDecorator`.
///
/// ```
/// use orm_core::types::{BytesMut, DecodeError, Param, PgType, Raw, SqlType};
///
/// #[derive(Debug, Clone, PartialEq)]
/// struct Email(String);
///
/// impl SqlType for Email {
///     type Base = Self;
///     type Nullify<U: SqlType> = U;
///     const TYPE: &'static PgType = String::TYPE;
///
///     fn encode(&self, out: &mut BytesMut) -> bool {
///         self.0.encode(out)
///     }
///
///     fn decode(raw: Raw<'_>) -> Result<Self, DecodeError> {
///         match String::decode(raw)? {
///             text if text.contains('@') => Ok(Email(text)),
///             _ => Err(DecodeError::malformed::<Self>("there is no `@` in it")),
///         }
///     }
///
///     fn same(&self, other: &Self) -> bool {
///         self == other
///     }
/// }
///
/// assert_eq!(Param::new(&Email("ann@example.org".into())).show(), "ann@example.org");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be stored in a column",
    label = "no PostgreSQL type is known for `{Self}`",
    note = "for an enum of your own: `#[derive(DbEnum)]`; for a struct kept as JSON: `Json<{Self}>` (feature `json`)",
    note = "a row of another table is no column: a `belongs_to(..)` on the key's field leads there, a `has_many(..)` or `has_one(..)` on the struct back",
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
///
/// ```
/// use orm_core::types::KeyPart;
///
/// fn is_key<T: KeyPart>(key: T) -> T {
///     key
/// }
/// assert_eq!(is_key(7), 7);
/// assert_eq!(is_key("a7".to_owned()), "a7");
/// ```
///
/// A float is none, for its NaN equals nothing in Rust and itself in PostgreSQL:
///
/// ```compile_fail,E0277
/// fn is_key<T: orm_core::types::KeyPart>(_: T) {}
/// is_key(1.5);
/// ```
///
/// Two column types compare more loosely than Rust's `String` and are poor keys: `citext` (`A` = `a`) and `char(n)` (blanks
/// at the end do not count).
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a primary key",
    label = "equal keys must be equal in Rust and in PostgreSQL",
    note = "integers, `String`, `Uuid`, `bool`, dates and native enums can"
)]
pub trait KeyPart: SqlType + Eq + std::hash::Hash + Ord {}

/// A column type that `+`, `-`, `*` and `/` work on: integers, floats and `Decimal`.
///
/// ```
/// fn is_number<T: orm_core::types::Numeric>(_: T) {}
/// is_number(7);
/// is_number(1.5);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a number, so it cannot be calculated with in SQL",
    label = "`+`, `-`, `*` and `/` need a numeric column or expression"
)]
pub trait Numeric: SqlType {}
