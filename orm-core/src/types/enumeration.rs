//! [`DbEnum`]: a Rust enum that is a native PostgreSQL enum. `#[derive(DbEnum)]` implements it, and writes a
//! [`SqlType`] that calls the functions here.

use bytes::{BufMut, BytesMut};

use super::array::show_array;
use super::scalar::{read_text, show_text};
use super::{DecodeError, Element, KeyPart, PgType, Raw, SqlType, TypeKind};

/// A Rust enum that PostgreSQL knows as an enum type (`CREATE TYPE .. AS ENUM`).
///
/// SQLAlchemy: `Enum(PythonEnum)`. Derive it; `create_all` creates the type before the tables that use it. What the derive
/// writes is no more than this:
///
/// ```
/// use orm_core::types::{
///     BytesMut, DbEnum, DecodeError, Param, PgType, Raw, SqlType, decode_enum, encode_enum, enum_type,
/// };
///
/// #[derive(Debug, Clone, Copy, PartialEq, Eq)]
/// enum Status {
///     Open,
///     Done,
/// }
///
/// impl DbEnum for Status {
///     const NAME: &'static str = "status";
///     const LABELS: &'static [&'static str] = &["open", "done"];
///
///     fn label(self) -> &'static str {
///         match self {
///             Status::Open => "open",
///             Status::Done => "done",
///         }
///     }
///
///     fn from_label(label: &str) -> Option<Self> {
///         match label {
///             "open" => Some(Status::Open),
///             "done" => Some(Status::Done),
///             _ => None,
///         }
///     }
/// }
///
/// impl SqlType for Status {
///     type Base = Self;
///     type Nullify<U: SqlType> = U;
///     const TYPE: &'static PgType = &enum_type(Self::NAME, None, Self::LABELS);
///
///     fn encode(&self, out: &mut BytesMut) -> bool {
///         encode_enum(*self, out)
///     }
///
///     fn decode(raw: Raw<'_>) -> Result<Self, DecodeError> {
///         decode_enum(raw)
///     }
///
///     fn same(&self, other: &Self) -> bool {
///         self == other
///     }
/// }
///
/// assert_eq!(Param::new(&Status::Open).show(), "open");
/// // Arrays come with it.
/// assert_eq!(Vec::<Status>::TYPE.name, "status[]");
/// assert_eq!(Param::new(&vec![Status::Open, Status::Done]).show(), "{open,done}");
/// ```
///
/// With `Hash` and `Ord` derived as well, an enum can be (part of) a primary key.
pub trait DbEnum: SqlType + Copy + Eq {
    /// The name of the type in the database.
    const NAME: &'static str;
    /// The labels in their order, which is also their order in comparisons.
    const LABELS: &'static [&'static str];
    /// This variant's label.
    fn label(self) -> &'static str;
    /// The variant of a label.
    fn from_label(label: &str) -> Option<Self>;
}

/// The description of an enum's PostgreSQL type. Called by derived code.
///
/// ```
/// use orm_core::types::enum_type;
///
/// assert_eq!(enum_type("mood", Some("shop"), &["good", "bad"]).to_string(), r#""shop"."mood""#);
/// ```
pub const fn enum_type(
    name: &'static str,
    schema: Option<&'static str>,
    labels: &'static [&'static str],
) -> PgType {
    PgType {
        name,
        schema,
        oid: 0,
        kind: TypeKind::Enum(labels),
        declared: false,
        show: show_text,
    }
}

/// Encodes an enum as its label. Called by derived code.
///
/// ```
/// use guide_shop::OrderStatus;
/// use orm_core::types::{BytesMut, encode_enum};
///
/// let mut out = BytesMut::new();
/// assert!(encode_enum(OrderStatus::Paid, &mut out));
/// assert_eq!(&out[..], b"paid");
/// ```
pub fn encode_enum<E: DbEnum>(value: E, out: &mut BytesMut) -> bool {
    out.put_slice(value.label().as_bytes());
    true
}

/// Reads an enum from its label. Called by derived code.
///
/// ```
/// use guide_shop::OrderStatus;
/// use orm_core::types::{Raw, decode_enum};
///
/// let raw = |label: &'static str| Raw::new(Some(label.as_bytes()), 16_500, "order_status");
/// assert_eq!(decode_enum(raw("paid")), Ok(OrderStatus::Paid));
/// assert!(decode_enum::<OrderStatus>(raw("lost")).is_err());
/// ```
///
/// # Errors
/// NULL, a type that is neither an enum nor text, and a label that the Rust enum does not have. It is named where the column is
/// of the enum's type: labels belong to the schema, and what to add to the Rust enum is the first question. Text of a column
/// of another type is a value of the row, and no message has that.
pub fn decode_enum<E: DbEnum>(raw: Raw<'_>) -> Result<E, DecodeError> {
    let label = read_text::<E>(raw)?;
    E::from_label(label).ok_or_else(|| {
        let labels = E::LABELS.join(", ");
        DecodeError(if raw.type_name() == E::NAME {
            format!("`{label}` is not a label of the Rust enum, which has {labels}")
        } else {
            format!(
                "a `{}` is not a label of the Rust enum, which has {labels}",
                raw.type_name()
            )
        })
    })
}

/// Every enum can be kept in an array column.
// To a type that is no element, the compiler would otherwise speak of `DbEnum`.
#[diagnostic::do_not_recommend]
impl<E: DbEnum> Element for E {
    const ARRAY: &'static PgType = &PgType {
        name: ArrayName::<E>::NAME,
        schema: E::TYPE.schema,
        oid: 0,
        kind: TypeKind::Array(E::TYPE),
        declared: false,
        show: show_array::<E>,
    };
}

/// Every enum that can be compared and hashed can be a key.
#[diagnostic::do_not_recommend]
impl<E: DbEnum + std::hash::Hash + Ord> KeyPart for E {}

/// The name `order_status[]`, put together at compile time from `order_status`.
struct ArrayName<E>(std::marker::PhantomData<E>);

impl<E: DbEnum> ArrayName<E> {
    // Longer than any name that PostgreSQL keeps, which is 63 bytes.
    const BYTES: [u8; 256] = {
        let name = E::NAME.as_bytes();
        let mut bytes = [0; 256];
        let mut at = 0;
        while at < name.len() {
            bytes[at] = name[at];
            at += 1;
        }
        bytes[at] = b'[';
        bytes[at + 1] = b']';
        bytes
    };

    const NAME: &'static str = match std::str::from_utf8(Self::BYTES.split_at(E::NAME.len() + 2).0)
    {
        Ok(name) => name,
        Err(_) => unreachable!(),
    };
}
