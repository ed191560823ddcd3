//! What a unique column holds while its value is moved aside: NULL, or a value that nobody else has.
//!
//! PostgreSQL checks a unique constraint row by row, even within one UPDATE. So where rows exchange unique values, one of
//! them has to hold something else for a moment. `steps::unique` decides which rows; here is what they hold.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use crate::model::{ColumnSet, RelationKind, Table};
use crate::types::{Param, TypeKind};

/// What a column holds while its value is moved aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Placeholder {
    /// NULL, which is equal to nothing.
    Null,
    /// `gen_random_uuid()`.
    Uuid,
    /// The text of one.
    Text,
    /// A negative number at random, counted down row by row.
    Int4,
    /// The same, of eight bytes.
    Int8,
}

impl Placeholder {
    /// What a column can hold; `None` where no value is safe to be unique and allowed.
    pub(super) fn of(table: &Table, column: u16) -> Option<Placeholder> {
        let info = &table.columns[column as usize];
        if info.nullable {
            return Some(Placeholder::Null);
        }
        // Any value would have to be a row's key elsewhere, or to satisfy a condition that only the server can read.
        let refers = table.relations.iter().any(|relation| {
            matches!(relation.kind, RelationKind::BelongsTo(_))
                && relation.columns().0.contains(&column)
        });
        let checked = table
            .checks
            .iter()
            .any(|check| check.sql.contains(info.name));
        let scalar = matches!(info.ty.kind, TypeKind::Scalar);
        if refers || checked || !scalar || !has_room(info.declared) {
            return None;
        }
        match info.ty.name {
            "uuid" => Some(Placeholder::Uuid),
            "text" => Some(Placeholder::Text),
            "int4" => Some(Placeholder::Int4),
            "int8" => Some(Placeholder::Int8),
            _ => None,
        }
    }

    /// For a number the first of a row of numbers that count down: in a range of a thousand million where nobody's own
    /// numbers are likely to be. Should one be taken after all, the server refuses it.
    pub(super) fn first_number(self) -> Option<Param> {
        let random = RandomState::new().hash_one(0);
        match self {
            Placeholder::Int4 => {
                let number = -1_000_000_000 - (random % 1_000_000_000) as i32;
                Some(Param::new(&number))
            }
            Placeholder::Int8 => {
                let number = -(1 << 61) - (random >> 3) as i64;
                Some(Param::new(&number))
            }
            _ => None,
        }
    }
}

/// Whether the text of a UUID fits a column that was declared with a type of its own.
fn has_room(declared: Option<&str>) -> bool {
    let Some(declared) = declared else {
        return true;
    };
    let length = declared
        .strip_prefix("varchar(")
        .and_then(|rest| rest.strip_suffix(')'));
    match length {
        Some(length) => length.trim().parse::<u32>().is_ok_and(|n| n >= 36),
        None => matches!(declared, "text" | "citext" | "varchar"),
    }
}

/// The column of a unique group that is moved aside, among those that are written again later: one that can be NULL, else
/// one that can hold a value of its own.
pub(super) fn parking_column(table: &Table, group: &[u16], written: ColumnSet) -> Option<u16> {
    let mut candidates: Vec<(bool, u16)> = group
        .iter()
        .filter(|column| written.contains(**column) && !table.primary_key.contains(column))
        .filter_map(|column| {
            let placeholder = Placeholder::of(table, *column)?;
            Some((placeholder != Placeholder::Null, *column))
        })
        .collect();
    candidates.sort_unstable();
    candidates.first().map(|(_, column)| *column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_text_columns_with_room_hold_the_text_of_a_uuid() {
        assert!(has_room(None));
        assert!(has_room(Some("varchar(36)")));
        assert!(has_room(Some("citext")));
        assert!(!has_room(Some("varchar(35)")));
        assert!(!has_room(Some("char(40)")));
        assert!(!has_room(Some("my_domain")));
    }
}
