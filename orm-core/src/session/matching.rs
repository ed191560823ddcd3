//! Which returned row belongs to which entity. Never by luck of the order in which the server returns rows: by their keys
//! where the keys were sent, by a number where the server makes them, and for identity keys by counting up, which is
//! checked. `statements` asks which way it is, `flush` goes it.

use super::hash::FastMap;
use super::key::KeyBytes;
use super::plan::Step;
use crate::error::{Error, Result};
use crate::model::{ColumnSet, Table};

/// How the rows that a statement returns are matched to the entities that were sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Match {
    /// One row in, one row out.
    Single,
    /// The key is an identity: it counts up in the order of the SELECT.
    Ascending,
    /// The key was sent, and comes back in front.
    ByKey,
    /// The server makes the key in another way: the statement numbers the rows, and returns them in that order.
    Numbered,
}

impl Match {
    pub(super) fn of_insert(step: &Step) -> Match {
        let mut left = step
            .table
            .primary_key
            .iter()
            .filter(|key| !step.columns.contains(**key));
        if step.rows.len() == 1 {
            return Match::of_one(step, |key| step.columns.contains(key));
        }
        match (left.next(), left.next()) {
            (None, _) => Match::ByKey,
            (Some(_), None) if made_identity(step).is_some() => Match::Ascending,
            _ => Match::Numbered,
        }
    }

    pub(super) fn of_update(step: &Step) -> Match {
        if step.rows.len() == 1 {
            Match::of_one(step, |_| true)
        } else {
            Match::ByKey
        }
    }

    /// One row is what comes back, and that it has its key still is to be seen where something may have changed it.
    fn of_one(step: &Step, sent: impl Fn(u16) -> bool) -> Match {
        let mut key = step.table.primary_key.iter();
        let by_program = |key: &u16| sent(*key) && !step.by_server.contains(*key);
        match step.fires.before && key.all(by_program) {
            true => Match::ByKey,
            false => Match::Single,
        }
    }

    /// The columns that come back in front of all others: the key, where rows are matched by it.
    pub(super) fn front(self, table: &Table) -> &'static [u16] {
        match self {
            Match::ByKey => table.primary_key,
            _ => &[],
        }
    }

    /// Those that come back behind them.
    pub(super) fn behind(self, table: &Table, returned: ColumnSet) -> ColumnSet {
        returned.without(self.front(table).iter().copied().collect())
    }

    /// The columns of RETURNING; none where nothing is wanted.
    pub(super) fn returning(self, table: &Table, returned: ColumnSet) -> Vec<u16> {
        if returned.is_empty() {
            return Vec::new();
        }
        let front = self.front(table).iter().copied();
        front.chain(self.behind(table, returned).iter()).collect()
    }
}

/// The identity column of the key, if an INSERT leaves it to the server.
pub(super) fn made_identity(step: &Step) -> Option<u16> {
    let mut key = step.table.primary_key.iter().copied();
    key.find(|key| !step.columns.contains(*key) && step.table.columns[*key as usize].identity)
}

/// For each key that was sent the position of the row that came back with it.
///
/// # Errors
/// When one did not come back.
pub(super) fn by_key(
    table: &str,
    sent: impl Iterator<Item = Option<KeyBytes>>,
    returned: impl Iterator<Item = Option<KeyBytes>>,
) -> Result<Vec<usize>> {
    let mut places: FastMap<KeyBytes, usize> = returned
        .enumerate()
        .filter_map(|(at, key)| Some((key?, at)))
        .collect();
    sent.map(|key| places.remove(&key?))
        .collect::<Option<_>>()
        .ok_or_else(|| {
            Error::invalid(format!(
                "the rows of `{table}` came back with other keys than those that were sent, so nobody knows whose they are: a trigger changes \
                 the keys; roll back, and give the rows the keys that it makes of them"
            ))
        })
}

/// For each row that was sent the position of the row that came back, by identity keys.
///
/// The keys were given in the order of the rows, so sorting them is all that is to be done, and the server returns them
/// sorted already. Both must agree, because a trigger that changes keys would make a sorted list of wrong matches.
///
/// # Errors
/// When they don't.
pub(super) fn ascending(
    table: &str,
    returned: impl ExactSizeIterator<Item = i64>,
) -> Result<Vec<usize>> {
    let rows = returned.len();
    let mut last = None;
    for key in returned {
        if last.is_some_and(|last| last >= key) {
            return Err(out_of_order(table));
        }
        last = Some(key);
    }
    Ok((0..rows).collect())
}

/// The rows' keys don't count up.
pub(super) fn out_of_order(table: &str) -> Error {
    Error::invalid(format!(
        "the rows of `{table}` came back in another order than their keys count up, so nobody knows whose they \
         are: a trigger changes the keys, or the identity counts down; give the keys yourself, or insert the \
         rows one by one"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(value: u8) -> Option<KeyBytes> {
        KeyBytes::encode(1, &mut |_, out| {
            out.extend_from_slice(&[value]);
            true
        })
    }

    #[test]
    fn rows_that_come_back_shuffled_find_their_entities() {
        let sent = [3, 1, 4, 15, 9].map(key);
        let returned = [9, 4, 3, 15, 1].map(key);
        let places = by_key("t", sent.into_iter(), returned.into_iter()).unwrap();
        assert_eq!(places, [2, 4, 1, 3, 0]);
    }

    #[test]
    fn a_key_that_does_not_come_back_is_an_error() {
        assert!(
            by_key(
                "t",
                [1, 2].map(key).into_iter(),
                [1, 3].map(key).into_iter()
            )
            .is_err()
        );
        assert!(
            by_key(
                "t",
                [1, 1].map(key).into_iter(),
                [1, 1].map(key).into_iter()
            )
            .is_err()
        );
        assert!(by_key("t", [None].into_iter(), [key(1)].into_iter()).is_err());
    }

    #[test]
    fn identity_keys_must_count_up() {
        assert_eq!(ascending("t", [4, 5, 9].into_iter()).unwrap(), [0, 1, 2]);
        assert!(ascending("t", [5, 4].into_iter()).is_err());
        assert!(ascending("t", [4, 4].into_iter()).is_err());
    }
}
