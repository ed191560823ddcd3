//! [`KeyMap`]: numbers by key. The identity map is one, from keys to slots, and loaders find the parents of what they read by one.
//!
//! Integer keys mostly come one after the other, so eight of them that follow one another lie together: where rows come in the
//! order of their keys, which is how tables are read, seven of eight find their place in memory that is at hand. A key that has
//! no neighbours takes half as much again as in a map of single keys, one among neighbours a sixth.

use super::hash::FastMap;
use super::key::KeyBytes;
use crate::model::Table;
use crate::types::SqlType;

/// What stands at the place of a key that isn't in the map. Slots and rows are numbered, and there are never as many.
pub(crate) const FREE: u32 = u32::MAX;

/// The numbers of eight keys that follow one another.
const EMPTY: [u32; 8] = [FREE; 8];

/// Numbers by the keys in some columns of a table.
#[derive(Debug)]
pub(crate) struct KeyMap {
    /// How many bytes a key has, where it is an integer.
    integer: Option<usize>,
    /// By the key without its last three bits.
    pages: FastMap<u64, [u32; 8]>,
    /// Keys that are no integers.
    others: FastMap<KeyBytes, u32>,
}

impl KeyMap {
    pub(crate) fn new(table: &Table, columns: &[u16]) -> Self {
        KeyMap {
            integer: width_of_integer(table, columns),
            pages: FastMap::default(),
            others: FastMap::default(),
        }
    }

    /// Makes room for so many more keys.
    pub(crate) fn reserve(&mut self, keys: usize) {
        match self.integer {
            Some(_) => self.pages.reserve(keys.div_ceil(EMPTY.len())),
            None => self.others.reserve(keys),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        let numbers = self.pages.values().flatten().chain(self.others.values());
        numbers.copied().all(|number| number == FREE)
    }

    /// The page of an integer key, and its place there.
    fn in_page(&self, key: &KeyBytes) -> Option<(u64, usize)> {
        let integer = key.integer(self.integer?)?;
        Some((integer >> 3, (integer & 7) as usize))
    }

    /// The number of a key.
    pub(crate) fn get(&self, key: &KeyBytes) -> Option<u32> {
        let number = match self.in_page(key) {
            Some((page, at)) => self.pages.get(&page)?[at],
            None => *self.others.get(key)?,
        };
        (number != FREE).then_some(number)
    }

    /// Where the number of a key stands, or [`FREE`].
    pub(crate) fn place(&mut self, key: KeyBytes) -> &mut u32 {
        match self.in_page(&key) {
            Some((page, at)) => &mut self.pages.entry(page).or_insert(EMPTY)[at],
            None => self.others.entry(key).or_insert(FREE),
        }
    }

    /// Gives a key a number, and returns the one that it had.
    pub(crate) fn insert(&mut self, key: KeyBytes, number: u32) -> Option<u32> {
        let before = std::mem::replace(self.place(key), number);
        (before != FREE).then_some(before)
    }

    /// For how many keys there is room: to look at all of them costs as much.
    pub(crate) fn places(&self) -> usize {
        self.pages.capacity() * EMPTY.len() + self.others.capacity()
    }

    /// Takes out all keys but those whose numbers stay.
    pub(crate) fn retain(&mut self, stays: impl Fn(u32) -> bool) {
        self.pages.retain(|_, numbers| {
            for number in numbers.iter_mut() {
                if *number != FREE && !stays(*number) {
                    *number = FREE;
                }
            }
            *numbers != EMPTY
        });
        self.others
            .retain(|_, number| *number != FREE && stays(*number));
    }

    /// Takes a key out, if it has this number.
    pub(crate) fn remove(&mut self, key: &KeyBytes, number: u32) {
        if self.get(key) != Some(number) {
            return;
        }
        let Some((page, at)) = self.in_page(key) else {
            self.others.remove(key);
            return;
        };
        if let Some(numbers) = self.pages.get_mut(&page) {
            numbers[at] = FREE;
            if *numbers == EMPTY {
                self.pages.remove(&page);
            }
        }
    }
}

/// How many bytes a key has, where it is one integer.
fn width_of_integer(table: &Table, columns: &[u16]) -> Option<usize> {
    let [column] = columns else {
        return None;
    };
    let ty = table.columns[*column as usize].ty;
    let widths = [(i16::TYPE, 2), (i32::TYPE, 4), (i64::TYPE, 8)];
    let width = widths.iter().find(|(integer, _)| integer.oid == ty.oid);
    width.map(|(_, width)| *width)
}

#[cfg(test)]
mod tests {
    use bytes::BufMut;

    use super::*;

    fn map(integer: Option<usize>) -> KeyMap {
        KeyMap {
            integer,
            pages: FastMap::default(),
            others: FastMap::default(),
        }
    }

    fn key(number: i32) -> KeyBytes {
        KeyBytes::encode(1, &mut |_, out| {
            out.put_i32(number);
            true
        })
        .unwrap()
    }

    #[test]
    fn a_key_leads_to_its_number() {
        for integer in [Some(4), None] {
            let mut map = map(integer);
            let numbers = [i32::MIN, -9, -8, -1, 0, 1, 7, 8, 1_000_000, i32::MAX];
            for (index, number) in (0..).zip(numbers) {
                assert_eq!(map.insert(key(number), index), None);
            }
            for (index, number) in (0..).zip(numbers) {
                assert_eq!(map.get(&key(number)), Some(index));
                assert_eq!(map.get(&key(number ^ 2)), None);
            }
            assert_eq!(map.insert(key(7), 50), Some(6));
            map.remove(&key(7), 6); // has another by now
            assert_eq!(map.get(&key(7)), Some(50));
            map.retain(|number| number != 50);
            assert_eq!(map.get(&key(7)), None);
            for (index, number) in (0..).zip(numbers) {
                assert!(!map.is_empty());
                map.remove(&key(number), index);
            }
            assert!(map.is_empty() && map.pages.is_empty() && map.others.is_empty());
        }
    }

    #[test]
    fn an_integer_of_another_width_is_another_key() {
        let mut map = map(Some(8));
        map.insert(key(1), 0);
        let long = KeyBytes::encode(1, &mut |_, out| {
            out.put_i64(1);
            true
        })
        .unwrap();
        assert_eq!((map.get(&key(1)), map.get(&long)), (Some(0), None));
    }
}
