//! `Vec<T>`: PostgreSQL's arrays. An element that can be NULL is an `Option`: `Vec<Option<i32>>`.
//!
//! The binary form is a head (number of dimensions, whether there are NULLs, the elements' type; then, for each dimension,
//! its length and the index of its first element) and the elements, each behind its length; the length of NULL is -1.
//! [`ArrayWriter`] writes it. PostgreSQL's arrays may have several dimensions and begin at any index. `Vec` is read
//! from one dimension, wherever it begins.
//!
//! A column's domain is invisible on the way back, for the server sends the type that the domain is made of. The elements
//! of an array keep theirs, and what it is made of does not come with the value: an array of a domain over a text type is
//! read as text, and any other has to be cast in the query (`quantities::int4[]`).

use bytes::{Buf, BufMut, BytesMut};
use tokio_postgres::types::Type;

use super::sql_type::{MALFORMED, short_type_name};
use super::{ArrayWriter, DecodeError, PgType, Raw, SqlType, TypeKind};

/// A type that an array column can hold: `T` in a `Vec<T>`.
///
/// Implemented for every storable type but `Vec<T>` itself, for `Option` of each, and for every enum with
/// `#[derive(DbEnum)]`. `u8` is missing on purpose: a `Vec<u8>` is a `bytea`.
///
/// ```
/// use orm_core::types::{Element, Param, SqlType};
///
/// assert_eq!(Vec::<String>::TYPE.name, "text[]");
/// assert_eq!(<Option<i32> as Element>::ARRAY.name, "int4[]");
/// assert_eq!(Vec::<u8>::TYPE.name, "bytea");
///
/// let tags = vec![Some("plain".to_owned()), Some("two words".to_owned()), None];
/// assert_eq!(Param::new(&tags).show(), r#"{plain,"two words",NULL}"#);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an element of an array column",
    label = "no PostgreSQL array type is known for `{Self}`",
    note = "rows of another table are no column: `has_many(..)` stands on the struct, and loads them",
    note = "arrays have one dimension, so `Vec<Vec<T>>` is not a column: keep nested lists as `Json<Vec<Vec<T>>>` (feature `json`)",
    note = "PostgreSQL has no unsigned integers: use `i16`, `i32` or `i64`; a `Vec<u8>` is a `bytea`"
)]
pub trait Element: SqlType {
    /// The PostgreSQL type of an array of these.
    const ARRAY: &'static PgType;
}

/// An array whose elements may be NULL has the same PostgreSQL type as one whose elements may not.
impl<T: Element + SqlType<Base = T>> Element for Option<T> {
    const ARRAY: &'static PgType = T::ARRAY;
}

/// The description of one of PostgreSQL's own array types.
pub(super) const fn array_of<T: Element>(name: &'static str, oid: u32) -> PgType {
    PgType {
        name,
        schema: None,
        oid,
        kind: TypeKind::Array(T::TYPE),
        declared: T::TYPE.declared,
        show: show_array::<T>,
    }
}

impl<T: Element> SqlType for Vec<T> {
    type Base = Self;
    type Nullify<U: SqlType> = U;
    const TYPE: &'static PgType = T::ARRAY;

    fn encode(&self, out: &mut BytesMut) -> bool {
        let mut array = ArrayWriter::new();
        for element in self {
            array.push(element);
        }
        out.put_slice(&array.finish(T::TYPE.oid));
        true
    }

    fn decode(raw: Raw<'_>) -> Result<Self, DecodeError> {
        let bytes = raw.not_null::<Self>()?;
        // The server names an array type after its elements' type, with an underscore before it; we add brackets.
        let name = raw.type_name();
        let Some(element_name) = name.strip_prefix('_').or(name.strip_suffix("[]")) else {
            return Err(DecodeError::type_mismatch::<Self>(&raw));
        };
        let array = Array::read(bytes).map_err(|why| DecodeError::malformed::<Self>(&why))?;
        let built_in = Type::from_oid(array.element);
        let type_name = built_in.as_ref().map_or(element_name, Type::name);

        let mut values = Vec::with_capacity(array.length);
        for (at, bytes) in array.elements.enumerate() {
            let bytes = bytes.map_err(|why| DecodeError::malformed::<Self>(&why))?;
            let element = Raw::new(bytes, array.element, type_name);
            if element.bytes.is_none() && !T::NULLABLE {
                return Err(null_element::<T>(at));
            }
            let value = T::decode(element)
                .map_err(|DecodeError(why)| DecodeError(format!("element {}: {why}", at + 1)))?;
            values.push(value);
        }
        Ok(values)
    }

    fn same(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().zip(other).all(|(a, b)| a.same(b))
    }
}

fn null_element<T>(at: usize) -> DecodeError {
    let element = short_type_name::<T>();
    DecodeError(format!(
        "element {} of the array is NULL, which `Vec<{element}>` cannot hold: use `Vec<Option<{element}>>`",
        at + 1
    ))
}

/// The elements of an array of a type, as if they had come one by one.
pub(crate) fn elements<'a>(
    raw: Raw<'a>,
    of: &'static PgType,
) -> Result<impl Iterator<Item = Result<Raw<'a>, DecodeError>>, DecodeError> {
    let array = Array::read(raw.bytes.unwrap_or_default()).map_err(DecodeError)?;
    Ok(array.elements.map(move |bytes| {
        Ok(Raw::new(
            bytes.map_err(DecodeError)?,
            array.element,
            of.name,
        ))
    }))
}

/// An array's binary form, taken apart.
struct Array<'a> {
    element: u32,
    length: usize,
    elements: Elements<'a>,
}

impl<'a> Array<'a> {
    fn read(mut bytes: &'a [u8]) -> Result<Self, String> {
        if bytes.len() < 12 {
            return Err(CUT_SHORT.to_owned());
        }
        let dimensions = bytes.get_i32();
        let _has_nulls = bytes.get_i32();
        let element = bytes.get_u32();
        let length = match dimensions {
            0 => 0,
            1 if bytes.len() >= 8 => {
                let length = bytes.get_u32() as usize;
                let _first_index = bytes.get_i32();
                length
            }
            1 => return Err(CUT_SHORT.to_owned()),
            _ => {
                return Err(format!(
                    "the array has {dimensions} dimensions, and only arrays of one can be read"
                ));
            }
        };
        // Every element takes four bytes at least, so that a broken length cannot ask for memory without end.
        if length > bytes.len() / 4 {
            return Err(CUT_SHORT.to_owned());
        }
        Ok(Array {
            element,
            length,
            elements: Elements {
                rest: bytes,
                left: length,
            },
        })
    }
}

const CUT_SHORT: &str = "the array is cut short";

/// An array's elements, one by one; `None` is NULL.
struct Elements<'a> {
    rest: &'a [u8],
    left: usize,
}

impl<'a> Iterator for Elements<'a> {
    type Item = Result<Option<&'a [u8]>, String>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let Some((length, rest)) = self.rest.split_first_chunk::<4>() else {
            self.left = 0;
            return Some(Err(CUT_SHORT.to_owned()));
        };
        self.rest = rest;
        // The one negative length is that of NULL.
        let Ok(length) = usize::try_from(i32::from_be_bytes(*length)) else {
            return Some(Ok(None));
        };
        let Some((element, rest)) = rest.split_at_checked(length) else {
            self.left = 0;
            return Some(Err(CUT_SHORT.to_owned()));
        };
        self.rest = rest;
        Some(Ok(Some(element)))
    }
}

/// `PgType::show` for arrays: an array literal, `{1,2,NULL}`.
pub(super) fn show_array<T: Element>(bytes: &[u8], out: &mut String) {
    let start = out.len();
    if write_literal(bytes, T::TYPE.show, usize::MAX, out).is_err() {
        out.truncate(start);
        out.push_str(MALFORMED);
    }
}

/// A batch's column, of which the first values stand for all: a batch may have any number of rows.
pub(super) fn show_batch(bytes: &[u8], element: &PgType, out: &mut String) {
    const MOST: usize = 10;
    if write_literal(bytes, element.show, MOST, out).is_err() {
        out.push_str(MALFORMED);
    }
}

/// An array literal; of more elements than `most` the rest is counted.
fn write_literal(
    bytes: &[u8],
    show: fn(&[u8], &mut String),
    most: usize,
    out: &mut String,
) -> Result<(), String> {
    let mut text = String::new();
    out.push('{');
    let array = Array::read(bytes)?;
    let length = array.length;
    for (at, element) in array.elements.enumerate() {
        if at > 0 {
            out.push(',');
        }
        if at == most {
            out.push_str(&format!(" .. {} more", length - most));
            break;
        }
        match element? {
            None => out.push_str("NULL"),
            Some(element) => {
                text.clear();
                show(element, &mut text);
                write_element(&text, out);
            }
        }
    }
    out.push('}');
    Ok(())
}

/// An element's text within an array literal, in quotes where PostgreSQL would otherwise read something else.
fn write_element(text: &str, out: &mut String) {
    let special = |c: char| {
        matches!(
            c,
            '{' | '}' | ',' | '"' | '\\' | ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c'
        )
    };
    if !text.is_empty() && !text.eq_ignore_ascii_case("null") && !text.contains(special) {
        out.push_str(text);
        return;
    }
    out.push('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Param;

    fn decode<T: Element>(type_name: &str, bytes: &[u8]) -> Result<Vec<T>, DecodeError> {
        Vec::<T>::decode(Raw::new(Some(bytes), T::ARRAY.oid, type_name))
    }

    fn bytes<T: SqlType>(value: &T) -> Vec<u8> {
        Param::new(value).bytes().unwrap().to_vec()
    }

    #[test]
    fn arrays_come_back() {
        let values = vec![Some(1), None, Some(-3)];
        assert_eq!(decode("_int4", &bytes(&values)), Ok(values));
        assert_eq!(
            decode("_int4", &bytes(&Vec::<i32>::new())),
            Ok(Vec::<i32>::new())
        );
        assert_eq!(decode("_int4", &bytes(&vec![5_i32])), Ok(vec![5_i64]));
    }

    #[test]
    fn literals_are_quoted_where_they_must_be() {
        let texts = [
            "a\"b",
            "NULL",
            "null",
            "",
            "{}",
            "a,b",
            "back\\slash",
            "two words",
            "plain",
        ];
        let mut texts: Vec<_> = texts.iter().map(|text| Some((*text).to_owned())).collect();
        texts.insert(1, None);
        assert_eq!(
            Param::new(&texts).show(),
            r#"{"a\"b",NULL,"NULL","null","","{}","a,b","back\\slash","two words",plain}"#
        );
        assert_eq!(Param::new(&vec![vec![1_u8]]).show(), r#"{"\\x01"}"#);
        assert_eq!(Param::new(&Vec::<i32>::new()).show(), "{}");
    }

    #[test]
    fn a_batch_shows_its_first_values_and_counts_the_rest() {
        let batch = |length| {
            let mut values = ArrayWriter::new();
            (1..=length).for_each(|n: i32| values.push(&n));
            values.into_param_of(i32::TYPE).show()
        };
        assert_eq!(batch(2), "{1,2}");
        assert_eq!(batch(10), "{1,2,3,4,5,6,7,8,9,10}");
        assert_eq!(batch(12), "{1,2,3,4,5,6,7,8,9,10, .. 2 more}");
    }

    #[test]
    fn a_null_element_says_what_to_write_instead() {
        let error = decode::<i32>("_int4", &bytes(&vec![Some(1), None])).unwrap_err();
        assert_eq!(
            error.0,
            "element 2 of the array is NULL, which `Vec<i32>` cannot hold: use `Vec<Option<i32>>`"
        );
    }

    #[test]
    fn elements_of_another_type_are_named() {
        let error = decode::<i32>("_int8", &bytes(&vec![1_i64])).unwrap_err();
        assert_eq!(
            error.0,
            "element 1: PostgreSQL's type is `int8`, which a Rust `i32` cannot be read from"
        );
        assert!(decode::<i32>("int4", &[0, 0, 0, 1]).is_err());
    }

    #[test]
    fn broken_bytes_are_errors() {
        let whole = bytes(&vec![1_i32, 2]);
        for length in 0..whole.len() {
            assert!(
                decode::<i32>("_int4", &whole[..length]).is_err(),
                "{length}"
            );
        }
        let mut endless = whole.clone();
        endless[12..16].copy_from_slice(&[0x7f, 0xff, 0xff, 0xff]);
        assert!(decode::<i32>("_int4", &endless).is_err());
        let mut square = whole;
        square[3] = 2;
        assert!(
            decode::<i32>("_int4", &square)
                .unwrap_err()
                .0
                .contains("2 dimensions")
        );
    }

    #[test]
    fn sameness_is_that_of_the_elements() {
        assert!(vec![f64::NAN].same(&vec![f64::NAN]));
        assert!(!vec![1, 2].same(&vec![1]));
    }
}
