//! `Decimal`: PostgreSQL's `numeric`, to the last digit. Feature `decimal`.
//!
//! `numeric` travels as digits to the base of 10,000. Its head says how many there are, the weight of the first (the
//! power of 10,000 that it counts), the sign, and how many decimal digits to print after the point:
//!
//! ```text
//! 12345.60  =  1·10000¹ + 2345·10000⁰ + 6000·10000⁻¹     digits [1, 2345, 6000], weight 1, plus, 2 after the point
//! ```
//!
//! `numeric` reaches further than `Decimal`, which holds 96 bits and at most 28 digits after the point. What does not fit
//! is an error and never rounded. Zeros at the end do not count: they are kept (`1.50` stays `1.50`) as far as there is room.

use bytes::{Buf, BufMut, BytesMut};
use rust_decimal::Decimal;

use super::array::array_of;
use super::sql_type::show_display;
use super::{DecodeError, Element, Numeric, PgType, Raw, SqlType};

const NUMERIC: u32 = 1700;

const POSITIVE: u16 = 0x0000;
const NEGATIVE: u16 = 0x4000;
const NAN: u16 = 0xC000;
const INFINITY: u16 = 0xD000;
const NEGATIVE_INFINITY: u16 = 0xF000;

const LARGEST: u128 = (1 << 96) - 1;

/// Sent as `numeric`, with the digits after the point that the value has. A column of `numeric(10, 2)` rounds to its scale
/// on the way in, as it does for everyone.
///
/// ```
/// use orm_core::types::{Param, SqlType};
/// use rust_decimal::Decimal;
///
/// let price = Decimal::new(150, 2);
/// assert_eq!(Param::new(&price).show(), "1.50");
/// assert!(price.same(&Decimal::new(15, 1)));
/// ```
impl SqlType for Decimal {
    type Base = Self;
    type Nullify<U: SqlType> = U;
    const TYPE: &'static PgType = &PgType::built_in("numeric", NUMERIC, true, show_display::<Self>);

    fn encode(&self, out: &mut BytesMut) -> bool {
        let scale = self.scale() as i32;
        // Zeros at the end, until the digits after the point fill whole digits to the base of 10,000.
        let fraction_digits = (scale + 3) / 4;
        let padding = (fraction_digits * 4 - scale) as u32;
        let mut rest = self.mantissa().unsigned_abs() * 10_u128.pow(padding);

        // 96 bits and three zeros make 32 decimal digits at most. The last of ours comes first.
        let mut digits = [0_i16; 8];
        let mut length = 0;
        while rest > 0 {
            digits[length] = (rest % 10_000) as i16;
            rest /= 10_000;
            length += 1;
        }
        let digits = &digits[..length];
        let weight = length as i32 - fraction_digits - 1;
        let zeros = digits.iter().take_while(|digit| **digit == 0).count();
        let digits = &digits[zeros..];
        let negative = self.is_sign_negative() && !self.is_zero();

        out.put_i16(digits.len() as i16);
        out.put_i16(if digits.is_empty() { 0 } else { weight as i16 });
        out.put_u16(if negative { NEGATIVE } else { POSITIVE });
        out.put_i16(scale as i16);
        for digit in digits.iter().rev() {
            out.put_i16(*digit);
        }
        true
    }

    fn decode(raw: Raw<'_>) -> Result<Self, DecodeError> {
        if raw.oid != NUMERIC {
            return Err(DecodeError::type_mismatch::<Self>(&raw));
        }
        let mut bytes = raw.not_null::<Self>()?;
        if bytes.len() < 8 {
            return Err(cut_short());
        }
        let length = bytes.get_u16() as usize;
        let weight = i32::from(bytes.get_i16());
        let sign = bytes.get_u16();
        let scale = u32::from(bytes.get_u16());
        match sign {
            POSITIVE | NEGATIVE => {}
            NAN => return Err(cannot_hold("it is NaN")),
            INFINITY => return Err(cannot_hold("it is Infinity")),
            NEGATIVE_INFINITY => return Err(cannot_hold("it is -Infinity")),
            _ => return Err(DecodeError::malformed::<Self>("the sign is unknown")),
        }
        if bytes.len() != length * 2 {
            return Err(cut_short());
        }

        // The value is `mantissa`·10^`exponent`.
        let mut mantissa = 0_u128;
        for _ in 0..length {
            mantissa = mantissa
                .checked_mul(10_000)
                .and_then(|shifted| shifted.checked_add(u128::from(bytes.get_u16())))
                .ok_or_else(too_many_digits)?;
        }
        let exponent = (weight + 1 - length as i32) * 4;
        let value = exact(mantissa, exponent, scale)?;
        Ok(if sign == NEGATIVE { -value } else { value })
    }

    /// As numbers: `1.50` is the same as `1.5`.
    fn same(&self, other: &Self) -> bool {
        self == other
    }
}

/// The number `mantissa`·10^`exponent`, with `scale` digits after the point, or as near to that many as there is room for.
fn exact(mut mantissa: u128, mut exponent: i32, scale: u32) -> Result<Decimal, DecodeError> {
    let wanted = scale.min(Decimal::MAX_SCALE);
    if mantissa == 0 {
        return Ok(Decimal::new(0, wanted));
    }
    while mantissa.is_multiple_of(10) {
        mantissa /= 10;
        exponent += 1;
    }
    // The fewest digits after the point with which the number can be written.
    let mut scale = exponent.min(0).unsigned_abs();
    if scale > Decimal::MAX_SCALE {
        return Err(cannot_hold("it has more than 28 digits after the point"));
    }
    mantissa = 10_u128
        .checked_pow(exponent.max(0).unsigned_abs())
        .and_then(|power| mantissa.checked_mul(power))
        .filter(|mantissa| *mantissa <= LARGEST)
        .ok_or_else(too_many_digits)?;
    while scale < wanted && mantissa * 10 <= LARGEST {
        mantissa *= 10;
        scale += 1;
    }
    Ok(Decimal::from_i128_with_scale(mantissa as i128, scale))
}

fn cannot_hold(why: &str) -> DecodeError {
    DecodeError(format!(
        "the `numeric` value cannot be held by `Decimal` exactly: {why}"
    ))
}

fn too_many_digits() -> DecodeError {
    cannot_hold("it has more digits than the 28 (sometimes 29) that there is room for")
}

fn cut_short() -> DecodeError {
    DecodeError::malformed::<Decimal>("the number is cut short")
}

impl Element for Decimal {
    const ARRAY: &'static PgType = &array_of::<Self>("numeric[]", 1231);
}

impl Numeric for Decimal {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Param;
    use crate::types::sql_type::decode_own;

    fn wire(weight: i16, sign: u16, scale: u16, digits: &[i16]) -> Vec<u8> {
        let mut out = BytesMut::new();
        out.put_i16(digits.len() as i16);
        out.put_i16(weight);
        out.put_u16(sign);
        out.put_u16(scale);
        digits.iter().for_each(|digit| out.put_i16(*digit));
        out.to_vec()
    }

    #[track_caller]
    fn round_trip(text: &str) {
        let value: Decimal = text.parse().unwrap();
        let param = Param::new(&value);
        let back: Decimal = decode_own(param.bytes().unwrap()).unwrap();
        assert_eq!(back.to_string(), text);
    }

    #[test]
    fn every_digit_and_the_scale_come_back() {
        for text in [
            "0",
            "0.00",
            "1",
            "-1",
            "1.50",
            "12345.60",
            "10000",
            "100000000",
            "0.0001",
            "0.00001",
            "-0.0000000000000000000000000001",
            "1.0000000000000000000000000001",
            "79228162514264337593543950335",
            "-79228162514264337593543950335",
            "7.9228162514264337593543950335",
            "0.9999999999999999999999999999",
        ] {
            round_trip(text);
        }
    }

    #[test]
    fn the_wire_form_is_postgresqls() {
        let value = Decimal::new(1_234_560, 2);
        assert_eq!(
            Param::new(&value).bytes().unwrap(),
            wire(1, POSITIVE, 2, &[1, 2345, 6000])
        );
        let large = Decimal::new(-50_000_000, 0);
        assert_eq!(
            Param::new(&large).bytes().unwrap(),
            wire(1, NEGATIVE, 0, &[5000])
        );
    }

    #[test]
    fn zero_has_no_sign() {
        let zero = -Decimal::new(0, 2);
        assert_eq!(
            Param::new(&zero).bytes().unwrap(),
            wire(0, POSITIVE, 2, &[])
        );
    }

    #[test]
    fn zeros_for_which_there_is_no_room_are_dropped() {
        let back: Decimal = decode_own(&wire(5, POSITIVE, 20, &[1])).unwrap(); // 10^20, 20 zeros after the point
        assert_eq!(back.to_string(), "100000000000000000000.00000000");
        let back: Decimal = decode_own(&wire(0, POSITIVE, 40, &[1, 5000])).unwrap();
        assert_eq!(back.to_string(), "1.5000000000000000000000000000");
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        for (bytes, why) in [
            (wire(0, NAN, 0, &[]), "NaN"),
            (wire(0, INFINITY, 0, &[]), "is Infinity"),
            (wire(0, NEGATIVE_INFINITY, 0, &[]), "-Infinity"),
            (wire(-8, POSITIVE, 29, &[1000]), "after the point"),
            (wire(8, POSITIVE, 0, &[1]), "more digits"),
            (wire(i16::MAX, POSITIVE, 0, &[1]), "more digits"),
            (wire(9, POSITIVE, 0, &[9999; 10]), "more digits"),
            (wire(0, 0x1234, 0, &[1]), "sign"),
        ] {
            let error = decode_own::<Decimal>(&bytes).unwrap_err();
            assert!(error.0.contains(why), "{error}");
        }
        assert!(decode_own::<Decimal>(&wire(0, POSITIVE, 0, &[1])[..9]).is_err());
    }

    #[test]
    fn sameness_is_numeric() {
        assert!(Decimal::new(150, 2).same(&Decimal::new(15, 1)));
    }
}
