//! [`FastMap`] and [`FastSet`]: maps and sets by keys and handles, which are asked several times for each row.
//!
//! std's hasher costs more than all else that is done to find an entity by its key. What is here instead multiplies each
//! eight bytes to twice their length and folds the halves together. Keys may be chosen by whoever sends rows, so where it
//! begins and what it multiplies by are random numbers of the process: who doesn't know them cannot choose keys that collide.

use std::collections::hash_map::RandomState;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, Hasher};
use std::sync::OnceLock;

pub(super) type FastMap<K, V> = HashMap<K, V, Folding>;
pub(super) type FastSet<K> = HashSet<K, Folding>;

/// The numbers of this process.
#[derive(Debug, Clone, Copy)]
pub(super) struct Folding {
    first: u64,
    multiplier: u64,
}

impl Default for Folding {
    fn default() -> Self {
        static OF_PROCESS: OnceLock<Folding> = OnceLock::new();
        *OF_PROCESS.get_or_init(|| {
            let random = RandomState::new();
            Folding {
                first: random.hash_one(0),
                multiplier: random.hash_one(1) | 1,
            }
        })
    }
}

impl BuildHasher for Folding {
    type Hasher = FoldingHasher;

    fn build_hasher(&self) -> FoldingHasher {
        FoldingHasher {
            state: self.first,
            multiplier: self.multiplier,
        }
    }
}

/// A hash that is being computed.
#[derive(Debug)]
pub(super) struct FoldingHasher {
    state: u64,
    multiplier: u64,
}

impl Hasher for FoldingHasher {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.write_u64(u64::from_le_bytes(*word));
        }
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        // With the length, "a" differs from "a\0".
        self.write_u64(u64::from_le_bytes(last));
        self.write_usize(bytes.len());
    }

    fn write_u8(&mut self, value: u8) {
        self.write_u64(u64::from(value));
    }

    fn write_u16(&mut self, value: u16) {
        self.write_u64(u64::from(value));
    }

    fn write_u32(&mut self, value: u32) {
        self.write_u64(u64::from(value));
    }

    fn write_u64(&mut self, value: u64) {
        let product = u128::from(self.state ^ value) * u128::from(self.multiplier);
        self.state = (product as u64) ^ ((product >> 64) as u64);
    }

    fn write_usize(&mut self, value: usize) {
        self.write_u64(value as u64);
    }

    fn finish(&self) -> u64 {
        self.state
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of the values fall into the fullest of as many buckets, by the lowest bits of their hashes and by the highest:
    /// hash maps go by both.
    fn fullest(values: &[Vec<u8>]) -> (usize, usize) {
        let hashing = Folding::default();
        let buckets = values.len().next_power_of_two();
        let mut counts = vec![(0, 0); buckets];
        for value in values {
            let hash = hashing.hash_one(value.as_slice());
            counts[hash as usize & (buckets - 1)].0 += 1;
            counts[(hash >> 32) as usize & (buckets - 1)].1 += 1;
        }
        let low = counts.iter().map(|count| count.0).max().unwrap_or(0);
        let high = counts.iter().map(|count| count.1).max().unwrap_or(0);
        (low, high)
    }

    #[test]
    fn keys_that_resemble_one_another_are_spread() {
        let counted: Vec<_> = (0..10_000_u32).map(|n| n.to_be_bytes().to_vec()).collect();
        let in_steps: Vec<_> = (0..10_000_u64)
            .map(|n| (n << 32).to_be_bytes().to_vec())
            .collect();
        let texts: Vec<_> = (0..10_000)
            .map(|n| format!("customer number {n}").into_bytes())
            .collect();
        let zeros: Vec<_> = (0..10_000).map(|n| vec![0; n]).collect();
        for values in [counted, in_steps, texts, zeros] {
            // Of numbers at random it is 7 or 8.
            let (low, high) = fullest(&values);
            assert!(low < 16 && high < 16, "{low} {high}");
        }
    }

    #[test]
    fn what_follows_one_another_is_told_apart() {
        let hashing = Folding::default();
        assert_ne!(
            hashing.hash_one((1_u32, 2_u32)),
            hashing.hash_one((2_u32, 1_u32))
        );
        assert_ne!(hashing.hash_one(["a", "bc"]), hashing.hash_one(["ab", "c"]));
    }
}
