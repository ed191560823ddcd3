//! `Uuid`: its sixteen bytes. Feature `uuid`.

use bytes::{BufMut, BytesMut};
use uuid::Uuid;

use super::array::array_of;
use super::sql_type::show_display;
use super::{DecodeError, Element, KeyPart, PgType, Raw, SqlType};

const UUID: u32 = 2950;

/// ```
/// use orm_core::types::Param;
/// use uuid::Uuid;
///
/// let id = Param::new(&Uuid::nil());
/// assert_eq!(id.bytes(), Some(&[0; 16][..]));
/// assert_eq!(id.show(), "00000000-0000-0000-0000-000000000000");
/// ```
impl SqlType for Uuid {
    type Base = Self;
    type Nullify<U: SqlType> = U;
    const TYPE: &'static PgType = &PgType::built_in("uuid", UUID, true, show_display::<Self>);

    fn encode(&self, out: &mut BytesMut) -> bool {
        out.put_slice(self.as_bytes());
        true
    }

    fn decode(raw: Raw<'_>) -> Result<Self, DecodeError> {
        match raw.oid {
            UUID => raw.exactly::<Self, 16>().map(Uuid::from_bytes),
            _ => Err(DecodeError::type_mismatch::<Self>(&raw)),
        }
    }

    fn same(&self, other: &Self) -> bool {
        self == other
    }
}

impl Element for Uuid {
    const ARRAY: &'static PgType = &array_of::<Self>("uuid[]", 2951);
}

impl KeyPart for Uuid {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Param;
    use crate::types::sql_type::decode_own;

    #[test]
    fn comes_back_and_shows_with_hyphens() {
        let id = Uuid::from_u128(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef);
        let param = Param::new(&id);
        assert_eq!(decode_own(param.bytes().unwrap()), Ok(id));
        assert_eq!(param.show(), "01234567-89ab-cdef-0123-456789abcdef");
    }
}
