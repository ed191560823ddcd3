//! [`PgRange`] and [`Multirange`]: PostgreSQL's ranges of integers, numbers, dates and moments.
//!
//! The binary form of a range is a byte of flags and the bounds that it has, each behind its length; of a multirange, the
//! number of ranges and the ranges, each behind its length.

use std::ops::{Bound, Range, RangeFrom, RangeFull, RangeInclusive, RangeTo, RangeToInclusive};

use bytes::{Buf, BufMut, BytesMut};

use super::sql_type::MALFORMED;
use super::{DecodeError, Element, PgType, Raw, SqlType, TypeKind};

const EMPTY: u8 = 0x01;
const LOWER_INCLUSIVE: u8 = 0x02;
const UPPER_INCLUSIVE: u8 = 0x04;
const NO_LOWER: u8 = 0x08;
const NO_UPPER: u8 = 0x10;

/// A range of values: `int4range`, `int8range`, `numrange`, `tsrange`, `tstzrange`, `daterange`. Rust's own ranges become
/// one by `into()`. SQLAlchemy: `Range`.
///
/// ```
/// use orm_core::types::{Param, PgRange};
///
/// let teens: PgRange<i32> = (13..20).into();
/// assert_eq!(Param::new(&teens).show(), r#"["13","20")"#);
/// assert_eq!(PgRange::from(13..=19).upper(), Some(&19));
/// assert!(teens.contains(&13) && !teens.contains(&20));
/// ```
///
/// PostgreSQL keeps ranges of integers and dates in one form, `[13,20)` for `13..=19`, and so they come back. A range
/// with nothing in it comes back as [`PgRange::Empty`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "json", derive(serde::Serialize, serde::Deserialize))]
pub enum PgRange<T> {
    /// The range with nothing in it.
    Empty,
    /// What lies between two bounds, either of which may be missing.
    Between(Bound<T>, Bound<T>),
}

impl<T> PgRange<T> {
    /// The lower bound, if there is one.
    ///
    /// ```
    /// use orm_core::types::PgRange;
    ///
    /// let teens = PgRange::from(13..20);
    /// assert_eq!((teens.lower(), teens.upper()), (Some(&13), Some(&20)));
    /// assert_eq!(PgRange::from(65..).upper(), None);
    /// ```
    pub fn lower(&self) -> Option<&T> {
        match self {
            PgRange::Between(Bound::Included(bound) | Bound::Excluded(bound), _) => Some(bound),
            _ => None,
        }
    }

    /// The upper bound, if there is one.
    pub fn upper(&self) -> Option<&T> {
        match self {
            PgRange::Between(_, Bound::Included(bound) | Bound::Excluded(bound)) => Some(bound),
            _ => None,
        }
    }

    /// Whether a value lies in it.
    pub fn contains(&self, value: &T) -> bool
    where
        T: PartialOrd,
    {
        match self {
            PgRange::Empty => false,
            PgRange::Between(lower, upper) => {
                std::ops::RangeBounds::contains(&(lower.as_ref(), upper.as_ref()), value)
            }
        }
    }
}

macro_rules! from_ranges {
    ($($range:ty, $value:ident => $lower:expr, $upper:expr;)*) => { $(
        impl<T> From<$range> for PgRange<T> {
            fn from($value: $range) -> Self {
                PgRange::Between($lower, $upper)
            }
        }
    )* };
}

from_ranges! {
    Range<T>, range => Bound::Included(range.start), Bound::Excluded(range.end);
    RangeFrom<T>, range => Bound::Included(range.start), Bound::Unbounded;
    RangeTo<T>, range => Bound::Unbounded, Bound::Excluded(range.end);
    RangeToInclusive<T>, range => Bound::Unbounded, Bound::Included(range.end);
    RangeFull, _range => Bound::Unbounded, Bound::Unbounded;
    (Bound<T>, Bound<T>), range => range.0, range.1;
}

impl<T> From<RangeInclusive<T>> for PgRange<T> {
    fn from(range: RangeInclusive<T>) -> Self {
        let (lower, upper) = range.into_inner();
        PgRange::Between(Bound::Included(lower), Bound::Included(upper))
    }
}

/// Several ranges that do not touch, in their order: `int4multirange` and its relatives. PostgreSQL puts together those that
/// do. SQLAlchemy: `MultiRange`.
///
/// ```
/// use orm_core::types::{Multirange, Param};
///
/// let open = Multirange(vec![(8..12).into(), (13..17).into()]);
/// assert_eq!(Param::new(&open).show(), r#"{["8","12"),["13","17")}"#);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "json", derive(serde::Serialize, serde::Deserialize))]
pub struct Multirange<T>(
    /// The ranges.
    pub Vec<PgRange<T>>,
);

impl<T> Default for Multirange<T> {
    fn default() -> Self {
        Multirange(Vec::new())
    }
}

/// A type that PostgreSQL has ranges of.
///
/// ```
/// use orm_core::types::RangeElement;
///
/// assert_eq!((i32::RANGE.name, i32::MULTIRANGE.name), ("int4range", "int4multirange"));
/// ```
#[diagnostic::on_unimplemented(
    message = "PostgreSQL has no range of `{Self}`",
    label = "there are ranges of `i32`, `i64`, `Decimal`, `NaiveDate`, `NaiveDateTime` and `DateTime<Utc>`"
)]
pub trait RangeElement: SqlType<Base = Self> {
    /// The type of a range.
    const RANGE: &'static PgType;
    /// The type of a list of ranges.
    const RANGES: &'static PgType;
    /// The type of a multirange.
    const MULTIRANGE: &'static PgType;
    /// The type of a list of multiranges.
    const MULTIRANGES: &'static PgType;
}

macro_rules! ranges {
    ($($ty:ty, $range:literal $oid:literal $array:literal, $multi:literal $multi_oid:literal $multi_array:literal;)*) => { $(
        impl RangeElement for $ty {
            const RANGE: &'static PgType =
                &PgType::built_in($range, $oid, true, show_range::<$ty>);
            const RANGES: &'static PgType = &list_of::<PgRange<$ty>>(concat!($range, "[]"), $array);
            const MULTIRANGE: &'static PgType =
                &PgType::built_in($multi, $multi_oid, true, show_multirange::<$ty>);
            const MULTIRANGES: &'static PgType =
                &list_of::<Multirange<$ty>>(concat!($multi, "[]"), $multi_array);
        }
    )* };
}

const fn list_of<T: Element>(name: &'static str, oid: u32) -> PgType {
    PgType {
        name,
        schema: None,
        oid,
        kind: TypeKind::Array(T::TYPE),
        declared: true,
        show: super::array::show_array::<T>,
    }
}

ranges! {
    i32, "int4range" 3904 3905, "int4multirange" 4451 6150;
    i64, "int8range" 3926 3927, "int8multirange" 4536 6157;
}
#[cfg(feature = "decimal")]
ranges! {
    rust_decimal::Decimal, "numrange" 3906 3907, "nummultirange" 4532 6151;
}
#[cfg(feature = "chrono")]
ranges! {
    chrono::NaiveDateTime, "tsrange" 3908 3909, "tsmultirange" 4533 6152;
    chrono::DateTime<chrono::Utc>, "tstzrange" 3910 3911, "tstzmultirange" 4534 6153;
    chrono::NaiveDate, "daterange" 3912 3913, "datemultirange" 4535 6155;
}

impl<T: RangeElement> SqlType for PgRange<T> {
    type Base = Self;
    type Nullify<U: SqlType> = U;
    const TYPE: &'static PgType = T::RANGE;

    fn encode(&self, out: &mut BytesMut) -> bool {
        let PgRange::Between(lower, upper) = self else {
            out.put_u8(EMPTY);
            return true;
        };
        let mut flags = 0;
        flags |= match lower {
            Bound::Included(_) => LOWER_INCLUSIVE,
            Bound::Excluded(_) => 0,
            Bound::Unbounded => NO_LOWER,
        };
        flags |= match upper {
            Bound::Included(_) => UPPER_INCLUSIVE,
            Bound::Excluded(_) => 0,
            Bound::Unbounded => NO_UPPER,
        };
        out.put_u8(flags);
        for bound in [self.lower(), self.upper()].into_iter().flatten() {
            put_sized(bound, out);
        }
        true
    }

    fn decode(raw: Raw<'_>) -> Result<Self, DecodeError> {
        if raw.oid != T::RANGE.oid {
            return Err(DecodeError::type_mismatch::<Self>(&raw));
        }
        let mut bytes = raw.not_null::<Self>()?;
        let flags = bytes.try_get_u8().map_err(|_| cut_short::<Self>())?;
        if flags & EMPTY != 0 {
            return Ok(PgRange::Empty);
        }
        let mut bound = |missing: u8, inclusive: u8| {
            if flags & missing != 0 {
                return Ok(Bound::Unbounded);
            }
            let value = T::decode(T::TYPE.raw(Some(take_sized::<Self>(&mut bytes)?)))?;
            Ok(if flags & inclusive != 0 {
                Bound::Included(value)
            } else {
                Bound::Excluded(value)
            })
        };
        Ok(PgRange::Between(
            bound(NO_LOWER, LOWER_INCLUSIVE)?,
            bound(NO_UPPER, UPPER_INCLUSIVE)?,
        ))
    }

    fn same(&self, other: &Self) -> bool {
        let same = |a: &Bound<T>, b: &Bound<T>| match (a, b) {
            (Bound::Unbounded, Bound::Unbounded) => true,
            (Bound::Included(a), Bound::Included(b)) | (Bound::Excluded(a), Bound::Excluded(b)) => {
                a.same(b)
            }
            _ => false,
        };
        match (self, other) {
            (PgRange::Empty, PgRange::Empty) => true,
            (PgRange::Between(a, b), PgRange::Between(c, d)) => same(a, c) && same(b, d),
            _ => false,
        }
    }
}

impl<T: RangeElement> SqlType for Multirange<T> {
    type Base = Self;
    type Nullify<U: SqlType> = U;
    const TYPE: &'static PgType = T::MULTIRANGE;

    fn encode(&self, out: &mut BytesMut) -> bool {
        out.put_i32(self.0.len() as i32);
        for range in &self.0 {
            put_sized(range, out);
        }
        true
    }

    fn decode(raw: Raw<'_>) -> Result<Self, DecodeError> {
        if raw.oid != T::MULTIRANGE.oid {
            return Err(DecodeError::type_mismatch::<Self>(&raw));
        }
        let mut bytes = raw.not_null::<Self>()?;
        let count = bytes.try_get_u32().map_err(|_| cut_short::<Self>())?;
        let mut ranges = Vec::new();
        for _ in 0..count {
            ranges.push(PgRange::decode(
                T::RANGE.raw(Some(take_sized::<Self>(&mut bytes)?)),
            )?);
        }
        Ok(Multirange(ranges))
    }

    fn same(&self, other: &Self) -> bool {
        self.0.len() == other.0.len() && self.0.iter().zip(&other.0).all(|(a, b)| a.same(b))
    }
}

impl<T: RangeElement> Element for PgRange<T> {
    const ARRAY: &'static PgType = T::RANGES;
}

impl<T: RangeElement> Element for Multirange<T> {
    const ARRAY: &'static PgType = T::MULTIRANGES;
}

/// Appends a value behind its length.
fn put_sized<T: SqlType>(value: &T, out: &mut BytesMut) {
    let at = out.len();
    out.put_i32(0);
    value.encode(out);
    let length = (out.len() - at - 4) as i32;
    out[at..at + 4].copy_from_slice(&length.to_be_bytes());
}

/// Takes the bytes of a value off the front, where its length stands.
fn take_sized<'a, T>(bytes: &mut &'a [u8]) -> Result<&'a [u8], DecodeError> {
    let length = bytes.try_get_u32().map_err(|_| cut_short::<T>())? as usize;
    let (value, rest) = bytes.split_at_checked(length).ok_or_else(cut_short::<T>)?;
    *bytes = rest;
    Ok(value)
}

fn cut_short<T>() -> DecodeError {
    DecodeError::malformed::<T>("the range is cut short")
}

fn show_range<T: RangeElement>(bytes: &[u8], out: &mut String) {
    match super::sql_type::decode_own::<PgRange<T>>(bytes) {
        Ok(range) => write_range(&range, out),
        Err(_) => out.push_str(MALFORMED),
    }
}

fn show_multirange<T: RangeElement>(bytes: &[u8], out: &mut String) {
    let Ok(Multirange(ranges)) = super::sql_type::decode_own::<Multirange<T>>(bytes) else {
        return out.push_str(MALFORMED);
    };
    out.push('{');
    for (at, range) in ranges.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        write_range(range, out);
    }
    out.push('}');
}

fn write_range<T: RangeElement>(range: &PgRange<T>, out: &mut String) {
    let PgRange::Between(lower, upper) = range else {
        return out.push_str("empty");
    };
    // No bound of these types has a quote or a backslash in its text.
    let quoted = |bound: Option<&T>| {
        bound.map_or_else(String::new, |bound| {
            format!("\"{}\"", super::Param::new(bound).show())
        })
    };
    out.push(if matches!(lower, Bound::Included(_)) {
        '['
    } else {
        '('
    });
    out.push_str(&quoted(range.lower()));
    out.push(',');
    out.push_str(&quoted(range.upper()));
    out.push(if matches!(upper, Bound::Included(_)) {
        ']'
    } else {
        ')'
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Param;
    use crate::types::sql_type::decode_own;

    #[test]
    fn ranges_come_back() {
        let all: [(PgRange<i32>, &str); 7] = [
            (PgRange::Empty, "empty"),
            ((1..5).into(), r#"["1","5")"#),
            ((1..=5).into(), r#"["1","5"]"#),
            ((1..).into(), r#"["1",)"#),
            ((..5).into(), r#"(,"5")"#),
            ((..).into(), "(,)"),
            (
                (Bound::Excluded(1), Bound::Included(5)).into(),
                r#"("1","5"]"#,
            ),
        ];
        for (range, shown) in all {
            let param = Param::new(&range);
            assert_eq!(decode_own(param.bytes().unwrap()), Ok(range));
            assert_eq!(param.show(), shown);
        }
        let several = Multirange(vec![PgRange::from(1_i64..5), (7..).into()]);
        let param = Param::new(&several);
        assert_eq!(decode_own(param.bytes().unwrap()), Ok(several));
    }

    #[test]
    fn broken_bytes_are_errors() {
        let whole = Param::new(&Multirange(vec![PgRange::from(1..5)]));
        let whole = whole.bytes().unwrap();
        for length in 0..whole.len() {
            assert!(
                decode_own::<Multirange<i32>>(&whole[..length]).is_err(),
                "{length}"
            );
        }
        assert!(decode_own::<PgRange<i32>>(&[2, 0, 0, 0, 9, 1]).is_err());
    }
}
