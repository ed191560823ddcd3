//! Times and dates, by `chrono`. Feature `chrono`.
//!
//! | Rust | PostgreSQL | on the wire |
//! | --- | --- | --- |
//! | `DateTime<Utc>` | `timestamptz` | microseconds since 2000-01-01 00:00 UTC |
//! | `NaiveDateTime` | `timestamp` | microseconds since 2000-01-01 00:00 |
//! | `NaiveDate` | `date` | days since 2000-01-01 |
//! | `NaiveTime` | `time` | microseconds since midnight |
//!
//! **Precision.** PostgreSQL keeps microseconds and `chrono` nanoseconds. What lies below the microsecond is cut off on the
//! way in, not rounded, so that no time moves into the future. `same` compares what is left, so that a value read back is not
//! taken for a changed one; the identity map compares keys as they were sent, so they need nothing more.
//!
//! **What only PostgreSQL has.** `infinity`, `-infinity`, years that `chrono` cannot count to and the time `24:00:00` are
//! errors when they are read.
//!
//! **What only `chrono` has.** A leap second is stored as the first second of the next minute, which is what PostgreSQL
//! makes of `23:59:60` too. For a `NaiveTime` at the end of the day there is no next minute: PostgreSQL refuses it as out
//! of range, as it does dates before 4713 BC.

use std::fmt::Write;

use bytes::{BufMut, BytesMut};
use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, Timelike, Utc};

use super::array::array_of;
use super::sql_type::{MALFORMED, decode_own};
use super::{DecodeError, Element, KeyPart, PgType, Raw, SqlType};

const DATE: u32 = 1082;
const TIME: u32 = 1083;
const TIMESTAMP: u32 = 1114;
const TIMESTAMPTZ: u32 = 1184;

/// 2000-01-01 00:00, where PostgreSQL's time begins, in microseconds of Unix time.
const EPOCH: i64 = 946_684_800_000_000;

/// The same day, counted from the first of January of the year 1, which is day 1.
const EPOCH_DAY: i32 = 730_120;

const DAY: i64 = 86_400_000_000;

/// A moment. PostgreSQL stores it in UTC, whatever the session's time zone.
///
/// ```
/// use chrono::{DateTime, Utc};
/// use orm_core::types::{Param, SqlType};
///
/// let given: DateTime<Utc> = "2024-05-06T07:08:09.123456789Z".parse().unwrap();
/// let kept: DateTime<Utc> = "2024-05-06T07:08:09.123456Z".parse().unwrap();
/// assert_eq!(Param::new(&given).show(), "2024-05-06 07:08:09.123456+00");
/// assert!(given.same(&kept));
/// ```
impl SqlType for DateTime<Utc> {
    type Base = Self;
    type Nullify<U: SqlType> = U;
    const TYPE: &'static PgType =
        &PgType::built_in("timestamptz", TIMESTAMPTZ, true, |bytes, out| {
            show::<Self>(bytes, out, |moment, out| {
                write_date(moment.date_naive(), out);
                out.push(' ');
                write_time(moment.time(), out);
                out.push_str("+00");
                write_era(moment.date_naive(), out);
            });
        });

    fn encode(&self, out: &mut BytesMut) -> bool {
        out.put_i64(self.timestamp_micros() - EPOCH);
        true
    }

    fn decode(raw: Raw<'_>) -> Result<Self, DecodeError> {
        match raw.oid {
            TIMESTAMPTZ => read_moment::<Self>(&raw),
            _ => Err(DecodeError::type_mismatch::<Self>(&raw)),
        }
    }

    fn same(&self, other: &Self) -> bool {
        self.timestamp_micros() == other.timestamp_micros()
    }
}

/// A date and a time of day with no time zone: what a calendar on a wall says.
impl SqlType for NaiveDateTime {
    type Base = Self;
    type Nullify<U: SqlType> = U;
    const TYPE: &'static PgType = &PgType::built_in("timestamp", TIMESTAMP, true, |bytes, out| {
        show::<Self>(bytes, out, |moment, out| {
            write_date(moment.date(), out);
            out.push(' ');
            write_time(moment.time(), out);
            write_era(moment.date(), out);
        });
    });

    fn encode(&self, out: &mut BytesMut) -> bool {
        self.and_utc().encode(out)
    }

    fn decode(raw: Raw<'_>) -> Result<Self, DecodeError> {
        match raw.oid {
            TIMESTAMP => read_moment::<Self>(&raw).map(|moment| moment.naive_utc()),
            _ => Err(DecodeError::type_mismatch::<Self>(&raw)),
        }
    }

    fn same(&self, other: &Self) -> bool {
        self.and_utc().same(&other.and_utc())
    }
}

impl SqlType for NaiveDate {
    type Base = Self;
    type Nullify<U: SqlType> = U;
    const TYPE: &'static PgType = &PgType::built_in("date", DATE, true, |bytes, out| {
        show::<Self>(bytes, out, |date, out| {
            write_date(*date, out);
            write_era(*date, out);
        });
    });

    fn encode(&self, out: &mut BytesMut) -> bool {
        out.put_i32(self.num_days_from_ce() - EPOCH_DAY);
        true
    }

    fn decode(raw: Raw<'_>) -> Result<Self, DecodeError> {
        if raw.oid != DATE {
            return Err(DecodeError::type_mismatch::<Self>(&raw));
        }
        let days = i32::from_be_bytes(raw.exactly::<Self, 4>()?);
        match days {
            i32::MAX => Err(is_infinite::<Self>("infinity")),
            i32::MIN => Err(is_infinite::<Self>("-infinity")),
            _ => days
                .checked_add(EPOCH_DAY)
                .and_then(NaiveDate::from_num_days_from_ce_opt)
                .ok_or_else(out_of_range::<Self>),
        }
    }

    fn same(&self, other: &Self) -> bool {
        self == other
    }
}

impl SqlType for NaiveTime {
    type Base = Self;
    type Nullify<U: SqlType> = U;
    const TYPE: &'static PgType = &PgType::built_in("time", TIME, true, |bytes, out| {
        show::<Self>(bytes, out, |time, out| write_time(*time, out));
    });

    fn encode(&self, out: &mut BytesMut) -> bool {
        let micros = time_of_day(*self);
        // PostgreSQL would keep a leap second's very beginning as 24:00:00, which could not be read back.
        out.put_i64(if micros == DAY { DAY + 1 } else { micros });
        true
    }

    fn decode(raw: Raw<'_>) -> Result<Self, DecodeError> {
        if raw.oid != TIME {
            return Err(DecodeError::type_mismatch::<Self>(&raw));
        }
        let micros = i64::from_be_bytes(raw.exactly::<Self, 8>()?);
        if micros == DAY {
            return Err(DecodeError::malformed::<Self>(
                "the value is 24:00:00, which only PostgreSQL has",
            ));
        }
        let seconds = u32::try_from(micros.div_euclid(1_000_000));
        let nanos = micros.rem_euclid(1_000_000) as u32 * 1000;
        seconds
            .ok()
            .and_then(|seconds| NaiveTime::from_num_seconds_from_midnight_opt(seconds, nanos))
            .ok_or_else(out_of_range::<Self>)
    }

    fn same(&self, other: &Self) -> bool {
        time_of_day(*self) == time_of_day(*other)
    }
}

impl Element for DateTime<Utc> {
    const ARRAY: &'static PgType = &array_of::<Self>("timestamptz[]", 1185);
}

impl Element for NaiveDateTime {
    const ARRAY: &'static PgType = &array_of::<Self>("timestamp[]", 1115);
}

impl Element for NaiveDate {
    const ARRAY: &'static PgType = &array_of::<Self>("date[]", 1182);
}

impl Element for NaiveTime {
    const ARRAY: &'static PgType = &array_of::<Self>("time[]", 1183);
}

impl KeyPart for NaiveDate {}
impl KeyPart for DateTime<Utc> {}
impl KeyPart for NaiveDateTime {}
impl KeyPart for NaiveTime {}

fn read_moment<T>(raw: &Raw<'_>) -> Result<DateTime<Utc>, DecodeError> {
    let micros = i64::from_be_bytes(raw.exactly::<T, 8>()?);
    match micros {
        i64::MAX => Err(is_infinite::<T>("infinity")),
        i64::MIN => Err(is_infinite::<T>("-infinity")),
        _ => micros
            .checked_add(EPOCH)
            .and_then(DateTime::from_timestamp_micros)
            .ok_or_else(out_of_range::<T>),
    }
}

/// Microseconds since midnight. In a leap second `nanosecond` counts on beyond one second.
fn time_of_day(time: NaiveTime) -> i64 {
    i64::from(time.num_seconds_from_midnight()) * 1_000_000 + i64::from(time.nanosecond() / 1000)
}

fn is_infinite<T>(which: &str) -> DecodeError {
    DecodeError::malformed::<T>(&format!(
        "the value is `{which}`, which only PostgreSQL has"
    ))
}

fn out_of_range<T>() -> DecodeError {
    DecodeError::malformed::<T>("the value lies outside of what the Rust type can hold")
}

fn show<T: SqlType>(bytes: &[u8], out: &mut String, write: fn(&T, &mut String)) {
    match decode_own::<T>(bytes) {
        Ok(value) => write(&value, out),
        Err(_) => out.push_str(MALFORMED),
    }
}

// Writing to a String cannot fail, so the functions below drop what `write!` returns.

/// `2024-05-06`. A year before the first is counted backwards from there, and `write_era` says so at the end.
fn write_date(date: NaiveDate, out: &mut String) {
    let (_, year) = date.year_ce();
    let _ = write!(out, "{year:04}-{:02}-{:02}", date.month(), date.day());
}

fn write_era(date: NaiveDate, out: &mut String) {
    let (common_era, _) = date.year_ce();
    if !common_era {
        out.push_str(" BC");
    }
}

/// `07:08:09`, or `07:08:09.123456` without the zeros at the end.
fn write_time(time: NaiveTime, out: &mut String) {
    let _ = write!(
        out,
        "{:02}:{:02}:{:02}",
        time.hour(),
        time.minute(),
        time.second()
    );
    let micros = time.nanosecond() / 1000;
    if micros > 0 {
        let fraction = format!(".{micros:06}");
        out.push_str(fraction.trim_end_matches('0'));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Param;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[track_caller]
    fn round_trip<T: SqlType + PartialEq>(value: T, shown: &str) {
        let param = Param::new(&value);
        assert_eq!(decode_own::<T>(param.bytes().unwrap()), Ok(value));
        assert_eq!(param.show(), shown);
    }

    #[test]
    fn times_come_back_and_show_as_postgresql_prints_them() {
        round_trip(at("2024-05-06T07:08:09.120Z"), "2024-05-06 07:08:09.12+00");
        round_trip(
            at("1999-12-31T23:59:59.999999Z"),
            "1999-12-31 23:59:59.999999+00",
        );
        round_trip(
            at("2024-05-06T00:00:00Z").naive_utc(),
            "2024-05-06 00:00:00",
        );
        round_trip(NaiveDate::from_ymd_opt(2024, 2, 29).unwrap(), "2024-02-29");
        round_trip(
            NaiveDate::from_ymd_opt(12_024, 1, 2).unwrap(),
            "12024-01-02",
        );
        round_trip(
            NaiveDate::from_ymd_opt(-43, 3, 15).unwrap(),
            "0044-03-15 BC",
        );
        round_trip(at("-0043-03-15T12:00:00Z"), "0044-03-15 12:00:00+00 BC");
        round_trip(NaiveDate::MIN, "262144-01-01 BC");
        round_trip(NaiveDate::MAX, "262142-12-31");
        round_trip(NaiveTime::MIN, "00:00:00");
    }

    #[test]
    fn the_extremes_of_chrono_can_be_encoded() {
        for moment in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
            let back: DateTime<Utc> = decode_own(Param::new(&moment).bytes().unwrap()).unwrap();
            assert!(back.same(&moment));
        }
    }

    #[test]
    fn digits_below_the_microsecond_are_cut_off_and_make_no_difference() {
        for (given, kept) in [
            (
                "2024-05-06T07:08:09.123456999Z",
                "2024-05-06T07:08:09.123456Z",
            ),
            (
                "1969-12-31T23:59:59.123456999Z",
                "1969-12-31T23:59:59.123456Z",
            ),
        ] {
            let (given, kept) = (at(given), at(kept));
            assert_eq!(decode_own(Param::new(&given).bytes().unwrap()), Ok(kept));
            assert!(given.same(&kept));
            assert!(given.naive_utc().same(&kept.naive_utc()));
            assert!(given.time().same(&kept.time()));
        }
        assert!(!at("2024-05-06T07:08:09.123456Z").same(&at("2024-05-06T07:08:09.123457Z")));
    }

    #[test]
    fn what_only_postgresql_has_is_an_error() {
        for (micros, why) in [
            (i64::MAX, "`infinity`"),
            (i64::MIN, "`-infinity`"),
            (i64::MAX - 1, "outside"),
            (i64::MIN + 1, "outside"),
        ] {
            let bytes = micros.to_be_bytes();
            assert!(
                decode_own::<DateTime<Utc>>(&bytes)
                    .unwrap_err()
                    .0
                    .contains(why)
            );
            assert!(
                decode_own::<NaiveDateTime>(&bytes)
                    .unwrap_err()
                    .0
                    .contains(why)
            );
        }
        for days in [i32::MAX, i32::MIN, i32::MAX - 1, i32::MIN + 1] {
            assert!(decode_own::<NaiveDate>(&days.to_be_bytes()).is_err());
        }
        for micros in [DAY, DAY + 1, -1, i64::MAX, i64::MIN] {
            assert!(decode_own::<NaiveTime>(&micros.to_be_bytes()).is_err());
        }
    }

    #[test]
    fn a_leap_second_is_the_next_minute() {
        let leap = NaiveTime::from_hms_milli_opt(12, 30, 59, 1500).unwrap();
        let next = NaiveTime::from_hms_milli_opt(12, 31, 0, 500).unwrap();
        assert_eq!(decode_own(Param::new(&leap).bytes().unwrap()), Ok(next));

        let midnight = NaiveTime::from_hms_milli_opt(23, 59, 59, 1000).unwrap();
        let sent = Param::new(&midnight);
        assert!(
            sent.bytes().unwrap() > &DAY.to_be_bytes()[..],
            "PostgreSQL refuses it"
        );
    }
}
