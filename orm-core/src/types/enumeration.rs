//! [`DbEnum`]: a Rust enum that is a native PostgreSQL enum. `#[derive(DbEnum)]` implements it, and writes a
//! [`SqlType`] that calls the functions here.

use bytes::{BufMut, BytesMut};

use super::scalar::show_text;
use super::{DecodeError, PgType, Raw, SqlType, TypeKind};

/// A Rust enum that PostgreSQL knows as an enum type (`CREATE TYPE .. AS ENUM`).
///
/// SQLAlchemy: `Enum(PythonEnum)`. Derive it; `create_all` creates the type before the tables that use it.
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
pub fn encode_enum<E: DbEnum>(value: E, out: &mut BytesMut) -> bool {
    out.put_slice(value.label().as_bytes());
    true
}

/// Reads an enum from its label. Called by derived code.
///
/// # Errors
/// NULL, and a label that the Rust enum does not have.
pub fn decode_enum<E: DbEnum>(raw: Raw<'_>) -> Result<E, DecodeError> {
    let bytes = raw.bytes.ok_or_else(DecodeError::null::<E>)?;
    let label = std::str::from_utf8(bytes)
        .map_err(|_| DecodeError::malformed::<E>("the label is not UTF-8"))?;
    E::from_label(label).ok_or_else(|| {
        DecodeError(format!(
            "`{label}` is not a label of the Rust enum, which has {}",
            E::LABELS.join(", ")
        ))
    })
}
