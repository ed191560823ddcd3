//! `serde_json::Value`, and [`Json<T>`] for a struct that is kept as JSON. Feature `json`.
//!
//! Both are `jsonb`, and are read from and written to `json` columns just the same. They are encoded as their text, for
//! that is `json`'s binary form; [`Param`](super::Param) puts `jsonb`'s version number before it where the server expects
//! a `jsonb`.
//!
//! **The two nulls.** In a column of `Option<Value>`, `None` is SQL's NULL and `Some(Value::Null)` is JSON's `null`, which
//! is a value: `IS NULL` does not find it.
//!
//! **Numbers.** A `Value` holds numbers as `i64`, `u64` or `f64`. `jsonb` has `numeric`s: digits beyond an `f64` are lost
//! when they are read, and a number beyond its range is an error.

use std::fmt;
use std::ops::{Deref, DerefMut};

use bytes::{BufMut, BytesMut};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::array::array_of;
use super::scalar::show_text;
use super::sql_type::short_type_name;
use super::{DecodeError, Element, PgType, Raw, SqlType};

const JSON: u32 = 114;
const JSONB: u32 = 3802;

/// Any JSON value.
///
/// ```
/// use orm_core::types::Param;
/// use serde_json::{Value, json};
///
/// assert_eq!(Param::new(&json!({"a": [1, null]})).show(), r#"{"a":[1,null]}"#);
/// // SQL's NULL, and JSON's.
/// assert_eq!(Param::new(&None::<Value>).bytes(), None);
/// assert_eq!(Param::new(&Some(Value::Null)).bytes(), Some(&b"null"[..]));
/// ```
impl SqlType for Value {
    type Base = Self;
    type Nullify<U: SqlType> = U;
    const TYPE: &'static PgType = &PgType::built_in("jsonb", JSONB, false, show_text);

    fn encode(&self, out: &mut BytesMut) -> bool {
        write_json(self, out);
        true
    }

    fn decode(raw: Raw<'_>) -> Result<Self, DecodeError> {
        read_json::<Self, Self>(raw)
    }

    fn same(&self, other: &Self) -> bool {
        self == other
    }
}

impl Element for Value {
    const ARRAY: &'static PgType = &array_of::<Self>("jsonb[]", 3807);
}

/// A value of a type of your own, kept as JSON. SQLAlchemy: a `TypeDecorator` over `JSONB`.
///
/// It derefs to the value, and serialises as the value does.
///
/// ```
/// use orm_core::types::{Json, Param};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
/// struct Address {
///     city: String,
///     zip: Option<String>,
/// }
///
/// let mut home = Json(Address { city: "Oslo".into(), zip: None });
/// home.zip = Some("0150".into());
/// assert_eq!(Param::new(&home).show(), r#"{"city":"Oslo","zip":"0150"}"#);
/// ```
///
/// # Panics
/// A value that cannot be written as JSON panics when it is sent, as it does in `serde_json::json!`: a map whose keys are
/// neither texts nor numbers, or a `Serialize` of your own that returns an error. What `#[derive(Serialize)]` writes for
/// structs, enums, lists and maps with text keys always can.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Json<T>(
    /// The value.
    pub T,
);

impl<T> Json<T> {
    /// The value itself.
    ///
    /// ```
    /// use orm_core::types::Json;
    ///
    /// assert_eq!(Json(vec![1, 2]).into_inner(), [1, 2]);
    /// ```
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Deref for Json<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Json<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T> From<T> for Json<T> {
    fn from(value: T) -> Self {
        Json(value)
    }
}

impl<T> SqlType for Json<T>
where
    T: Serialize + DeserializeOwned + Clone + PartialEq + fmt::Debug + Send + Sync + 'static,
{
    type Base = Self;
    type Nullify<U: SqlType> = U;
    const TYPE: &'static PgType = Value::TYPE;

    fn encode(&self, out: &mut BytesMut) -> bool {
        write_json(&self.0, out);
        true
    }

    fn decode(raw: Raw<'_>) -> Result<Self, DecodeError> {
        read_json::<Self, T>(raw).map(Json)
    }

    fn same(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<T> Element for Json<T>
where
    T: Serialize + DeserializeOwned + Clone + PartialEq + fmt::Debug + Send + Sync + 'static,
{
    const ARRAY: &'static PgType = Value::ARRAY;
}

fn write_json<T: Serialize>(value: &T, out: &mut BytesMut) {
    if let Err(error) = serde_json::to_writer(out.writer(), value) {
        panic!(
            "`{}` cannot be written as JSON: {error}",
            short_type_name::<T>()
        );
    }
}

/// Reads a `T`; `Field` is the type that an error speaks of.
fn read_json<Field, T: DeserializeOwned>(raw: Raw<'_>) -> Result<T, DecodeError> {
    let bytes = raw.not_null::<Field>()?;
    let text = match (raw.oid, bytes) {
        // No JSON text begins with the byte 1, so that our own encoding, without the version, is read as well.
        (JSONB, [1, text @ ..]) => text,
        (JSONB | JSON, text) => text,
        _ => return Err(DecodeError::type_mismatch::<Field>(&raw)),
    };
    serde_json::from_slice(text)
        .map_err(|error| DecodeError::malformed::<Field>(&without_values(&error)))
}

/// What is wrong with a JSON text, without quoting from it: serde's own message may hold the value that it did not expect.
fn without_values(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let place = format!("line {}, column {}", error.line(), error.column());
    if message.starts_with("missing field") {
        let field = message.split(" at line ").next();
        field.unwrap_or(&message).to_owned()
    } else if let Some((_, expected)) = message.rsplit_once(", expected ") {
        format!("the JSON is of another shape: expected {expected}")
    } else if error.is_data() {
        format!("the JSON is of another shape at {place}")
    } else {
        format!("the JSON cannot be read at {place}")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::types::Param;
    use crate::types::sql_type::decode_own;

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Point {
        x: i32,
        y: i32,
    }

    fn raw(oid: u32, bytes: &[u8]) -> Raw<'_> {
        Raw::new(Some(bytes), oid, "json")
    }

    #[test]
    fn values_come_back() {
        let value = json!({"a": [1, 2.5, null, true], "b": "it's \"x\""});
        let param = Param::new(&value);
        assert_eq!(decode_own(param.bytes().unwrap()), Ok(value));

        let point = Json(Point { x: 1, y: 2 });
        let param = Param::new(&point);
        assert_eq!(param.show(), r#"{"x":1,"y":2}"#);
        assert_eq!(decode_own(param.bytes().unwrap()), Ok(point));
    }

    #[test]
    fn json_and_jsonb_are_read() {
        assert_eq!(Value::decode(raw(JSON, b"[1]")), Ok(json!([1])));
        assert_eq!(Value::decode(raw(JSONB, b"\x01[1]")), Ok(json!([1])));
        assert!(Value::decode(raw(25, b"[1]")).is_err());
    }

    #[test]
    fn an_error_says_what_was_expected_and_not_what_was_there() {
        let wrong = Json::<Point>::decode(raw(JSON, br#"{"x": "secret", "y": 2}"#)).unwrap_err();
        assert!(wrong.0.contains("expected i32"), "{wrong}");
        assert!(!wrong.0.contains("secret"), "{wrong}");

        let missing = Json::<Point>::decode(raw(JSON, br#"{"x": 1}"#)).unwrap_err();
        assert!(missing.0.contains("missing field `y`"), "{missing}");

        let broken = Value::decode(raw(JSON, b"[1,")).unwrap_err();
        assert!(broken.0.contains("cannot be read at line 1"), "{broken}");
    }

    #[test]
    fn the_two_nulls_differ() {
        assert!(Param::new(&None::<Value>).bytes().is_none());
        assert_eq!(Param::new(&Some(Value::Null)).bytes(), Some(&b"null"[..]));
    }

    #[test]
    #[should_panic(expected = "cannot be written as JSON")]
    fn what_is_no_json_panics() {
        let map = std::collections::BTreeMap::from([(vec![1], 1)]);
        let _ = Param::new(&Json(map));
    }
}
