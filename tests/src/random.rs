//! What the tests with random steps share: numbers that a seed gives again, and which seeds are run.

use std::ops::Range;

/// A small generator of numbers that look random (xorshift), so that a seed names the same steps for ever.
#[derive(Debug)]
pub struct Dice(u64);

impl Dice {
    /// The dice of a seed.
    pub fn new(seed: u64) -> Self {
        Dice((seed + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    /// A number below the limit.
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % limit
    }

    /// One of several; `None` of none.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        (!from.is_empty()).then(|| &from[self.below(from.len())])
    }
}

/// The seeds of a run: `ORM_RANDOM_SEED=7` is that one alone, `ORM_RANDOM_ROUNDS=10000` a long run.
///
/// # Panics
/// When a variable is no number.
pub fn seeds(usually: u64) -> Range<u64> {
    let number = |name: &str| {
        std::env::var(name)
            .ok()
            .map(|text| text.parse::<u64>().unwrap())
    };
    match number("ORM_RANDOM_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("ORM_RANDOM_ROUNDS").unwrap_or(usually),
    }
}

/// Whether one seed is run alone, and its steps are to be seen.
pub fn watched() -> bool {
    std::env::var_os("ORM_RANDOM_SEED").is_some()
}
