//! Values that PostgreSQL takes for equal though their bytes differ, brought into one form: `5.0` and `5.00`, `'ab'` and `'ab   '` in a
//! `char(5)`. By it the flush tells who takes a unique value (`steps::unique`), and whether a trigger has changed one (`triggers`).

use bytes::BytesMut;

use crate::model::ColumnInfo;

/// What makes equal values of a column differ in their bytes.
#[derive(Clone, Copy)]
enum Forms {
    /// The head of a `numeric` says how many digits to show behind the point.
    Digits,
    /// Zero has a sign, and what is no number has many forms.
    Float,
    /// Blanks at the end of a `char(n)` don't count.
    Padded,
    /// Capitals of a `citext` don't count.
    Caseless,
}

impl Forms {
    fn of(column: &ColumnInfo) -> Option<Forms> {
        match column.ty.name {
            "numeric" => Some(Forms::Digits),
            "float4" | "float8" => Some(Forms::Float),
            "text" if column.declared == Some("citext") => Some(Forms::Caseless),
            "text" if column.padded().is_some() => Some(Forms::Padded),
            _ => None,
        }
    }

    /// Brings the value that begins at a place into the form that all its equals have.
    fn unite(self, out: &mut BytesMut, from: usize) {
        /// Where the head of a `numeric` says how many digits are shown.
        const SHOWN: std::ops::Range<usize> = 6..8;
        let value = &mut out[from..];
        match self {
            Forms::Digits => {
                if let Some(shown) = value.get_mut(SHOWN) {
                    shown.fill(0);
                }
            }
            Forms::Float => {
                if let Ok(bytes) = <[u8; 8]>::try_from(&*value) {
                    value.copy_from_slice(&one_form(f64::from_be_bytes(bytes)).to_be_bytes());
                } else if let Ok(bytes) = <[u8; 4]>::try_from(&*value) {
                    let number = one_form(f64::from(f32::from_be_bytes(bytes)));
                    value.copy_from_slice(&(number as f32).to_be_bytes());
                }
            }
            Forms::Padded => {
                let blanks = value.iter().rev().take_while(|byte| **byte == b' ').count();
                out.truncate(out.len() - blanks);
            }
            Forms::Caseless => {
                let lower = String::from_utf8_lossy(value).to_lowercase();
                out.truncate(from);
                out.extend_from_slice(lower.as_bytes());
            }
        }
    }
}

fn one_form(number: f64) -> f64 {
    match number {
        number if number.is_nan() => f64::NAN,
        // Without its sign.
        0.0 => 0.0,
        number => number,
    }
}

/// Whether equal values of a column may have different bytes.
pub(super) fn has_many_forms(column: &ColumnInfo) -> bool {
    Forms::of(column).is_some()
}

/// Brings a column's value, which begins at a place, into the form that all its equals have.
pub(super) fn unite(column: &ColumnInfo, out: &mut BytesMut, from: usize) {
    if let Some(forms) = Forms::of(column) {
        forms.unite(out, from);
    }
}

/// Whether two values of a column are the same.
pub(super) fn is_same(column: &ColumnInfo, one: Option<&[u8]>, other: Option<&[u8]>) -> bool {
    let united = |value: &[u8]| {
        let mut value = BytesMut::from(value);
        unite(column, &mut value, 0);
        value
    };
    one == other || one.map(united) == other.map(united)
}
