//! The names of constraints and indexes: those that PostgreSQL itself would give, `users_email_key`,
//! `products_category_id_fkey`, `orders_pkey`.
//!
//! (A check whose condition is about one column would have that in its name; ours are numbered, since nobody here reads the
//! condition.) They are written into the script, so that a name in an error message can be found there, and so that they are the same
//! wherever the schema is created. Where PostgreSQL's rule depends on what is in the database already (a name that is
//! taken gets a number), ours depends on the list of models alone, and not on its order.

use std::collections::{HashMap, HashSet};

use crate::model::{ForeignKey, RelationInfo, Table};

/// Names longer than this are cut by the server: NAMEDATALEN - 1. Those of tables and columns never are, which the derive
/// sees to.
const LONGEST: usize = 63;

/// The names of one table's parts, each list in the order of the parts.
#[derive(Debug, Default)]
pub(super) struct TableNames {
    pub(super) primary_key: String,
    /// Of [`uniques`].
    pub(super) uniques: Vec<String>,
    /// Of [`foreign_keys`].
    pub(super) foreign_keys: Vec<String>,
    pub(super) checks: Vec<String>,
    pub(super) indexes: Vec<String>,
}

/// The unique constraints of a table: those of single columns, those of several, those that are checked at COMMIT.
pub(super) fn uniques(table: &'static Table) -> Vec<Vec<u16>> {
    let columns = table.columns.iter().enumerate();
    let alone = columns
        .filter(|(_, column)| column.unique)
        .map(|(at, _)| vec![at as u16]);
    alone
        .chain(table.uniques.iter().map(|several| several.to_vec()))
        .chain(table.deferred_uniques.iter().map(|group| group.to_vec()))
        .collect()
}

/// The foreign keys of a table.
pub(super) fn foreign_keys(
    table: &'static Table,
) -> impl Iterator<Item = (&'static RelationInfo, &'static ForeignKey)> {
    let relations = table.relations.iter().copied();
    relations.filter_map(|relation| relation.foreign_key().map(|key| (relation, key)))
}

/// The names of all parts of these tables, by [`Table::id`].
pub(super) fn names(tables: &[&'static Table]) -> HashMap<usize, TableNames> {
    let mut sorted = tables.to_vec();
    sorted.sort_by_key(|table| (table.schema, table.name));
    // Tables and indexes share their names within a schema.
    let mut taken: HashSet<_> = sorted
        .iter()
        .map(|table| (table.schema, table.name.to_owned()))
        .collect();
    let mut names = HashMap::new();
    for table in sorted {
        let mut choose = |columns: &[u16], label: &str| {
            let free = candidates(table, columns, label)
                .find(|name| taken.insert((table.schema, name.clone())));
            free.expect("there are more numbers than names")
        };
        names.insert(
            table.id(),
            TableNames {
                primary_key: choose(&[], "pkey"),
                uniques: uniques(table)
                    .iter()
                    .map(|columns| choose(columns, "key"))
                    .collect(),
                foreign_keys: foreign_keys(table)
                    .map(|(_, key)| choose(key.columns, "fkey"))
                    .collect(),
                checks: table.checks.iter().map(|_| choose(&[], "check")).collect(),
                indexes: table
                    .indexes
                    .iter()
                    .map(|index| choose(index.columns, "idx"))
                    .collect(),
            },
        );
    }
    names
}

/// `users_email_key`, `users_email_key1`, `users_email_key2` ..
fn candidates(table: &'static Table, columns: &[u16], label: &str) -> impl Iterator<Item = String> {
    let columns = joined(columns.iter().map(|at| table.columns[*at as usize].name));
    (0_u32..).map(move |number| match number {
        0 => object_name(table.name, &columns, label),
        _ => object_name(table.name, &columns, &format!("{label}{number}")),
    })
}

/// The columns' names as PostgreSQL's `ChooseForeignKeyConstraintNameAddition` joins them: no more of them than a name can
/// hold.
fn joined(columns: impl Iterator<Item = &'static str>) -> String {
    let mut all = String::new();
    for column in columns {
        if !all.is_empty() {
            all.push('_');
        }
        all.push_str(column);
        if all.len() > LONGEST {
            break;
        }
    }
    all
}

/// PostgreSQL's `makeObjectName`: what is too long is taken from the longer part, byte by byte, and then at the boundary
/// of a character.
fn object_name(table: &str, columns: &str, label: &str) -> String {
    let mark = if columns.is_empty() { "" } else { "_" };
    let room = LONGEST - mark.len() - 1 - label.len();
    let (mut first, mut second) = (table.len(), columns.len());
    while first + second > room {
        if first > second {
            first -= 1;
        } else {
            second -= 1;
        }
    }
    let (table, columns) = (clipped(table, first), clipped(columns, second));
    format!("{table}{mark}{columns}_{label}")
}

/// The beginning of a name, of no more than so many bytes and of whole characters.
fn clipped(name: &str, bytes: usize) -> &str {
    let mut end = bytes.min(name.len());
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    &name[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_postgresql() {
        assert_eq!(object_name("users", "email", "key"), "users_email_key");
        assert_eq!(object_name("users", "", "pkey"), "users_pkey");
        assert_eq!(
            joined(["order_id", "line_no"].into_iter()),
            "order_id_line_no"
        );
    }

    #[test]
    fn long_names_are_cut_in_the_longer_part() {
        let table = "a".repeat(40);
        let name = object_name(&table, &"b".repeat(30), "fkey");
        assert_eq!(name, format!("{}_{}_fkey", "a".repeat(29), "b".repeat(28)));
        assert_eq!(name.len(), LONGEST);
    }

    #[test]
    fn names_are_cut_between_characters() {
        let name = object_name(&"ä".repeat(31), &"é".repeat(31), "fkey");
        assert_eq!(name, format!("{}_{}_fkey", "ä".repeat(14), "é".repeat(14)));
        assert!(name.len() <= LONGEST);
    }
}
