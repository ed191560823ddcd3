//! [`Param`]: one value on its way to a statement. The expression layer makes them, the engine binds them.

use bytes::{BufMut, Bytes, BytesMut};
use tokio_postgres::types::{IsNull, Kind, ToSql, Type};

use super::{PgType, SqlType};

/// One encoded value and the type it was encoded as.
///
/// Encoding happens where the value's Rust type is still known, so that everything behind (nodes, statements, the
/// engine) carries bytes and needs neither type parameters nor boxes. Its `Debug` hides the value.
#[derive(Clone)]
pub struct Param {
    ty: &'static PgType,
    bytes: Option<Bytes>,
}

impl Param {
    /// Encodes a value.
    pub fn new<T: SqlType>(value: &T) -> Self {
        let mut out = BytesMut::new();
        let bytes = value.encode(&mut out).then(|| out.freeze());
        Param {
            ty: T::TYPE,
            bytes,
        }
    }

    /// A value that is already in the binary form of `ty`; `None` is NULL.
    pub fn from_bytes(ty: &'static PgType, bytes: Option<Bytes>) -> Self {
        Param { ty, bytes }
    }

    /// The type that the value was encoded as.
    pub fn pg_type(&self) -> &'static PgType {
        self.ty
    }

    /// The binary form; `None` is NULL.
    pub fn bytes(&self) -> Option<&[u8]> {
        self.bytes.as_deref()
    }

    /// The value as PostgreSQL would print it, for those who asked to see values.
    pub fn show(&self) -> String {
        match &self.bytes {
            None => "NULL".to_owned(),
            Some(bytes) => {
                let mut out = String::new();
                (self.ty.show)(bytes, &mut out);
                out
            }
        }
    }

    /// The type to announce to the server when the statement is prepared; `UNKNOWN` leaves it to the server.
    pub fn declared_type(&self) -> Type {
        if self.ty.declared {
            Type::from_oid(self.ty.oid).unwrap_or(Type::UNKNOWN)
        } else {
            Type::UNKNOWN
        }
    }
}

impl std::fmt::Debug for Param {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "<{}>", self.ty.name)
    }
}

/// The driver's side: the value's bytes, in the variant that the server's idea of the parameter's type asks for.
impl ToSql for Param {
    fn to_sql(
        &self,
        expected: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        let Some(bytes) = &self.bytes else {
            return Ok(IsNull::Yes);
        };
        match (expected.kind(), self.ty.element()) {
            (Kind::Array(member), Some(element)) => put_array(bytes, element, member, out),
            (_, None) => {
                if !self.ty.declared && !shares_text_form(expected) {
                    return Err(format!(
                        "PostgreSQL expects a value of type `{}` here and was given `{}`",
                        expected.name(),
                        self.ty.name
                    )
                    .into());
                }
                put_scalar(bytes, self.ty, expected, out);
            }
            (_, Some(_)) => {
                return Err(format!(
                    "PostgreSQL expects a value of type `{}` here and was given an array",
                    expected.name()
                )
                .into());
            }
        }
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn to_sql_checked(
        &self,
        expected: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        self.to_sql(expected, out)
    }
}

/// The types whose binary form is their text, and `jsonb`, whose is its text behind a version number.
fn shares_text_form(ty: &Type) -> bool {
    match ty.kind() {
        Kind::Enum(_) => true,
        Kind::Domain(inner) => shares_text_form(inner),
        _ => {
            matches!(
                *ty,
                Type::TEXT
                    | Type::VARCHAR
                    | Type::BPCHAR
                    | Type::NAME
                    | Type::UNKNOWN
                    | Type::JSON
                    | Type::JSONB
                    | Type::XML
            ) || matches!(ty.name(), "citext" | "ltree" | "lquery" | "ltxtquery")
        }
    }
}

/// `jsonb`'s binary form is a version number, 1, before the text.
fn put_scalar(bytes: &[u8], given: &PgType, expected: &Type, out: &mut BytesMut) {
    if *expected == Type::JSONB && !given.declared {
        out.put_u8(1);
    }
    out.put_slice(bytes);
}

/// An array names its elements' type in its head, and the server insists on its own name for it.
fn put_array(bytes: &[u8], element: &PgType, member: &Type, out: &mut BytesMut) {
    const ELEMENT_OID: std::ops::Range<usize> = 8..12;
    let start = out.len();
    if *member != Type::JSONB || element.declared {
        out.put_slice(bytes);
    } else {
        put_jsonb_elements(bytes, out);
    }
    out[start..][ELEMENT_OID].copy_from_slice(&member.oid().to_be_bytes());
}

fn put_jsonb_elements(bytes: &[u8], out: &mut BytesMut) {
    let dimensions = i32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) as usize;
    let head = 12 + dimensions * 8;
    out.put_slice(&bytes[..head]);
    let mut rest = &bytes[head..];
    while let Some((length, tail)) = rest.split_first_chunk::<4>() {
        let length = i32::from_be_bytes(*length);
        if length < 0 {
            out.put_i32(length);
            rest = tail;
        } else {
            let (element, tail) = tail.split_at(length as usize);
            out.put_i32(length + 1);
            out.put_u8(1);
            out.put_slice(element);
            rest = tail;
        }
    }
}
