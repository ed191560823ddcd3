//! [`Raw::show`]: a value off the wire as text, for those who asked to see values.
//!
//! What comes off the wire has a number for its type and no Rust type. So the Rust types are asked in turn whether they read
//! it, and the first that does prints it as it prints a parameter.

use super::{Cidr, Inet, Interval, Param, Raw, SqlType};

impl Raw<'_> {
    /// The value as PostgreSQL would print it; of a type that this crate doesn't read, its name between angle brackets.
    ///
    /// ```
    /// use orm_core::types::Raw;
    ///
    /// let bytes = 42_i32.to_be_bytes();
    /// let number = Raw::new(Some(&bytes), 23, "int4");
    /// assert_eq!(number.show(), "42");
    /// assert_eq!(Raw::new(None, 23, "int4").show(), "NULL");
    /// assert_eq!(Raw::new(Some(&bytes), 600, "point").show(), "<point>");
    /// ```
    pub fn show(&self) -> String {
        if self.bytes.is_none() {
            return "NULL".to_owned();
        }
        macro_rules! first_that_reads {
            ($($(#[$feature:meta])? $ty:ty),* $(,)?) => { $(
                $(#[$feature])?
                if let Ok(value) = <$ty>::decode(*self) {
                    return Param::new(&value).show();
                }
            )* };
        }
        first_that_reads!(
            bool,
            i64,
            // Before the wider one, which would show more digits than there are.
            f32,
            f64,
            String,
            Vec<u8>,
            #[cfg(feature = "decimal")]
            rust_decimal::Decimal,
            #[cfg(feature = "uuid")]
            uuid::Uuid,
            #[cfg(feature = "chrono")]
            chrono::DateTime<chrono::Utc>,
            #[cfg(feature = "chrono")]
            chrono::NaiveDateTime,
            #[cfg(feature = "chrono")]
            chrono::NaiveDate,
            #[cfg(feature = "chrono")]
            chrono::NaiveTime,
            #[cfg(feature = "json")]
            serde_json::Value,
            Interval,
            Inet,
            Cidr,
            Vec<Option<i64>>,
            Vec<Option<f64>>,
            Vec<Option<String>>,
            #[cfg(feature = "uuid")]
            Vec<Option<uuid::Uuid>>,
        );
        format!("<{}>", self.type_name())
    }
}
