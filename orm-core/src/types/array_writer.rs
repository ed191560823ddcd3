//! [`ArrayWriter`]: many values as one array parameter. A batch of rows travels as one array per column.

use bytes::{BufMut, BytesMut};

use super::{Param, PgType, SqlType};

const HEAD: usize = 20; // dimensions, flags, element type, length, lower bound: four bytes each

/// Encodes a one-dimensional array, value by value, straight into its binary form.
///
/// ```
/// use orm_core::types::{ArrayWriter, SqlType};
///
/// let mut ids = ArrayWriter::new();
/// ids.push(&1_i32);
/// ids.push(&None::<i32>);
/// assert_eq!(ids.len(), 2);
/// assert_eq!(ids.into_param(Vec::<i32>::TYPE).show(), "{1,NULL}");
/// ```
#[derive(Debug)]
pub struct ArrayWriter {
    buffer: BytesMut,
    length: i32,
    nulls: bool,
}

impl Default for ArrayWriter {
    fn default() -> Self {
        Self::new()
    }
}

impl ArrayWriter {
    /// An array without elements.
    pub fn new() -> Self {
        Self::with_room(3)
    }

    /// An array without elements, with room for so many integers. Of texts too short a room is doubled a few times, and not from
    /// the start.
    pub(crate) fn with_room(elements: usize) -> Self {
        let mut buffer = BytesMut::with_capacity(HEAD + elements * 12);
        buffer.put_bytes(0, HEAD);
        ArrayWriter {
            buffer,
            length: 0,
            nulls: false,
        }
    }

    /// Appends one element; `None` is NULL.
    pub fn push<T: SqlType>(&mut self, value: &T) {
        self.push_with(|out| value.encode(out));
    }

    /// Appends an element that is already in its binary form; `None` is NULL.
    ///
    /// ```
    /// use orm_core::types::{ArrayWriter, SqlType};
    ///
    /// let mut ids = ArrayWriter::new();
    /// ids.push_bytes(Some(&7_i32.to_be_bytes()));
    /// ids.push_bytes(None);
    /// assert_eq!(ids.into_param(Vec::<i32>::TYPE).show(), "{7,NULL}");
    /// ```
    pub fn push_bytes(&mut self, bytes: Option<&[u8]>) {
        let at = self.begin();
        if let Some(bytes) = bytes {
            self.buffer.put_slice(bytes);
        }
        self.end(at, bytes.is_some());
    }

    /// Appends an element that `encode` writes; NULL where it gives false and writes nothing.
    ///
    /// ```
    /// use orm_core::types::{ArrayWriter, SqlType};
    ///
    /// let mut ids = ArrayWriter::new();
    /// assert!(ids.is_empty());
    /// ids.push_with(|out| 7_i32.encode(out));
    /// assert_eq!(ids.len(), 1);
    /// ```
    #[inline]
    pub fn push_with(&mut self, encode: impl FnOnce(&mut BytesMut) -> bool) {
        let at = self.begin();
        let present = encode(&mut self.buffer);
        self.end(at, present);
    }

    fn begin(&mut self) -> usize {
        let at = self.buffer.len();
        self.buffer.put_i32(-1);
        at
    }

    fn end(&mut self, at: usize, present: bool) {
        self.length += 1;
        if present {
            let length = (self.buffer.len() - at - 4) as i32;
            self.buffer[at..at + 4].copy_from_slice(&length.to_be_bytes());
        } else {
            self.nulls = true;
        }
    }

    /// The number of elements.
    pub fn len(&self) -> usize {
        self.length as usize
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The array as the parameter of a statement. `array` is the array's type, not its elements'.
    pub fn into_param(self, array: &'static PgType) -> Param {
        let element = array.element().map_or(0, |element| element.oid);
        Param::from_bytes(array, Some(self.finish(element).freeze()))
    }

    /// The array as a parameter that stands under a cast to an array of `element`: for types known only by their
    /// description.
    pub(crate) fn into_param_of(self, element: &'static PgType) -> Param {
        Param::array(element, self.finish(element.oid).freeze())
    }

    /// Fills in the head. `element` is the number of the elements' type, or 0 where [`Param`] will ask the server.
    pub(super) fn finish(mut self, element: u32) -> BytesMut {
        if self.length == 0 {
            self.buffer.truncate(12);
        } else {
            self.buffer[0..4].copy_from_slice(&1_i32.to_be_bytes());
            self.buffer[12..16].copy_from_slice(&self.length.to_be_bytes());
            self.buffer[16..20].copy_from_slice(&1_i32.to_be_bytes());
        }
        self.buffer[4..8].copy_from_slice(&i32::from(self.nulls).to_be_bytes());
        self.buffer[8..12].copy_from_slice(&element.to_be_bytes());
        self.buffer
    }
}
