//! [`Interval`]: a span of time as PostgreSQL has it, in months, days and microseconds.

use std::fmt;
use std::ops::{Add, Neg, Sub};

use bytes::{Buf, BufMut, BytesMut};

use super::array::array_of;
use super::sql_type::show_display;
use super::{DecodeError, Element, PgType, Raw, SqlType};

const INTERVAL: u32 = 1186;

const SECOND: i64 = 1_000_000;

/// A span of time: `interval`. SQLAlchemy: `INTERVAL`. Months, days and microseconds are kept apart, because a month has no fixed number of days, nor
/// a day of hours: a month after January 31st is the end of February.
///
/// ```
/// use orm_core::types::{Interval, Param};
///
/// let span = Interval::years(1) + Interval::months(2) - Interval::days(3) + Interval::minutes(90);
/// assert_eq!(span, Interval { months: 14, days: -3, microseconds: 5_400_000_000 });
/// assert_eq!(span.to_string(), "14 mons -3 days 01:30:00");
/// assert_eq!(Param::new(&span).show(), "14 mons -3 days 01:30:00");
/// ```
///
/// Equality is that of the three numbers. PostgreSQL's is looser: to it a month is 30 days, and a day 24 hours. So it is
/// no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "json", derive(serde::Serialize, serde::Deserialize))]
pub struct Interval {
    /// Months; a year is twelve.
    pub months: i32,
    /// Days.
    pub days: i32,
    /// Microseconds.
    pub microseconds: i64,
}

impl Interval {
    /// The span of these three.
    pub const fn new(months: i32, days: i32, microseconds: i64) -> Self {
        Interval {
            months,
            days,
            microseconds,
        }
    }

    /// So many years.
    ///
    /// ```
    /// use orm_core::types::Interval;
    ///
    /// assert_eq!(Interval::years(1), Interval::months(12));
    /// assert_eq!(Interval::weeks(1), Interval::days(7));
    /// assert_eq!(Interval::hours(1), Interval::minutes(60));
    /// assert_eq!(Interval::seconds(1), Interval::microseconds(1_000_000));
    /// assert_ne!(Interval::days(1), Interval::hours(24)); // a day is not always as long
    /// ```
    pub const fn years(years: i32) -> Self {
        Interval::new(years * 12, 0, 0)
    }

    /// So many months.
    pub const fn months(months: i32) -> Self {
        Interval::new(months, 0, 0)
    }

    /// So many weeks.
    pub const fn weeks(weeks: i32) -> Self {
        Interval::new(0, weeks * 7, 0)
    }

    /// So many days.
    pub const fn days(days: i32) -> Self {
        Interval::new(0, days, 0)
    }

    /// So many hours.
    pub const fn hours(hours: i64) -> Self {
        Interval::new(0, 0, hours * 3600 * SECOND)
    }

    /// So many minutes.
    pub const fn minutes(minutes: i64) -> Self {
        Interval::new(0, 0, minutes * 60 * SECOND)
    }

    /// So many seconds.
    pub const fn seconds(seconds: i64) -> Self {
        Interval::new(0, 0, seconds * SECOND)
    }

    /// So many microseconds.
    pub const fn microseconds(microseconds: i64) -> Self {
        Interval::new(0, 0, microseconds)
    }
}

impl Add for Interval {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Interval {
            months: self.months + other.months,
            days: self.days + other.days,
            microseconds: self.microseconds + other.microseconds,
        }
    }
}

impl Neg for Interval {
    type Output = Self;

    fn neg(self) -> Self {
        Interval::new(-self.months, -self.days, -self.microseconds)
    }
}

impl Sub for Interval {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

/// As PostgreSQL prints it, but for years, which are twelve months each.
impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut blank = "";
        for (number, unit) in [(self.months, "mons"), (self.days, "days")] {
            if number != 0 {
                write!(f, "{blank}{number} {unit}")?;
                blank = " ";
            }
        }
        if self.microseconds == 0 && !blank.is_empty() {
            return Ok(());
        }
        let sign = if self.microseconds < 0 { "-" } else { "" };
        let all = self.microseconds.unsigned_abs();
        let (seconds, micros) = (all / SECOND as u64, all % SECOND as u64);
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
        write!(
            f,
            "{blank}{sign}{hours:02}:{minutes:02}:{:02}",
            seconds % 60
        )?;
        if micros > 0 {
            let fraction = format!(".{micros:06}");
            f.write_str(fraction.trim_end_matches('0'))?;
        }
        Ok(())
    }
}

/// Digits below the microsecond are cut off; beyond 292,000 years it stays at that.
#[cfg(feature = "chrono")]
impl From<chrono::Duration> for Interval {
    fn from(span: chrono::Duration) -> Self {
        let most = if span < chrono::Duration::zero() {
            i64::MIN
        } else {
            i64::MAX
        };
        Interval::microseconds(span.num_microseconds().unwrap_or(most))
    }
}

impl SqlType for Interval {
    type Base = Self;
    type Nullify<U: SqlType> = U;
    const TYPE: &'static PgType =
        &PgType::built_in("interval", INTERVAL, true, show_display::<Self>);

    fn encode(&self, out: &mut BytesMut) -> bool {
        out.put_i64(self.microseconds);
        out.put_i32(self.days);
        out.put_i32(self.months);
        true
    }

    fn decode(raw: Raw<'_>) -> Result<Self, DecodeError> {
        if raw.oid != INTERVAL {
            return Err(DecodeError::type_mismatch::<Self>(&raw));
        }
        let bytes = raw.exactly::<Self, 16>()?;
        let mut bytes = &bytes[..];
        Ok(Interval {
            microseconds: bytes.get_i64(),
            days: bytes.get_i32(),
            months: bytes.get_i32(),
        })
    }

    fn same(&self, other: &Self) -> bool {
        self == other
    }
}

impl Element for Interval {
    const ARRAY: &'static PgType = &array_of::<Self>("interval[]", 1187);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Param;
    use crate::types::sql_type::decode_own;

    #[test]
    fn comes_back_and_shows_as_postgresql_reads_it() {
        for (span, shown) in [
            (Interval::default(), "00:00:00"),
            (Interval::months(-1), "-1 mons"),
            (Interval::seconds(-3661), "-01:01:01"),
            (Interval::new(1, -2, 1_500_000), "1 mons -2 days 00:00:01.5"),
            (Interval::hours(100), "100:00:00"),
        ] {
            let param = Param::new(&span);
            assert_eq!(decode_own(param.bytes().unwrap()), Ok(span));
            assert_eq!(param.show(), shown);
        }
    }
}
