//! `Option<T>`: a column that can be NULL.

use bytes::BytesMut;

use super::{DecodeError, PgType, Raw, SqlType};

/// `None` is NULL.
///
/// ```
/// use orm_core::types::{Param, SqlType};
///
/// assert_eq!(Param::new(&Some(7)).show(), "7");
/// assert_eq!(Param::new(&None::<i32>).bytes(), None);
/// assert!(Option::<i32>::NULLABLE && !i32::NULLABLE);
/// ```
impl<T: SqlType<Base = T>> SqlType for Option<T> {
    type Base = T;
    type Nullify<U: SqlType> = Option<U::Base>;
    const TYPE: &'static PgType = T::TYPE;
    const NULLABLE: bool = true;

    fn encode(&self, out: &mut BytesMut) -> bool {
        self.as_ref().is_some_and(|value| value.encode(out))
    }

    fn decode(raw: Raw<'_>) -> Result<Self, DecodeError> {
        match raw.bytes {
            None => Ok(None),
            Some(_) => T::decode(raw).map(Some),
        }
    }

    fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (None, None) => true,
            (Some(a), Some(b)) => a.same(b),
            _ => false,
        }
    }
}
