//! [`ColumnSet`]: some columns of one table, by their positions. What a diff gives and a batch is grouped by.

use std::fmt;

const WORDS: usize = 4;

/// A set of columns of one table, by their positions in its description. A table has up to 256 columns.
///
/// ```
/// use orm_core::model::ColumnSet;
///
/// let changed: ColumnSet = [0, 3].into_iter().collect();
/// assert!(changed.contains(3));
/// assert_eq!(changed.iter().collect::<Vec<_>>(), [0, 3]);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, PartialOrd, Ord)]
pub struct ColumnSet {
    words: [u64; WORDS],
}

impl ColumnSet {
    /// The largest number of columns.
    ///
    /// ```
    /// # use orm_core::model::ColumnSet;
    /// assert_eq!(ColumnSet::CAPACITY, 256);
    /// ```
    pub const CAPACITY: usize = WORDS * 64;

    /// No column.
    pub const EMPTY: ColumnSet = ColumnSet { words: [0; WORDS] };

    /// Adds a column.
    ///
    /// ```
    /// # use orm_core::model::ColumnSet;
    /// let mut changed = ColumnSet::EMPTY;
    /// changed.insert(3);
    /// assert_eq!(changed.iter().collect::<Vec<_>>(), [3]);
    /// ```
    ///
    /// # Panics
    /// When the position is 256 or above; the derive refuses such models.
    pub const fn insert(&mut self, column: u16) {
        self.words[column as usize / 64] |= 1 << (column % 64);
    }

    /// Takes a column out.
    ///
    /// ```
    /// # use orm_core::model::ColumnSet;
    /// let mut changed: ColumnSet = [0, 3].into_iter().collect();
    /// changed.remove(3);
    /// assert_eq!(changed, ColumnSet::EMPTY.with(0));
    /// ```
    pub const fn remove(&mut self, column: u16) {
        self.words[column as usize / 64] &= !(1 << (column % 64));
    }

    /// This set with one column more.
    ///
    /// ```
    /// # use orm_core::model::ColumnSet;
    /// const KEY: ColumnSet = ColumnSet::EMPTY.with(0).with(1);
    /// assert_eq!(format!("{KEY:?}"), "{0, 1}");
    /// ```
    #[must_use]
    pub const fn with(mut self, column: u16) -> Self {
        self.insert(column);
        self
    }

    /// Whether the column is in the set.
    ///
    /// ```
    /// # use orm_core::model::ColumnSet;
    /// let changed = ColumnSet::EMPTY.with(3);
    /// assert!(changed.contains(3) && !changed.contains(4));
    /// ```
    pub const fn contains(&self, column: u16) -> bool {
        self.words[column as usize / 64] & (1 << (column % 64)) != 0
    }

    /// Whether no column is in the set.
    ///
    /// ```
    /// # use orm_core::model::ColumnSet;
    /// assert!(ColumnSet::EMPTY.is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        *self == Self::EMPTY
    }

    /// The number of columns.
    ///
    /// ```
    /// # use orm_core::model::ColumnSet;
    /// assert_eq!(ColumnSet::EMPTY.with(3).with(70).len(), 2);
    /// ```
    pub fn len(&self) -> usize {
        self.words
            .iter()
            .map(|word| word.count_ones() as usize)
            .sum()
    }

    /// The columns of either set.
    ///
    /// ```
    /// # use orm_core::model::ColumnSet;
    /// let (left, right): (ColumnSet, ColumnSet) = ([0, 1].into_iter().collect(), [1, 2].into_iter().collect());
    /// assert_eq!(format!("{:?}", left.union(right)), "{0, 1, 2}");
    /// ```
    #[must_use]
    pub fn union(mut self, other: ColumnSet) -> Self {
        for (word, more) in self.words.iter_mut().zip(other.words) {
            *word |= more;
        }
        self
    }

    /// The columns of this set that are not in the other.
    ///
    /// ```
    /// # use orm_core::model::ColumnSet;
    /// let (left, right): (ColumnSet, ColumnSet) = ([0, 1].into_iter().collect(), [1, 2].into_iter().collect());
    /// assert_eq!(format!("{:?}", left.without(right)), "{0}");
    /// ```
    #[must_use]
    pub fn without(mut self, other: ColumnSet) -> Self {
        for (word, less) in self.words.iter_mut().zip(other.words) {
            *word &= !less;
        }
        self
    }

    /// The first of them.
    pub(crate) fn first(&self) -> Option<u16> {
        let word = self.words.iter().position(|word| *word != 0)?;
        Some(word as u16 * 64 + self.words[word].trailing_zeros() as u16)
    }

    /// The columns at whose positions stands `true`. Asked of each row that is inserted.
    #[inline]
    pub(crate) fn where_true(columns: &[bool]) -> Self {
        let mut set = Self::EMPTY;
        for (at, column) in columns.iter().enumerate() {
            set.words[at / 64] |= u64::from(*column) << (at % 64);
        }
        set
    }

    /// The positions, in ascending order.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// # use orm_core::model::Model as _;
    /// let before = Tag { id: 1, word: "new".to_owned() };
    /// let after = Tag { word: "newer".to_owned(), ..before.clone() };
    /// let names = after.diff(&before).iter().map(|at| Tag::TABLE.columns[at as usize].name);
    /// assert_eq!(names.collect::<Vec<_>>(), ["word"]);
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = u16> + use<> {
        let set = *self;
        (0..WORDS as u16).flat_map(move |word| {
            let mut bits = set.words[word as usize];
            std::iter::from_fn(move || {
                (bits != 0).then(|| {
                    let bit = bits.trailing_zeros() as u16;
                    bits &= bits - 1;
                    word * 64 + bit
                })
            })
        })
    }
}

impl FromIterator<u16> for ColumnSet {
    fn from_iter<I: IntoIterator<Item = u16>>(columns: I) -> Self {
        columns.into_iter().fold(Self::EMPTY, ColumnSet::with)
    }
}

impl fmt::Debug for ColumnSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_column_is_found_in_any_word() {
        assert_eq!(ColumnSet::EMPTY.first(), None);
        for column in [0, 1, 63, 64, 127, 200, 255] {
            let set = ColumnSet::EMPTY.with(column).with(255);
            assert_eq!(
                (set.first(), set.iter().next()),
                (Some(column), Some(column))
            );
            let mut given = [false; ColumnSet::CAPACITY];
            given[column as usize] = true;
            given[255] = true;
            assert_eq!(ColumnSet::where_true(&given), set);
        }
    }
}
