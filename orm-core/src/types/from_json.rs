//! A JSON value as the binary form of a column's type: what a document from outside becomes before the field's own type
//! reads it. Feature `json`.
//!
//! | PostgreSQL | JSON |
//! | --- | --- |
//! | `bool` | `true`, `false` |
//! | `int2`, `int4`, `int8` | a number without a fraction |
//! | `float4`, `float8` | a number |
//! | `numeric` | a number, or a string of one, which keeps every digit |
//! | `text` | a string |
//! | `bytea` | a string as PostgreSQL prints it: `"\\x00ff"` |
//! | enums | a string that is one of the labels |
//! | `uuid`, `inet` | a string of one |
//! | `date`, `time`, `timestamp` | a string: `"2024-05-06"`, `"07:08:09"`, `"2024-05-06T07:08:09"` |
//! | `timestamptz` | a string with an offset: `"2024-05-06T07:08:09Z"` |
//! | `jsonb` | anything |
//! | arrays | a list of these |
//!
//! Nothing is guessed: a string of digits is no number, and 1 is not `true`. The messages go on where the name of the place
//! ends, and hold no value.

use bytes::{BufMut, BytesMut};
use serde_json::Value;

use super::{ArrayWriter, PgType, SqlType, TypeKind};

/// Why a JSON value is no value of a type.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Misfit {
    /// The place inside the value: `[2]` for the third element of an array, empty for the value itself.
    pub(crate) place: String,
    /// What is wrong: `must be an integer, and is a string`.
    pub(crate) message: String,
}

/// What writes a JSON value in the binary form of a type. `Err` is what is wrong.
type Writer = fn(&Value, &mut BytesMut) -> Result<(), String>;

/// Whether values of a type can come from JSON.
pub(crate) fn comes_from_json(ty: &PgType) -> bool {
    match ty.kind {
        TypeKind::Array(element) => comes_from_json(element),
        TypeKind::Enum(_) => true,
        TypeKind::Scalar => writer(ty).is_some(),
    }
}

/// Appends the binary form of a JSON value; `null` is for the caller to deal with.
pub(crate) fn encode_json(ty: &PgType, value: &Value, out: &mut BytesMut) -> Result<(), Misfit> {
    let whole = |message| Misfit {
        place: String::new(),
        message,
    };
    match ty.kind {
        TypeKind::Array(element) => {
            let Value::Array(elements) = value else {
                return Err(whole(not("a list", value)));
            };
            let mut array = ArrayWriter::new();
            for (at, value) in elements.iter().enumerate() {
                if value.is_null() {
                    array.push_bytes(None);
                    continue;
                }
                let mut bytes = BytesMut::new();
                encode_json(element, value, &mut bytes).map_err(|misfit| Misfit {
                    place: format!("[{at}]{}", misfit.place),
                    message: misfit.message,
                })?;
                array.push_bytes(Some(&bytes));
            }
            out.put_slice(&array.finish(element.oid));
            Ok(())
        }
        TypeKind::Enum(labels) => match value {
            Value::String(label) if labels.contains(&label.as_str()) => {
                out.put_slice(label.as_bytes());
                Ok(())
            }
            Value::String(_) => Err(whole(format!("must be one of {}", labels.join(", ")))),
            _ => {
                let expected = format!("one of {}", labels.join(", "));
                Err(whole(not(&expected, value)))
            }
        },
        TypeKind::Scalar => match writer(ty) {
            Some(write) => write(value, out).map_err(whole),
            None => Err(whole(format!("is a `{ty}`, which has no form in JSON"))),
        },
    }
}

/// The writer of a type that is neither an array nor an enum. By the type's name, which is PostgreSQL's own.
fn writer(ty: &PgType) -> Option<Writer> {
    Some(match ty.name {
        "bool" => |value, out| match value {
            Value::Bool(value) => write(*value, out),
            _ => Err(not("true or false", value)),
        },
        "int2" => |value, out| integer::<i16>(value, (i16::MIN.into(), i16::MAX.into()), out),
        "int4" => |value, out| integer::<i32>(value, (i32::MIN.into(), i32::MAX.into()), out),
        "int8" => |value, out| integer::<i64>(value, (i64::MIN, i64::MAX), out),
        "float4" => |value, out| match value.as_f64() {
            // What is beyond an `f32` becomes infinite, which JSON has no number for.
            Some(number) if (number as f32).is_finite() => write(number as f32, out),
            Some(_) => Err("is out of range".to_owned()),
            None => Err(not("a number", value)),
        },
        "float8" => |value, out| match value.as_f64() {
            Some(number) => write(number, out),
            None => Err(not("a number", value)),
        },
        "text" => |value, out| match value {
            Value::String(text) if text.contains('\0') => {
                Err("must not contain the character U+0000".to_owned())
            }
            Value::String(text) => {
                out.put_slice(text.as_bytes());
                Ok(())
            }
            _ => Err(not("a string", value)),
        },
        "bytea" => |value, out| parsed(value, "bytes as a string such as \"\\x00ff\"", out, hex),
        "jsonb" => |value, out| write(value.clone(), out),
        "inet" => |value, out| {
            parsed(value, "an IP address", out, |text| {
                text.parse::<std::net::IpAddr>().ok()
            })
        },
        #[cfg(feature = "decimal")]
        "numeric" => |value, out| {
            use rust_decimal::Decimal;
            let exact = |text: &str| {
                let plain = Decimal::from_str_exact(text);
                plain.or_else(|_| Decimal::from_scientific(text)).ok()
            };
            match value {
                // The shortest text that is this number, and so the digits that were written.
                Value::Number(number) => match exact(&number.to_string()) {
                    Some(number) => write(number, out),
                    None => Err("is out of range".to_owned()),
                },
                Value::String(_) => parsed(value, "a decimal number", out, exact),
                _ => Err(not("a decimal number", value)),
            }
        },
        #[cfg(feature = "uuid")]
        "uuid" => |value, out| {
            parsed(value, "a UUID", out, |text| {
                uuid::Uuid::parse_str(text).ok()
            })
        },
        #[cfg(feature = "chrono")]
        "date" => |value, out| {
            parsed(value, "a date such as \"2024-05-06\"", out, |text| {
                text.parse::<chrono::NaiveDate>().ok()
            })
        },
        #[cfg(feature = "chrono")]
        "time" => |value, out| {
            parsed(value, "a time of day such as \"07:08:09\"", out, |text| {
                text.parse::<chrono::NaiveTime>().ok()
            })
        },
        #[cfg(feature = "chrono")]
        "timestamp" => |value, out| {
            let expected = "a time without an offset such as \"2024-05-06T07:08:09\"";
            parsed(value, expected, out, |text| {
                text.parse::<chrono::NaiveDateTime>().ok()
            })
        },
        #[cfg(feature = "chrono")]
        "timestamptz" => |value, out| {
            let expected = "a time with an offset such as \"2024-05-06T07:08:09Z\"";
            parsed(value, expected, out, |text| {
                let moment = chrono::DateTime::parse_from_rfc3339(text).ok()?;
                Some(moment.to_utc())
            })
        },
        _ => return None,
    })
}

fn write<T: SqlType>(value: T, out: &mut BytesMut) -> Result<(), String> {
    value.encode(out);
    Ok(())
}

/// An integer, also one that was written as `5.0`.
fn integer<T: SqlType + TryFrom<i64>>(
    value: &Value,
    range: (i64, i64),
    out: &mut BytesMut,
) -> Result<(), String> {
    // Up to here an `f64` tells one integer from the next.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let Value::Number(number) = value else {
        return Err(not("an integer", value));
    };
    let whole = |float: &f64| float.fract() == 0.0;
    let integer = number.as_i64().or_else(|| {
        let float = number.as_f64().filter(whole)?;
        (float.abs() <= EXACT).then_some(float as i64)
    });
    match integer.map(T::try_from) {
        Some(Ok(value)) => write(value, out),
        None if !number.as_f64().is_some_and(|float| whole(&float)) => {
            Err("must be an integer, and has a fraction".to_owned())
        }
        _ => Err(format!("must be from {} to {}", range.0, range.1)),
    }
}

/// A value that JSON writes as a string.
fn parsed<T: SqlType>(
    value: &Value,
    expected: &str,
    out: &mut BytesMut,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<(), String> {
    match value {
        Value::String(text) => match parse(text) {
            Some(value) => write(value, out),
            None => Err(format!("must be {expected}")),
        },
        _ => Err(not(expected, value)),
    }
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("\\x")?.as_bytes();
    let digit = |byte: u8| (byte as char).to_digit(16);
    let (pairs, rest) = digits.as_chunks::<2>();
    let bytes = pairs
        .iter()
        .map(|[high, low]| Some((digit(*high)? * 16 + digit(*low)?) as u8));
    bytes.collect::<Option<_>>().filter(|_| rest.is_empty())
}

/// `must be an integer, and is a string`
pub(crate) fn not(expected: &str, found: &Value) -> String {
    let found = match found {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    format!("must be {expected}, and is {found}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::types::sql_type::decode_own;

    /// The value that a type reads from what JSON became.
    #[track_caller]
    fn taken<T: SqlType>(value: Value) -> T {
        let mut out = BytesMut::new();
        encode_json(T::TYPE, &value, &mut out).unwrap();
        decode_own(&out).unwrap()
    }

    #[track_caller]
    fn refused<T: SqlType>(value: Value) -> String {
        let misfit = encode_json(T::TYPE, &value, &mut BytesMut::new()).unwrap_err();
        format!("{} {}", misfit.place, misfit.message)
            .trim_start()
            .to_owned()
    }

    #[test]
    fn each_type_takes_its_own_kind_of_json() {
        assert!(taken::<bool>(json!(true)));
        assert_eq!(taken::<i16>(json!(-7)), -7);
        assert_eq!(taken::<i32>(json!(5.0)), 5);
        assert_eq!(taken::<i64>(json!(i64::MAX)), i64::MAX);
        assert_eq!(taken::<f64>(json!(1)), 1.0);
        assert_eq!(taken::<f32>(json!(0.5)), 0.5);
        assert_eq!(taken::<String>(json!("a'b")), "a'b");
        assert_eq!(taken::<Vec<u8>>(json!("\\x00fF")), [0, 255]);
        assert_eq!(taken::<Value>(json!({"a": [null]})), json!({"a": [null]}));
        assert_eq!(taken::<Vec<Option<i32>>>(json!([1, null])), [Some(1), None]);
        assert_eq!(taken::<std::net::IpAddr>(json!("::1")).to_string(), "::1");
    }

    #[test]
    fn what_does_not_fit_is_named_and_not_shown() {
        assert_eq!(
            refused::<i32>(json!("5")),
            "must be an integer, and is a string"
        );
        assert_eq!(
            refused::<i32>(json!(5.5)),
            "must be an integer, and has a fraction"
        );
        for number in [json!(3_000_000_000_i64), json!(1e40), json!(u64::MAX)] {
            assert_eq!(
                refused::<i32>(number),
                "must be from -2147483648 to 2147483647"
            );
        }
        assert!(refused::<i64>(json!(u64::MAX)).starts_with("must be from -922"));
        assert_eq!(
            refused::<bool>(json!(1)),
            "must be true or false, and is a number"
        );
        assert_eq!(refused::<f32>(json!(1e300)), "is out of range");
        assert_eq!(
            refused::<Vec<i32>>(json!([1, [2]])),
            "[1] must be an integer, and is a list"
        );
        assert_eq!(
            refused::<String>(json!("a\0b")),
            "must not contain the character U+0000"
        );
        for bytes in ["00", "\\x0", "\\x0g", "\\xé"] {
            assert!(refused::<Vec<u8>>(json!(bytes)).starts_with("must be bytes"));
        }
    }

    #[cfg(feature = "decimal")]
    #[test]
    fn decimals_keep_their_digits() {
        use rust_decimal::Decimal;
        assert_eq!(taken::<Decimal>(json!(19.99)).to_string(), "19.99");
        assert_eq!(taken::<Decimal>(json!("19.990")).to_string(), "19.990");
        assert_eq!(
            taken::<Decimal>(json!(1e20)),
            Decimal::from(10_i128.pow(20))
        );
        assert_eq!(refused::<Decimal>(json!(1e40)), "is out of range");
        assert_eq!(refused::<Decimal>(json!("x")), "must be a decimal number");
    }

    #[cfg(all(feature = "chrono", feature = "uuid"))]
    #[test]
    fn times_and_uuids_are_strings() {
        use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
        assert_eq!(
            taken::<DateTime<Utc>>(json!("2024-05-06T09:08:09+02:00")).to_rfc3339(),
            "2024-05-06T07:08:09+00:00"
        );
        assert_eq!(
            taken::<NaiveDate>(json!("2024-05-06")).to_string(),
            "2024-05-06"
        );
        assert_eq!(
            taken::<NaiveTime>(json!("07:08:09")).to_string(),
            "07:08:09"
        );
        assert_eq!(
            taken::<NaiveDateTime>(json!("2024-05-06T07:08:09")).to_string(),
            "2024-05-06 07:08:09"
        );
        let id = "01234567-89ab-cdef-0123-456789abcdef";
        assert_eq!(taken::<uuid::Uuid>(json!(id)).to_string(), id);
        assert!(refused::<uuid::Uuid>(json!("7")).starts_with("must be a UUID"));
        assert!(refused::<NaiveDate>(json!("2024-02-30")).starts_with("must be a date"));
        assert!(refused::<DateTime<Utc>>(json!("2024-05-06T07:08:09")).contains("offset"));
        assert!(refused::<NaiveDate>(json!(7)).ends_with("and is a number"));
    }
}
