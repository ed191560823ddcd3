//! [`KeyBytes`]: a key in its binary form, what the identity map is keyed by and loaders group rows by.
//!
//! Keys are compared as bytes, so that everything that handles them (identity map, loaders, flush) works for every model
//! alike. That is sound because only types whose equality is the same in Rust, in PostgreSQL and in their binary form
//! are [`KeyPart`](crate::types::KeyPart)s.

use std::cell::RefCell;
use std::hash::{Hash, Hasher};
use std::ops::Range;

use bytes::{BufMut, BytesMut};

use crate::model::{Row, Table};
use crate::types::Raw;

const SHORT: usize = 22;

/// A key's columns in their binary form. Integers, UUIDs and short texts are kept in place.
///
/// A key has one of the two forms, by its length alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KeyBytes {
    /// What is behind the length is zero.
    Short {
        length: u8,
        bytes: [u8; SHORT],
    },
    Long(Box<[u8]>),
}

thread_local! {
    /// Where keys are put together, so that one that is only looked up allocates nothing.
    static BUFFER: RefCell<BytesMut> = RefCell::new(BytesMut::new());
}

impl KeyBytes {
    /// Puts a key of some columns together. `None` if any column is NULL: such a key names nothing.
    ///
    /// What encodes a part is no type parameter: each model has several, and all of this would be compiled for each.
    pub(crate) fn encode(
        parts: usize,
        part: &mut dyn FnMut(usize, &mut BytesMut) -> bool,
    ) -> Option<Self> {
        Self::with_buffer(|buffer| Self::encode_in(buffer, parts, part))
    }

    /// The same, put together in a buffer that is at hand: for many keys.
    pub(crate) fn encode_in(
        buffer: &mut BytesMut,
        parts: usize,
        part: &mut dyn FnMut(usize, &mut BytesMut) -> bool,
    ) -> Option<Self> {
        buffer.clear();
        append(buffer, parts, part).then(|| Self::from_slice(buffer))
    }

    /// Lends out the thread's buffer.
    pub(crate) fn with_buffer<T>(make: impl FnOnce(&mut BytesMut) -> T) -> T {
        BUFFER.with(|buffer| match buffer.try_borrow_mut() {
            Ok(mut buffer) => make(&mut buffer),
            // A part is encoded by the program's own code, which may ask for a key of its own.
            Err(_) => make(&mut BytesMut::new()),
        })
    }

    /// The key that stands in the first columns of a row.
    pub(crate) fn in_front_of(row: &Row, parts: usize) -> Option<Self> {
        Self::at(row, 0, parts)
    }

    /// The key that stands in some columns of a row, from a position on.
    pub(crate) fn at(row: &Row, position: usize, parts: usize) -> Option<Self> {
        Self::of_bytes(parts, |part| row.bytes(position + part))
    }

    /// As [`encode`](KeyBytes::encode), of columns whose binary form is there already: a row off the wire. Asked for each row
    /// that is read, so a key of one short column allocates nothing.
    pub(crate) fn of_bytes<'a>(
        parts: usize,
        mut part: impl FnMut(usize) -> Option<&'a [u8]>,
    ) -> Option<Self> {
        if parts == 1 {
            return part(0).map(Self::from_slice);
        }
        Self::of_several(parts, &mut part)
    }

    fn of_several<'a>(
        parts: usize,
        part: &mut dyn FnMut(usize) -> Option<&'a [u8]>,
    ) -> Option<Self> {
        Self::encode(parts, &mut |at, out| match part(at) {
            Some(bytes) => {
                out.extend_from_slice(bytes);
                true
            }
            None => false,
        })
    }

    /// The key in some columns of a table's row off the wire, without decoding it. `None` also where what the server sends is
    /// not the binary form of the Rust types, so that the row has to be decoded first.
    pub(crate) fn off_wire<'a>(
        table: &Table,
        columns: &[u16],
        mut value: impl FnMut(usize) -> Raw<'a>,
    ) -> Option<Self> {
        Self::of_bytes(columns.len(), |part| {
            let column = columns[part] as usize;
            let (ty, value) = (table.columns[column].ty, value(column));
            value.bytes.filter(|_| !ty.declared || ty.oid == value.oid)
        })
    }

    /// The columns of a key, each in its binary form.
    pub(crate) fn parts(&self, parts: usize) -> impl Iterator<Item = &[u8]> {
        let mut rest = self.as_slice();
        (0..parts).map_while(move |_| {
            if parts == 1 {
                return Some(rest);
            }
            let (length, tail) = rest.split_first_chunk::<4>()?;
            let (part, tail) = tail.split_at(u32::from_be_bytes(*length) as usize);
            rest = tail;
            Some(part)
        })
    }

    fn from_slice(slice: &[u8]) -> Self {
        if slice.len() <= SHORT {
            let mut bytes = [0; SHORT];
            // Of integers the length is known here, which saves a call.
            if let Some((int, [])) = slice.split_first_chunk::<4>() {
                bytes[..4].copy_from_slice(int);
            } else if let Some((int, [])) = slice.split_first_chunk::<8>() {
                bytes[..8].copy_from_slice(int);
            } else {
                bytes[..slice.len()].copy_from_slice(slice);
            }
            KeyBytes::Short {
                length: slice.len() as u8,
                bytes,
            }
        } else {
            KeyBytes::Long(slice.into())
        }
    }

    /// The key as a number without a sign, where it is an integer of so many bytes.
    pub(crate) fn integer(&self, width: usize) -> Option<u64> {
        integer(self.as_slice(), width)
    }

    fn as_slice(&self) -> &[u8] {
        match self {
            KeyBytes::Short { length, bytes } => &bytes[..*length as usize],
            KeyBytes::Long(bytes) => bytes,
        }
    }
}

/// A number without a sign, where there are so many bytes of one.
pub(crate) fn integer(bytes: &[u8], width: usize) -> Option<u64> {
    if bytes.len() != width {
        return None;
    }
    match width {
        2 => Some(u64::from(u16::from_be_bytes(bytes.try_into().ok()?))),
        4 => Some(u64::from(u32::from_be_bytes(bytes.try_into().ok()?))),
        8 => Some(u64::from_be_bytes(bytes.try_into().ok()?)),
        _ => None,
    }
}

/// Appends the columns of a key; false if any is NULL.
fn append(
    out: &mut BytesMut,
    parts: usize,
    part: &mut dyn FnMut(usize, &mut BytesMut) -> bool,
) -> bool {
    if parts == 1 {
        return part(0, out);
    }
    (0..parts).all(|at| {
        let start = out.len();
        out.put_u32(0);
        let present = part(at, out);
        // The length goes before each part, or ("a", "bc") would equal ("ab", "c").
        let length = (out.len() - start - 4) as u32;
        out[start..start + 4].copy_from_slice(&length.to_be_bytes());
        present
    })
}

/// Puts rows in the order of their keys, whose parts `part` appends. Of rows that are in order already, which rows mostly are
/// that were read, each is compared with the next and no more.
pub(crate) fn sort_by_key<R: Copy>(
    rows: &mut [R],
    parts: usize,
    mut part: impl FnMut(R, usize, &mut BytesMut) -> bool,
) {
    if are_sorted(rows, parts, &mut part) {
        return;
    }
    let mut keys = BytesMut::with_capacity(rows.len() * 8);
    let mut sorted: Vec<(u64, Range<usize>, R)> = Vec::with_capacity(rows.len());
    for row in rows.iter() {
        let start = keys.len();
        append(&mut keys, parts, &mut |at, out| part(*row, at, out));
        let key = &keys[start..];
        // The first eight bytes, which are all there is of most keys.
        let mut front = [0; 8];
        let length = key.len().min(8);
        front[..length].copy_from_slice(&key[..length]);
        sorted.push((u64::from_be_bytes(front), start..keys.len(), *row));
    }
    sorted.sort_unstable_by(|(front, key, _), (other_front, other, _)| {
        let fronts = front.cmp(other_front);
        fronts.then_with(|| keys[key.clone()].cmp(&keys[other.clone()]))
    });
    for (place, (.., row)) in rows.iter_mut().zip(sorted) {
        *place = row;
    }
}

fn are_sorted<R: Copy>(
    rows: &[R],
    parts: usize,
    part: &mut impl FnMut(R, usize, &mut BytesMut) -> bool,
) -> bool {
    let (mut last, mut next) = (BytesMut::new(), BytesMut::new());
    rows.iter().all(|row| {
        std::mem::swap(&mut last, &mut next);
        next.clear();
        append(&mut next, parts, &mut |at, out| part(*row, at, out));
        last <= next
    })
}

impl Hash for KeyBytes {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            // Of a key of up to eight bytes, which most are, a single word.
            KeyBytes::Short { length, bytes } => {
                let ([first, second], rest) = bytes.as_chunks::<8>() else {
                    unreachable!("there are 22 bytes")
                };
                state.write_u64(u64::from_le_bytes(*first));
                if *length > 8 {
                    state.write_u64(u64::from_le_bytes(*second));
                    state.write(rest);
                }
                state.write_u8(*length);
            }
            KeyBytes::Long(bytes) => state.write(bytes),
        }
    }
}

/// By bytes: not the order of the values, and the same in every session, which is what avoids deadlocks.
impl Ord for KeyBytes {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.as_slice().cmp(other.as_slice())
    }
}

impl PartialOrd for KeyBytes {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(parts: &[&str]) -> KeyBytes {
        KeyBytes::encode(parts.len(), &mut |at, out| {
            out.put_slice(parts[at].as_bytes());
            true
        })
        .unwrap()
    }

    #[test]
    fn parts_do_not_run_into_one_another() {
        assert_ne!(key(&["a", "bc"]), key(&["ab", "c"]));
        let key = key(&["a", "bc"]);
        assert_eq!(key.parts(2).collect::<Vec<_>>(), [b"a".as_slice(), b"bc"]);
    }

    #[test]
    fn long_keys_equal_themselves() {
        let long = "x".repeat(100);
        assert_eq!(key(&[&long]), key(&[&long]));
        let parts = key(&[&long]);
        assert_eq!(parts.parts(1).collect::<Vec<_>>(), [long.as_bytes()]);
    }

    #[test]
    fn rows_are_sorted_as_their_keys_are() {
        let texts = [
            "",
            "\0",
            "a",
            "a\0",
            "ab",
            "abcdefgh",
            "abcdefgh\0",
            "abcdefghi",
            "b",
        ];
        let sorted: Vec<(&str, &str)> = texts.iter().flat_map(|a| [(*a, "x"), (*a, "y")]).collect();
        let mut by_keys = sorted.clone();
        by_keys.sort_by_key(|(a, b)| key(&[a, b]));
        let mut rows: Vec<_> = sorted.iter().rev().copied().collect();
        sort_by_key(&mut rows, 2, |(a, b), part, out| {
            out.put_slice([a, b][part].as_bytes());
            true
        });
        assert_eq!(rows, by_keys);
        let mut texts_again: Vec<_> = texts.iter().rev().copied().collect();
        sort_by_key(&mut texts_again, 1, |text, _, out| {
            out.put_slice(text.as_bytes());
            true
        });
        assert_eq!(texts_again, texts);
    }

    #[test]
    fn a_null_part_makes_no_key() {
        assert!(KeyBytes::encode(2, &mut |at, _| at == 0).is_none());
    }
}
