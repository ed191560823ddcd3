//! [`TsVector`] and [`TsQuery`]: what PostgreSQL's full-text search looks in, and what it looks for.
//!
//! A `tsvector` travels as the number of its words and, for each, its text, a zero, the number of its places, and the places:
//! fourteen bits of position and two of weight. A `tsquery` travels as a tree that only the server reads and writes.

use std::fmt;

use bytes::{Buf, BufMut, BytesMut};

use super::array::array_of;
use super::sql_type::show_display;
use super::{DecodeError, Element, PgType, Raw, SqlType};

const TSVECTOR: u32 = 3614;
const TSQUERY: u32 = 3615;

/// A text taken apart into words, each with its places: `tsvector`. Columns of it are mostly computed by the server, from
/// `to_tsvector(..)`. SQLAlchemy: `TSVECTOR`.
///
/// ```
/// use orm_core::types::{Lexeme, Param, TsVector};
///
/// let text = TsVector(vec![Lexeme { word: "cat".into(), places: vec![(2, 'A'), (5, 'D')] }]);
/// assert_eq!(Param::new(&text).show(), "'cat':2A,5");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct TsVector(
    /// The words, in the order that PostgreSQL keeps them in.
    pub Vec<Lexeme>,
);

/// A word of a [`TsVector`].
///
/// ```
/// use orm_core::types::{Lexeme, TsVector};
///
/// let cat = Lexeme { word: "cat".into(), places: vec![(2, 'A')] };
/// assert_eq!(TsVector(vec![cat]).to_string(), "'cat':2A");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Lexeme {
    /// The word in the form that is searched for.
    pub word: String,
    /// Where it stands, from 1 up to 16383, and its weight there, from `'A'` to `'D'`, which is what a word has that was given
    /// none.
    pub places: Vec<(u16, char)>,
}

/// What is searched for: `tsquery`. Made by `func::websearch_to_tsquery` and its relatives; a program passes it on and does not
/// look into it. SQLAlchemy: `TSQUERY`.
///
/// ```
/// # use orm_core::prelude::*;
/// use orm_core::expr::Expr;
/// use orm_core::types::TsQuery;
///
/// let wanted: Expr<TsQuery, ()> = func::websearch_to_tsquery("english", "cats -dogs");
/// # let _ = wanted;
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TsQuery(Vec<u8>);

fn cut_short() -> DecodeError {
    DecodeError::malformed::<TsVector>("the words are cut short")
}

impl SqlType for TsVector {
    type Base = Self;
    type Nullify<U: SqlType> = U;
    const TYPE: &'static PgType =
        &PgType::built_in("tsvector", TSVECTOR, true, show_display::<Self>);

    fn encode(&self, out: &mut BytesMut) -> bool {
        out.put_i32(self.0.len() as i32);
        for Lexeme { word, places } in &self.0 {
            out.put_slice(word.as_bytes());
            out.put_u8(0);
            out.put_u16(places.len() as u16);
            for (place, weight) in places {
                let weight = match weight {
                    'A' => 3,
                    'B' => 2,
                    'C' => 1,
                    _ => 0,
                };
                out.put_u16(weight << 14 | place & 0x3fff);
            }
        }
        true
    }

    fn decode(raw: Raw<'_>) -> Result<Self, DecodeError> {
        if raw.oid != TSVECTOR {
            return Err(DecodeError::type_mismatch::<Self>(&raw));
        }
        let mut bytes = raw.not_null::<Self>()?;
        let count = bytes.try_get_u32().map_err(|_| cut_short())?;
        let mut words = Vec::new();
        for _ in 0..count {
            let end = bytes
                .iter()
                .position(|byte| *byte == 0)
                .ok_or_else(cut_short)?;
            let word = String::from_utf8(bytes[..end].to_vec())
                .map_err(|_| DecodeError::malformed::<Self>("a word is not UTF-8"))?;
            bytes.advance(end + 1);
            let count = bytes.try_get_u16().map_err(|_| cut_short())?;
            let mut places = Vec::with_capacity(usize::from(count));
            for _ in 0..count {
                let place = bytes.try_get_u16().map_err(|_| cut_short())?;
                let weight = ['D', 'C', 'B', 'A'][usize::from(place >> 14)];
                places.push((place & 0x3fff, weight));
            }
            words.push(Lexeme { word, places });
        }
        Ok(TsVector(words))
    }

    fn same(&self, other: &Self) -> bool {
        self == other
    }
}

/// As PostgreSQL prints it: `'cat':2A,5 'dog':7`.
impl fmt::Display for TsVector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, Lexeme { word, places }) in self.0.iter().enumerate() {
            let blank = if at > 0 { " " } else { "" };
            let word = word.replace('\\', r"\\").replace('\'', "''");
            write!(f, "{blank}'{word}'")?;
            for (at, (place, weight)) in places.iter().enumerate() {
                let mark = if at > 0 { "," } else { ":" };
                write!(f, "{mark}{place}")?;
                if *weight != 'D' {
                    write!(f, "{weight}")?;
                }
            }
        }
        Ok(())
    }
}

impl Element for TsVector {
    const ARRAY: &'static PgType = &array_of::<Self>("tsvector[]", 3643);
}

impl SqlType for TsQuery {
    type Base = Self;
    type Nullify<U: SqlType> = U;
    const TYPE: &'static PgType = &PgType::built_in("tsquery", TSQUERY, true, |bytes, out| {
        out.push_str(&format!("<tsquery of {} bytes>", bytes.len()));
    });

    fn encode(&self, out: &mut BytesMut) -> bool {
        out.put_slice(&self.0);
        true
    }

    fn decode(raw: Raw<'_>) -> Result<Self, DecodeError> {
        if raw.oid != TSQUERY {
            return Err(DecodeError::type_mismatch::<Self>(&raw));
        }
        raw.not_null::<Self>().map(|bytes| TsQuery(bytes.to_vec()))
    }

    fn same(&self, other: &Self) -> bool {
        self == other
    }
}

/// The name of a text search configuration, `english`, as the functions of full-text search take it.
pub(crate) const REGCONFIG: &PgType =
    &PgType::built_in("regconfig", 3734, false, super::scalar::show_text);
