//! [`Sizes`]: how many rows a statement's text gave the last times, so that there is room for those that come now before the first
//! is here. A guess, and no more: two texts may share a place, and nothing but memory and time hangs on it.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A power of two.
const PLACES: usize = 256;

/// The last two numbers of rows, in the halves of a word, by the hash of the text.
#[derive(Debug)]
pub(super) struct Sizes([AtomicU64; PLACES]);

/// The place of a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct SizeOf(usize);

impl Default for Sizes {
    fn default() -> Self {
        Sizes([const { AtomicU64::new(0) }; PLACES])
    }
}

impl SizeOf {
    pub(super) fn text(sql: &str) -> Self {
        // Nobody gains anything from texts that meet.
        let (words, rest) = sql.as_bytes().as_chunks::<8>();
        let mix = |hash: u64, word: u64| {
            (hash ^ word)
                .wrapping_mul(0x9e37_79b9_7f4a_7c15)
                .rotate_left(29)
        };
        let hash = words
            .iter()
            .fold(0, |hash, word| mix(hash, u64::from_le_bytes(*word)));
        let hash = rest
            .iter()
            .fold(hash, |hash, byte| mix(hash, u64::from(*byte)));
        SizeOf(hash as usize % PLACES)
    }
}

impl Sizes {
    /// The smaller of the last two: a result that was large once is no reason to make room again and again.
    pub(super) fn expected(&self, of: SizeOf) -> usize {
        let both = self.0[of.0].load(Relaxed);
        u32::min(both as u32, (both >> 32) as u32) as usize
    }

    pub(super) fn note(&self, of: SizeOf, rows: usize) {
        let last = self.0[of.0].load(Relaxed) << 32;
        let rows = u32::try_from(rows).unwrap_or(u32::MAX);
        self.0[of.0].store(last | u64::from(rows), Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smaller_of_the_last_two_is_expected() {
        let (sizes, all) = (Sizes::default(), SizeOf::text("SELECT 1"));
        let mut expected = Vec::new();
        for rows in [1_000, 1_000, 5, 1_000, 2_000] {
            sizes.note(all, rows);
            expected.push(sizes.expected(all));
        }
        assert_eq!(expected, [0, 1_000, 5, 5, 1_000]);
    }
}
