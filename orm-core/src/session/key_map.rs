//! [`KeyMap`]: numbers by key. The identity map is one, from keys to slots, and loaders find the parents of what they read by one.
//!
//! Integer keys mostly come one after the other, so eight of them that follow one another lie together, in a page: where rows come
//! in the order of their keys, which is how tables are read, seven of eight are on the page of the key before, and nothing is
//! hashed for them. A key that has no neighbours takes half as much again as in a map of single keys, one among neighbours a
//! sixth.

use super::hash::FastMap;
use super::key::{KeyBytes, integer};
use crate::model::Table;
use crate::types::{Raw, SqlType};

/// What stands at the place of a key that isn't in the map. Slots and rows are numbered, and there are never as many.
pub(crate) const FREE: u32 = u32::MAX;

/// The numbers of eight keys that follow one another.
type Page = [u32; 8];

const EMPTY: Page = [FREE; 8];

/// Numbers by the keys in some columns of a table.
#[derive(Debug)]
pub(crate) struct KeyMap {
    /// What the keys are, where they are integers.
    integer: Option<Integer>,
    pages: Pages,
    /// Keys that are no integers.
    others: FastMap<KeyBytes, u32>,
}

/// One of PostgreSQL's integer types.
#[derive(Debug, Clone, Copy)]
struct Integer {
    oid: u32,
    /// How many bytes it has.
    width: usize,
}

/// Numbers by integers.
#[derive(Debug, Default)]
struct Pages {
    /// Where the page of an integer is, by the integer without its last three bits.
    places: FastMap<u64, u32>,
    pages: Vec<Page>,
    /// Where pages are that are empty, and in no place.
    empty: Vec<u32>,
    /// The page that was asked for last, and where it is.
    last: Option<(u64, u32)>,
}

impl KeyMap {
    pub(crate) fn new(table: &Table, columns: &[u16]) -> Self {
        KeyMap {
            integer: integer_of(table, columns),
            pages: Pages::default(),
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
        let numbers = self.pages.pages.iter().flatten();
        let numbers = numbers.chain(self.others.values());
        numbers.copied().all(|number| number == FREE)
    }

    /// The key as an integer, where keys are integers.
    fn integer(&self, key: &KeyBytes) -> Option<u64> {
        key.integer(self.integer?.width)
    }

    /// The integer in a column of a row off the wire, where it is of the type of the keys: such a key is found without being
    /// put together.
    pub(crate) fn integer_on_wire<'a>(&self, value: impl FnOnce() -> Raw<'a>) -> Option<u64> {
        let of_keys = self.integer?;
        let value = value();
        integer(value.bytes?, of_keys.width).filter(|_| value.oid == of_keys.oid)
    }

    /// The number of a key.
    pub(crate) fn get(&self, key: &KeyBytes) -> Option<u32> {
        let number = match self.integer(key) {
            Some(integer) => return self.pages.get(integer),
            None => *self.others.get(key)?,
        };
        (number != FREE).then_some(number)
    }

    /// The number of a key that is an integer, for who asks for many that are near to one another.
    pub(crate) fn find_integer(&mut self, integer: u64) -> Option<u32> {
        self.pages.find(integer)
    }

    /// Where the number of a key stands, or [`FREE`].
    pub(crate) fn place(&mut self, key: KeyBytes) -> &mut u32 {
        match self.integer(&key) {
            Some(integer) => self.pages.place(integer),
            None => self.others.entry(key).or_insert(FREE),
        }
    }

    /// The same, of a key that is an integer.
    pub(crate) fn place_of_integer(&mut self, integer: u64) -> &mut u32 {
        self.pages.place(integer)
    }

    /// Gives a key a number, and returns the one that it had.
    pub(crate) fn insert(&mut self, key: KeyBytes, number: u32) -> Option<u32> {
        let before = std::mem::replace(self.place(key), number);
        (before != FREE).then_some(before)
    }

    /// For how many keys there is room: to look at all of them costs as much.
    pub(crate) fn places(&self) -> usize {
        self.pages.places.capacity() * EMPTY.len() + self.others.capacity()
    }

    /// Takes out all keys but those whose numbers stay.
    pub(crate) fn retain(&mut self, stays: impl Fn(u32) -> bool) {
        self.pages.retain(&stays);
        self.others
            .retain(|_, number| *number != FREE && stays(*number));
    }

    /// Takes a key out, if it has this number.
    pub(crate) fn remove(&mut self, key: &KeyBytes, number: u32) {
        if self.get(key) != Some(number) {
            return;
        }
        match self.integer(key) {
            Some(integer) => self.pages.remove(integer),
            None => {
                self.others.remove(key);
            }
        }
    }
}

impl Pages {
    /// Makes room for so many more.
    fn reserve(&mut self, pages: usize) {
        self.places.reserve(pages);
        self.pages.reserve(pages);
    }

    fn get(&self, integer: u64) -> Option<u32> {
        let (page, at) = split(integer);
        let place = *self.places.get(&page)?;
        let number = self.pages[place as usize][at];
        (number != FREE).then_some(number)
    }

    /// The same, and it is the page that was asked for last.
    fn find(&mut self, integer: u64) -> Option<u32> {
        let (page, at) = split(integer);
        if self.last.is_none_or(|(last, _)| last != page) {
            self.last = Some((page, *self.places.get(&page)?));
        }
        let (_, place) = self.last?;
        let number = self.pages[place as usize][at];
        (number != FREE).then_some(number)
    }

    fn place(&mut self, integer: u64) -> &mut u32 {
        let (page, at) = split(integer);
        let place = match self.last {
            Some((last, place)) if last == page => place,
            _ => self.turn_to(page),
        };
        &mut self.pages[place as usize][at]
    }

    /// Where a page is, which is there from now on.
    fn turn_to(&mut self, page: u64) -> u32 {
        let place = *self.places.entry(page).or_insert_with(|| {
            self.empty.pop().unwrap_or_else(|| {
                self.pages.push(EMPTY);
                (self.pages.len() - 1) as u32
            })
        });
        self.last = Some((page, place));
        place
    }

    fn remove(&mut self, integer: u64) {
        let (page, at) = split(integer);
        let Some(place) = self.places.get(&page).copied() else {
            return;
        };
        let numbers = &mut self.pages[place as usize];
        numbers[at] = FREE;
        if *numbers == EMPTY {
            self.places.remove(&page);
            self.empty.push(place);
            self.last = None;
        }
    }

    fn retain(&mut self, stays: &impl Fn(u32) -> bool) {
        self.last = None;
        self.places.retain(|_, place| {
            let numbers = &mut self.pages[*place as usize];
            for number in numbers.iter_mut() {
                if *number != FREE && !stays(*number) {
                    *number = FREE;
                }
            }
            let is_needed = *numbers != EMPTY;
            if !is_needed {
                self.empty.push(*place);
            }
            is_needed
        });
    }
}

/// The page of an integer, and its place there.
fn split(integer: u64) -> (u64, usize) {
    (integer >> 3, (integer & 7) as usize)
}

/// What a key is, where it is one integer.
fn integer_of(table: &Table, columns: &[u16]) -> Option<Integer> {
    let [column] = columns else {
        return None;
    };
    let oid = table.columns[*column as usize].ty.oid;
    let widths = [(i16::TYPE, 2), (i32::TYPE, 4), (i64::TYPE, 8)];
    let found = widths.iter().find(|(integer, _)| integer.oid == oid);
    found.map(|(_, width)| Integer { oid, width: *width })
}

#[cfg(test)]
mod tests {
    use bytes::BufMut;

    use super::*;
    use crate::types::PgType;

    fn map(integer: Option<&PgType>, width: usize) -> KeyMap {
        KeyMap {
            integer: integer.map(|ty| Integer { oid: ty.oid, width }),
            pages: Pages::default(),
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
        for integer in [Some(i32::TYPE), None] {
            let mut map = map(integer, 4);
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
            assert!(map.is_empty() && map.pages.places.is_empty() && map.others.is_empty());
        }
    }

    #[test]
    fn the_wire_leads_where_the_key_does() {
        let mut map = map(Some(i32::TYPE), 4);
        for number in [i32::MIN, -1, 0, 9, i32::MAX] {
            let wire = number.to_be_bytes();
            let integer = map.integer_on_wire(|| i32::TYPE.raw(Some(&wire))).unwrap();
            *map.place_of_integer(integer) = 5;
            assert_eq!(map.find_integer(integer), Some(5));
            assert_eq!(map.get(&key(number)), Some(5));
            map.remove(&key(number), 5);
            assert_eq!(map.find_integer(integer), None);
        }
        assert_eq!(map.pages.pages.len(), 1, "an empty page is used again");
        assert_eq!(map.integer_on_wire(|| i64::TYPE.raw(Some(&[0; 4]))), None);
        assert_eq!(map.integer_on_wire(|| i32::TYPE.raw(None)), None);
    }

    #[test]
    fn an_integer_of_another_width_is_another_key() {
        let mut map = map(Some(i64::TYPE), 8);
        map.insert(key(1), 0);
        let long = KeyBytes::encode(1, &mut |_, out| {
            out.put_i64(1);
            true
        })
        .unwrap();
        assert_eq!((map.get(&key(1)), map.get(&long)), (Some(0), None));
    }
}
