//! [`Pace`]: how long a round trip to the server takes, and what it would cost the server to run a query again. The session
//! asks when it has a choice between waiting once more and letting the server do something twice (`session::ahead`) or something
//! more (`session::together`).
//!
//! Nothing is sent to measure it. The shortest of the last answers that were waited for is taken for the round trip: BEGIN,
//! COMMIT and reads by key take the server next to no time. The network may change, so only the last ones count.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// A round trip is the shortest of at least so many answers, and of at most twice as many.
const WINDOW: u32 = 64;
/// Nothing is said of the network before so many answers have come.
const ENOUGH: u32 = 8;
/// A server that answers faster is next door: there is nothing to win, and the measured times are mostly its work.
const NEXT_DOOR: Duration = Duration::from_micros(300);
/// For so many times a decision holds. Then what it was made of is measured again.
const HOLDS: u32 = 64;
/// What it takes the server to count a row that it deletes: it reads the row again, and keeps a note of it.
const COUNTING: Duration = Duration::from_nanos(300);
/// Of how many queries the cost is known at most.
const QUERIES: usize = 1024;

/// What is known of the way to a server.
#[derive(Debug)]
pub(crate) struct Pace {
    /// The shortest answer of this window and of the one before, in nanoseconds.
    shortest: AtomicU64,
    before: AtomicU64,
    answers: AtomicU32,
    costs: Mutex<HashMap<String, Cost>>,
}

/// What is known of a query.
#[derive(Debug, Clone, Copy)]
struct Cost {
    /// What it takes the server to do again what has to be done again.
    again: Duration,
    /// How often it may still be done again without asking.
    left: u32,
    /// How often it must still not, because it was of no use.
    barred: u32,
}

impl Default for Pace {
    fn default() -> Self {
        Pace {
            shortest: AtomicU64::new(u64::MAX),
            before: AtomicU64::new(u64::MAX),
            answers: AtomicU32::new(0),
            costs: Mutex::default(),
        }
    }
}

impl Pace {
    /// The server was waited for once, so long.
    pub(super) fn note(&self, elapsed: Duration) {
        let nanos = u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX);
        self.shortest.fetch_min(nanos, Relaxed);
        if self.answers.fetch_add(1, Relaxed) % WINDOW == WINDOW - 1 {
            let shortest = self.shortest.swap(u64::MAX, Relaxed);
            self.before.store(shortest, Relaxed);
        }
    }

    /// How long a round trip takes, if that is known and worth saving.
    pub(crate) fn round_trip(&self) -> Option<Duration> {
        if self.answers.load(Relaxed) < ENOUGH {
            return None;
        }
        let shortest = self.shortest.load(Relaxed).min(self.before.load(Relaxed));
        Some(Duration::from_nanos(shortest)).filter(|shortest| *shortest >= NEXT_DOOR)
    }

    /// Whether it takes less time to let the server repeat a query than to wait for it so many times more.
    pub(crate) fn repeating_pays(&self, sql: &str, waits: u32) -> bool {
        let Some(round_trip) = self.round_trip() else {
            return false;
        };
        let mut costs = self.costs.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(cost) = costs.get_mut(sql) else {
            return false;
        };
        if cost.barred > 0 || cost.left == 0 || cost.again >= round_trip * waits {
            return false;
        }
        cost.left -= 1;
        true
    }

    /// Whether it takes less time to let the server count the rows that a statement deletes than to wait for it once more.
    pub(crate) fn counting_pays(&self, rows: usize) -> bool {
        let rows = u32::try_from(rows).unwrap_or(u32::MAX);
        self.round_trip()
            .is_some_and(|round_trip| COUNTING.saturating_mul(rows) < round_trip)
    }

    /// What it would have cost the server to do again what a query needs done again.
    pub(crate) fn measured(&self, sql: &str, again: Duration) {
        self.update(sql, |known| match known {
            Some(known) => Cost {
                again: (known.again * 3 + again) / 4,
                left: HOLDS,
                barred: known.barred.saturating_sub(1),
            },
            None => Cost {
                again,
                left: HOLDS,
                barred: 0,
            },
        });
    }

    /// Repeating a query brought other rows, and nothing was won.
    pub(crate) fn in_vain(&self, sql: &str) {
        self.update(sql, |known| Cost {
            again: known.map_or(Duration::ZERO, |known| known.again),
            left: 0,
            barred: HOLDS,
        });
    }

    fn update(&self, sql: &str, change: impl FnOnce(Option<Cost>) -> Cost) {
        let mut costs = self.costs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cost) = costs.get_mut(sql) {
            *cost = change(Some(*cost));
            return;
        }
        if costs.len() >= QUERIES {
            // Texts that are made anew for each call would fill it otherwise. Those that come again are measured again.
            costs.clear();
        }
        costs.insert(sql.to_owned(), change(None));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn far() -> Pace {
        let pace = Pace::default();
        for _ in 0..ENOUGH {
            pace.note(millis(2));
        }
        pace
    }

    #[test]
    fn a_round_trip_is_the_shortest_of_the_last_answers() {
        let pace = Pace::default();
        for _ in 1..ENOUGH {
            pace.note(millis(2));
        }
        assert_eq!(pace.round_trip(), None, "too few to tell");
        pace.note(millis(9));
        assert_eq!(pace.round_trip(), Some(millis(2)));
        for _ in 0..2 * WINDOW {
            pace.note(millis(5));
        }
        assert_eq!(
            pace.round_trip(),
            Some(millis(5)),
            "the network has changed"
        );
        pace.note(Duration::from_micros(100));
        assert_eq!(pace.round_trip(), None, "not worth saving");
    }

    #[test]
    fn a_query_is_repeated_where_that_is_less_than_the_waits() {
        let pace = far();
        assert!(!pace.repeating_pays("a", 2), "not measured yet");
        pace.measured("a", millis(3));
        assert!(pace.repeating_pays("a", 2));
        assert!(!pace.repeating_pays("a", 1));
        assert!(!pace.repeating_pays("b", 2));
        pace.measured("a", millis(30));
        assert!(!pace.repeating_pays("a", 2), "it has become slow");
    }

    #[test]
    fn rows_are_counted_where_that_is_less_than_a_wait() {
        assert!(!Pace::default().counting_pays(1), "nothing is known yet");
        assert!(far().counting_pays(1_000));
        assert!(!far().counting_pays(100_000));
        assert!(!far().counting_pays(usize::MAX));
    }

    #[test]
    fn a_decision_does_not_hold_for_ever() {
        let pace = far();
        pace.measured("a", millis(1));
        for _ in 0..HOLDS {
            assert!(pace.repeating_pays("a", 1));
        }
        assert!(!pace.repeating_pays("a", 1), "to be measured again");
        pace.measured("a", millis(1));
        assert!(pace.repeating_pays("a", 1));

        pace.in_vain("a");
        for _ in 0..HOLDS {
            assert!(!pace.repeating_pays("a", 1));
            pace.measured("a", millis(1));
        }
        assert!(pace.repeating_pays("a", 1), "another try");
    }

    #[test]
    fn queries_beyond_number_are_forgotten() {
        let pace = far();
        for at in 0..=QUERIES {
            pace.measured(&at.to_string(), millis(1));
        }
        assert!(!pace.repeating_pays("0", 1));
        assert!(pace.repeating_pays(&QUERIES.to_string(), 1));
    }
}
