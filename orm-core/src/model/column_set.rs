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
    pub const CAPACITY: usize = WORDS * 64;

    /// No column.
    pub const EMPTY: ColumnSet = ColumnSet { words: [0; WORDS] };

    /// Adds a column.
    ///
    /// # Panics
    /// When the position is 256 or above; the derive refuses such models.
    pub const fn insert(&mut self, column: u16) {
        self.words[column as usize / 64] |= 1 << (column % 64);
    }

    /// Takes a column out.
    pub const fn remove(&mut self, column: u16) {
        self.words[column as usize / 64] &= !(1 << (column % 64));
    }

    /// This set with one column more.
    #[must_use]
    pub const fn with(mut self, column: u16) -> Self {
        self.insert(column);
        self
    }

    /// Whether the column is in the set.
    pub const fn contains(&self, column: u16) -> bool {
        self.words[column as usize / 64] & (1 << (column % 64)) != 0
    }

    /// Whether no column is in the set.
    pub fn is_empty(&self) -> bool {
        *self == Self::EMPTY
    }

    /// The number of columns.
    pub fn len(&self) -> usize {
        self.words
            .iter()
            .map(|word| word.count_ones() as usize)
            .sum()
    }

    /// The columns of either set.
    #[must_use]
    pub fn union(mut self, other: ColumnSet) -> Self {
        for (word, more) in self.words.iter_mut().zip(other.words) {
            *word |= more;
        }
        self
    }

    /// The columns of this set that are not in the other.
    #[must_use]
    pub fn without(mut self, other: ColumnSet) -> Self {
        for (word, less) in self.words.iter_mut().zip(other.words) {
            *word &= !less;
        }
        self
    }

    /// The columns at whose positions stands `true`. Asked of each row that is inserted.
    pub(crate) fn where_true(columns: &[bool]) -> Self {
        let mut set = Self::EMPTY;
        for (word, columns) in set.words.iter_mut().zip(columns.chunks(64)) {
            for (bit, column) in columns.iter().enumerate() {
                *word |= u64::from(*column) << bit;
            }
        }
        set
    }

    /// The positions, in ascending order.
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
