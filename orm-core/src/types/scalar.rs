//! The types that every program has: `bool`, integers, floats, `String` and `Vec<u8>`.
//!
//! PostgreSQL's binary form of a number is the number, highest byte first; of a text, its bytes in UTF-8. A column may be
//! read into a wider type of the same kind, because nothing can be lost:
//!
//! | Rust | is sent as | is also read from |
//! | --- | --- | --- |
//! | `bool` | `bool` | |
//! | `i16` | `int2` | |
//! | `i32` | `int4` | `int2` |
//! | `i64` | `int8` | `int4`, `int2` |
//! | `f32` | `float4` | |
//! | `f64` | `float8` | `float4` |
//! | `String` | `text` | `varchar`, `char(n)`, `name`, `citext`, `xml`, enums |
//! | `Vec<u8>` | `bytea` | |
//!
//! A narrower type is refused even where the value at hand would fit, so that a program does not begin to fail on the day
//! when the numbers have grown.

use std::fmt::Write;

use bytes::{BufMut, BytesMut};

use super::array::array_of;
use super::sql_type::show_display;
use super::{DecodeError, Element, KeyPart, Numeric, PgType, Raw, SqlType};

const BOOL: u32 = 16;
const BYTEA: u32 = 17;
const NAME: u32 = 19;
const INT8: u32 = 20;
const INT2: u32 = 21;
const INT4: u32 = 23;
const TEXT: u32 = 25;
const XML: u32 = 142;
const FLOAT4: u32 = 700;
const FLOAT8: u32 = 701;
const UNKNOWN: u32 = 705;
const BPCHAR: u32 = 1042;
const VARCHAR: u32 = 1043;

/// The types that users and extensions create are numbered from here.
const FIRST_USER_TYPE: u32 = 16384;

impl SqlType for bool {
    type Base = Self;
    type Nullify<U: SqlType> = U;
    const TYPE: &'static PgType = &PgType::built_in("bool", BOOL, true, show_display::<Self>);

    fn encode(&self, out: &mut BytesMut) -> bool {
        out.put_u8(u8::from(*self));
        true
    }

    fn decode(raw: Raw<'_>) -> Result<Self, DecodeError> {
        match raw.oid {
            BOOL => raw.exactly::<Self, 1>().map(|[byte]| byte != 0),
            _ => Err(DecodeError::type_mismatch::<Self>(&raw)),
        }
    }

    fn same(&self, other: &Self) -> bool {
        self == other
    }
}

impl Element for bool {
    const ARRAY: &'static PgType = &array_of::<Self>("bool[]", 1000);
}

impl KeyPart for bool {}

/// A number type: what it is called, which types it reads and through which Rust type, and when two values are the same.
macro_rules! number {
    (
        $rust:ty: $name:literal $oid:ident, array $array_name:literal $array_oid:literal,
        reads { $($read:ident as $wire:ty),+ }, same $same:expr
    ) => {
        impl SqlType for $rust {
            type Base = Self;
            type Nullify<U: SqlType> = U;
            const TYPE: &'static PgType = &PgType::built_in($name, $oid, true, show_display::<Self>);

            fn encode(&self, out: &mut BytesMut) -> bool {
                out.put_slice(&self.to_be_bytes());
                true
            }

            fn decode(raw: Raw<'_>) -> Result<Self, DecodeError> {
                match raw.oid {
                    $($read => raw.exactly::<Self, _>().map(<$wire>::from_be_bytes).map(Self::from),)+
                    _ => Err(DecodeError::type_mismatch::<Self>(&raw)),
                }
            }

            fn same(&self, other: &Self) -> bool {
                let same: fn(&Self, &Self) -> bool = $same;
                same(self, other)
            }
        }

        impl Element for $rust {
            const ARRAY: &'static PgType = &array_of::<Self>($array_name, $array_oid);
        }

        impl Numeric for $rust {}
    };
}

number!(i16: "int2" INT2, array "int2[]" 1005, reads { INT2 as i16 }, same i16::eq);
number!(i32: "int4" INT4, array "int4[]" 1007, reads { INT4 as i32, INT2 as i16 }, same i32::eq);
number!(i64: "int8" INT8, array "int8[]" 1016, reads { INT8 as i64, INT4 as i32, INT2 as i16 }, same i64::eq);

// To PostgreSQL NaN equals NaN, and -0.0 equals 0.0.
number!(f32: "float4" FLOAT4, array "float4[]" 1021, reads { FLOAT4 as f32 },
    same |a, b| a == b || (a.is_nan() && b.is_nan()));
number!(f64: "float8" FLOAT8, array "float8[]" 1022, reads { FLOAT8 as f64, FLOAT4 as f32 },
    same |a, b| a == b || (a.is_nan() && b.is_nan()));

impl KeyPart for i16 {}
impl KeyPart for i32 {}
impl KeyPart for i64 {}

/// Sent as `text` without saying so: the server takes the type of the column that the value meets, be it `varchar(20)`,
/// `citext` or an enum. A text that holds U+0000 is refused by PostgreSQL.
impl SqlType for String {
    type Base = Self;
    type Nullify<U: SqlType> = U;
    const TYPE: &'static PgType = &PgType::built_in("text", TEXT, false, show_text);

    fn encode(&self, out: &mut BytesMut) -> bool {
        out.put_slice(self.as_bytes());
        true
    }

    fn decode(raw: Raw<'_>) -> Result<Self, DecodeError> {
        read_text::<Self>(raw).map(str::to_owned)
    }

    fn same(&self, other: &Self) -> bool {
        self == other
    }
}

impl Element for String {
    const ARRAY: &'static PgType = &array_of::<Self>("text[]", 1009);
}

impl KeyPart for String {}

/// The text of a value that travels as its text.
#[inline]
pub(super) fn read_text<T>(raw: Raw<'_>) -> Result<&str, DecodeError> {
    let bytes = raw.not_null::<T>()?;
    let bytes = match raw.oid {
        TEXT | VARCHAR | BPCHAR | NAME | UNKNOWN | XML => bytes,
        _ => match (raw.oid, raw.type_name()) {
            (_, "citext") => bytes,
            // These put the version of their binary form, 1, before the text.
            (_, "ltree" | "lquery" | "ltxtquery") => bytes.strip_prefix(&[1]).unwrap_or(bytes),
            // An enum, or a text type of an extension. A composite or another binary form shows by its control characters.
            (FIRST_USER_TYPE.., _) if !bytes.iter().any(|byte| is_binary(*byte)) => bytes,
            // An enum's own encoding, which does not know the number that its server gave to it.
            (0, _) => bytes,
            _ => return Err(DecodeError::type_mismatch::<T>(&raw)),
        },
    };
    std::str::from_utf8(bytes).map_err(|_| DecodeError::malformed::<T>("the text is not UTF-8"))
}

fn is_binary(byte: u8) -> bool {
    byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r')
}

/// `PgType::show` for what travels as its text.
pub(super) fn show_text(bytes: &[u8], out: &mut String) {
    out.push_str(&String::from_utf8_lossy(bytes));
}

impl SqlType for Vec<u8> {
    type Base = Self;
    type Nullify<U: SqlType> = U;
    const TYPE: &'static PgType = &PgType::built_in("bytea", BYTEA, true, show_hex);

    fn encode(&self, out: &mut BytesMut) -> bool {
        out.put_slice(self);
        true
    }

    fn decode(raw: Raw<'_>) -> Result<Self, DecodeError> {
        match raw.oid {
            BYTEA => raw.not_null::<Self>().map(<[u8]>::to_vec),
            _ => Err(DecodeError::type_mismatch::<Self>(&raw)),
        }
    }

    fn same(&self, other: &Self) -> bool {
        self == other
    }
}

impl Element for Vec<u8> {
    const ARRAY: &'static PgType = &array_of::<Self>("bytea[]", 1001);
}

/// `\x68656c6c6f`
fn show_hex(bytes: &[u8], out: &mut String) {
    out.push_str("\\x");
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(out, "{byte:02x}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Param;
    use crate::types::sql_type::decode_own;

    fn raw<'a>(oid: u32, type_name: &'a str, bytes: &'a [u8]) -> Raw<'a> {
        Raw::new(Some(bytes), oid, type_name)
    }

    #[track_caller]
    fn round_trip<T: SqlType>(value: T, shown: &str) {
        let param = Param::new(&value);
        let back = decode_own::<T>(param.bytes().unwrap()).unwrap();
        assert!(back.same(&value), "{back:?} is not {value:?}");
        assert_eq!(param.show(), shown);
    }

    #[test]
    fn values_come_back_and_show_as_postgresql_prints_them() {
        round_trip(true, "true");
        round_trip(i16::MIN, "-32768");
        round_trip(i32::MAX, "2147483647");
        round_trip(i64::MIN, "-9223372036854775808");
        round_trip(1.5_f32, "1.5");
        round_trip(f64::NAN, "NaN");
        round_trip(f64::NEG_INFINITY, "-inf");
        round_trip(-0.0_f64, "-0");
        round_trip("it's {\"}".to_owned(), "it's {\"}");
        round_trip(vec![0_u8, 255], "\\x00ff");
    }

    #[test]
    fn a_wider_type_reads_a_narrower_one_and_never_the_other_way_round() {
        assert_eq!(
            i64::decode(raw(INT2, "int2", &(-2_i16).to_be_bytes())),
            Ok(-2)
        );
        assert_eq!(i32::decode(raw(INT2, "int2", &7_i16.to_be_bytes())), Ok(7));
        assert_eq!(
            f64::decode(raw(FLOAT4, "float4", &0.5_f32.to_be_bytes())),
            Ok(0.5)
        );
        assert_eq!(
            i32::decode(raw(INT8, "int8", &1_i64.to_be_bytes())).unwrap_err(),
            DecodeError(
                "PostgreSQL's type is `int8`, which a Rust `i32` cannot be read from".to_owned()
            )
        );
    }

    #[test]
    fn a_string_reads_text_and_enums_but_not_the_bytes_of_other_types() {
        assert_eq!(
            String::decode(raw(90_001, "citext", b"Ann")).as_deref(),
            Ok("Ann")
        );
        assert_eq!(
            String::decode(raw(90_002, "mood", b"happy")).as_deref(),
            Ok("happy")
        );
        assert_eq!(
            String::decode(raw(90_003, "ltree", b"\x01Top.Science")).as_deref(),
            Ok("Top.Science")
        );
        assert!(String::decode(raw(90_004, "hstore", &[0, 0, 0, 0])).is_err());
        assert!(String::decode(raw(INT4, "int4", b"abcd")).is_err());
    }

    #[test]
    fn null_and_wrong_lengths_are_errors() {
        let null = Raw::new(None, INT4, "int4");
        assert!(i32::decode(null).unwrap_err().0.contains("`Option`"));
        assert!(i32::decode(raw(INT4, "int4", &[1, 2])).is_err());
    }

    #[test]
    fn floats_are_the_same_where_postgresql_says_so() {
        assert!(f64::NAN.same(&f64::NAN));
        assert!(0.0_f32.same(&-0.0));
        assert!(!f64::NAN.same(&1.0));
    }
}
