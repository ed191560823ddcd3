//! What a unique column holds while its value is moved aside: NULL, or a value that nobody else has.
//!
//! PostgreSQL checks a unique constraint row by row, even within one UPDATE. So where rows exchange unique values, one of
//! them has to hold something else for a moment. `steps::unique` decides which rows; here is what they hold, and
//! `statements::aside` writes it down.
//!
//! | the column | what it holds |
//! | --- | --- |
//! | can be NULL | NULL; under a CHECK, which may forbid that, what is below, if there is plenty of it |
//! | `uuid`, `text` with room for one | a random UUID |
//! | `int4`, `int8`, `date`, `timestamp`, `timestamptz`, `time` | a random value, far out where there is room |
//! | `int2`, `numeric`, `float4`, `float8`, and those above under a CHECK | the value next to the greatest or the least one |
//! | short text, and text under a CHECK | random text of the same length, or with something behind it |
//! | an enum | a label that is free |
//! | a foreign key | the key of a row that nobody refers to |
//! | `bool`, `bytea`, ranges, JSON, arrays, domains, several columns of one foreign key | nothing is safe |
//!
//! What is looked for on the server has to satisfy the table's CHECKs.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use bytes::Bytes;

use crate::model::{ColumnSet, ForeignKey, RelationInfo, RelationKind, Table};
use crate::types::{Param, PgType, TypeKind};

/// What a column holds while its value is moved aside.
#[derive(Debug, Clone, Copy)]
pub(super) enum Placeholder {
    /// NULL, which is equal to nothing.
    Null,
    /// `gen_random_uuid()`.
    Uuid,
    /// The text of one.
    Text,
    /// A value at random, counted on row by row.
    Far(&'static PgType, Far),
    /// A value that the server looks for.
    Free(Candidates),
}

/// Where a random value lies, and how rows count on from it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Far {
    /// The least one, as the wire has it: a number, days or microseconds.
    from: i64,
    /// How many there are.
    range: u64,
    bytes: usize,
    /// What is subtracted for the row with this number; `n` stands for it.
    pub(super) step: &'static str,
}

/// Among which values the server looks for one that nobody has.
#[derive(Debug, Clone, Copy)]
pub(super) enum Candidates {
    /// Above the greatest and below the least one, in steps of this.
    Beside(&'static str),
    /// Random text, of so many characters at most.
    Texts(Option<u32>),
    /// The labels of the enum.
    Labels,
    /// The keys that this foreign key may have.
    Targets(&'static RelationInfo),
}

impl Placeholder {
    /// What a column can hold; `None` where no value is safe to be unique and allowed.
    pub(super) fn of(table: &Table, column: u16) -> Option<Placeholder> {
        if !table.columns[column as usize].nullable {
            return Self::of_required(table, column);
        }
        // A CHECK may want a value. Where none is found that it allows, NULL is what the search gives.
        let value = match checks_on(table, column).next() {
            Some(_) => Self::of_required(table, column).filter(|value| !value.is_scarce()),
            None => None,
        };
        Some(value.unwrap_or(Placeholder::Null))
    }

    /// What a column can hold that must not be NULL.
    fn of_required(table: &Table, column: u16) -> Option<Placeholder> {
        let info = &table.columns[column as usize];
        let mut keys = table.relations.iter().filter_map(|relation| {
            let RelationKind::BelongsTo(ForeignKey { deferred, .. }) = &relation.kind else {
                return None;
            };
            let refers = !deferred && relation.columns().0.contains(&column);
            refers.then_some(*relation)
        });
        if let Some(key) = keys.next() {
            let alone = key.columns().0.len() == 1 && keys.next().is_none();
            return alone.then_some(Placeholder::Free(Candidates::Targets(key)));
        }
        let free = |candidates| Some(Placeholder::Free(candidates));
        match info.ty.kind {
            TypeKind::Enum(_) => return free(Candidates::Labels),
            TypeKind::Array(_) => return None,
            TypeKind::Scalar => {}
        }
        let is_checked = checks_on(table, column).next().is_some();
        if info.ty.name == "text" {
            return match room(info.declared)? {
                None if !is_checked => Some(Placeholder::Text),
                Some(room) if room >= UUID_LENGTH && !is_checked => Some(Placeholder::Text),
                room => free(Candidates::Texts(room)),
            };
        }
        if !is_own_type(info.declared) {
            return None;
        }
        if !is_checked {
            match info.ty.name {
                "uuid" => return Some(Placeholder::Uuid),
                // Fractions of a second that the column doesn't keep would make rows equal.
                "time" if info.declared.is_some() => return None,
                name => {
                    if let Some(far) = Far::of(name) {
                        return Some(Placeholder::Far(info.ty, far));
                    }
                }
            }
        }
        match info.ty.name {
            "int2" | "int4" | "int8" | "numeric" | "float4" | "float8" => {
                free(Candidates::Beside("1"))
            }
            "date" => free(Candidates::Beside("1")),
            "timestamp" | "timestamptz" => free(Candidates::Beside("interval '1 second'")),
            _ => None,
        }
    }

    /// Whether there may be few such values, so that no more rows are moved aside than must be.
    pub(super) fn is_scarce(&self) -> bool {
        match self {
            Placeholder::Free(Candidates::Labels | Candidates::Targets(_)) => true,
            Placeholder::Free(Candidates::Texts(room)) => room.is_some_and(|room| room < 8),
            _ => false,
        }
    }

    /// The less, the rather it is taken: what needs no search, then what is plenty.
    fn price(&self) -> u8 {
        match self {
            Placeholder::Null => 0,
            Placeholder::Uuid | Placeholder::Text | Placeholder::Far(..) => 1,
            Placeholder::Free(_) if !self.is_scarce() => 2,
            Placeholder::Free(_) => 3,
        }
    }
}

impl Far {
    /// In a range where nobody's own values are likely to be, and so wide that no two flushes meet. Should one be taken
    /// after all, the server refuses it.
    fn of(name: &str) -> Option<Far> {
        /// Microseconds.
        const YEAR: i64 = 31_557_600_000_000;
        let (from, range, bytes, step) = match name {
            "int4" => (-2_000_000_000, 1_000_000_000, 4, "n"),
            "int8" => (-(1 << 62), 1 << 61, 8, "n"),
            // In days from the year 2000: 2.7 million years on.
            "date" => (1_000_000_000, 1_000_000_000, 4, "n::int4"),
            "timestamp" | "timestamptz" => (
                100_000 * YEAR,
                150_000 * YEAR as u64,
                8,
                "n * interval '1 second'",
            ),
            // Past midnight it goes on at the other end of the day.
            "time" => (0, 86_400_000_000, 8, "n * interval '1 microsecond'"),
            _ => return None,
        };
        Some(Far {
            from,
            range,
            bytes,
            step,
        })
    }

    /// The value that rows count on from.
    pub(super) fn first(self, ty: &'static PgType) -> Param {
        let random = RandomState::new().hash_one(0) % self.range;
        let value = self.from + random as i64;
        let bytes = &value.to_be_bytes()[8 - self.bytes..];
        Param::from_bytes(ty, Some(Bytes::copy_from_slice(bytes)))
    }
}

/// The CHECKs that speak of a column, as far as one can tell without reading SQL.
pub(super) fn checks_on(table: &Table, column: u16) -> impl Iterator<Item = &'static str> {
    let name = table.columns[column as usize].name;
    let all = table.checks.iter().map(|check| check.sql);
    all.filter(move |sql| sql.contains(name))
}

const UUID_LENGTH: u32 = 36;

/// How many characters a text column holds: `Some(None)` is any number, `None` a type of its own.
fn room(declared: Option<&str>) -> Option<Option<u32>> {
    let Some(declared) = declared else {
        return Some(None);
    };
    let length = ["varchar(", "char("]
        .iter()
        .find_map(|name| declared.strip_prefix(name)?.strip_suffix(')'));
    match length {
        Some(length) => length.trim().parse().ok().map(Some),
        None => matches!(declared, "text" | "citext" | "varchar").then_some(None),
    }
}

/// Whether a column is declared with a type of PostgreSQL's own, though maybe a narrower one: no domain, which may refuse
/// anything.
fn is_own_type(declared: Option<&str>) -> bool {
    declared.is_none_or(|declared| {
        let name = declared.split('(').next().unwrap_or(declared).trim();
        matches!(
            name,
            "numeric" | "decimal" | "timestamp" | "timestamptz" | "time"
        )
    })
}

/// The column of a unique group that is moved aside: one that is written again later anyhow, if there is plenty to hold meanwhile, else
/// another, which is then written as well; one that can be NULL, else one that can hold a value of its own, the cheapest first.
pub(super) fn parking_column(table: &Table, group: &[u16], written: ColumnSet) -> Option<u16> {
    let can_be_written = |column: &&u16| {
        let is_computed = table.columns[**column as usize].computed.is_some();
        !is_computed && table.version != Some(**column) && !table.primary_key.contains(column)
    };
    let candidates = group.iter().filter(can_be_written).filter_map(|column| {
        let placeholder = Placeholder::of(table, *column)?;
        let is_extra = !written.contains(*column);
        let order = (placeholder.is_scarce(), is_extra, placeholder.price());
        Some((order, *column))
    });
    candidates.min().map(|(_, column)| column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_columns_say_how_much_room_they_have() {
        assert_eq!(room(None), Some(None));
        assert_eq!(room(Some("varchar(36)")), Some(Some(36)));
        assert_eq!(room(Some("char(2)")), Some(Some(2)));
        assert_eq!(room(Some("citext")), Some(None));
        assert_eq!(room(Some("my_domain")), None);
        assert!(is_own_type(Some("numeric(10, 2)")));
        assert!(!is_own_type(Some("price")));
    }

    #[test]
    fn far_values_are_in_the_range_of_their_type() {
        for name in ["int4", "date"] {
            let far = Far::of(name).unwrap();
            let last = far.from + far.range as i64;
            assert!(i32::try_from(far.from).is_ok() && i32::try_from(last).is_ok());
        }
        // The last year of a timestamp is 294276.
        let far = Far::of("timestamp").unwrap();
        assert!(far.from + (far.range as i64) < 290_000 * 31_557_600_000_000);
    }
}
