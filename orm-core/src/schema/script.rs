//! What there is to create, and in which order: schemas, enum types, tables (those referred to first) with their indexes,
//! and last the foreign keys that close a ring.

use std::collections::HashMap;
use std::fmt;

use super::enums::{self, EnumType};
use super::names::{self, TableNames};
use super::table_sql;
use crate::model::{RelationInfo, Table};
use crate::order::components;

/// Things to create.
#[derive(Debug, Default)]
pub(super) struct Parts {
    pub(super) schemas: Vec<&'static str>,
    pub(super) enums: Vec<EnumType>,
    pub(super) tables: Vec<&'static Table>,
}

impl Parts {
    /// Some tables and everything that they need.
    pub(super) fn of(tables: &[&'static Table]) -> Self {
        let enums = enums::of_tables(tables);
        let of_tables = tables.iter().filter_map(|table| table.schema);
        let of_enums = enums.iter().filter_map(|one| one.ty.schema);
        let mut schemas: Vec<&'static str> = Vec::new();
        for schema in of_tables.chain(of_enums) {
            if !schemas.contains(&schema) {
                schemas.push(schema);
            }
        }
        Parts {
            schemas,
            enums,
            tables: tables.to_vec(),
        }
    }
}

/// Statements in their order, in groups that belong together. `Display` is a file that one can read and run.
#[derive(Debug, Default)]
pub(super) struct Script {
    groups: Vec<Vec<String>>,
}

impl Script {
    /// The statements, without semicolons.
    pub(super) fn statements(&self) -> impl Iterator<Item = &str> {
        self.groups.iter().flatten().map(String::as_str)
    }

    fn group(&mut self, statements: impl IntoIterator<Item = String>) {
        let group: Vec<String> = statements.into_iter().collect();
        if !group.is_empty() {
            self.groups.push(group);
        }
    }
}

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, group) in self.groups.iter().enumerate() {
            if at > 0 {
                writeln!(f)?;
            }
            for statement in group {
                writeln!(f, "{statement};")?;
            }
        }
        Ok(())
    }
}

/// The script for a database in which nothing is yet.
pub(super) fn complete(tables: &[&'static Table]) -> Script {
    script(&Parts::of(tables), &names::names(tables))
}

/// The script for these parts.
pub(super) fn script(parts: &Parts, names: &HashMap<usize, TableNames>) -> Script {
    let mut script = Script::default();
    let order = Order::of(&parts.tables);
    let names_of = |table: &'static Table| &names[&table.id()];
    script.group(
        parts
            .schemas
            .iter()
            .map(|schema| table_sql::create_schema(schema)),
    );
    script.group(parts.enums.iter().map(|one| table_sql::create_type(*one)));
    for table in &order.tables {
        let names = names_of(table);
        let create = table_sql::create_table(table, names, |relation| !order.is_late(relation));
        script.group(
            [create]
                .into_iter()
                .chain(table_sql::create_indexes(table, names)),
        );
    }
    script.group(order.tables.iter().flat_map(|table| {
        let keys = names::foreign_keys(table).zip(&names_of(table).foreign_keys);
        let late = keys.filter(|((relation, _), _)| order.is_late(relation));
        late.map(|((relation, key), name)| table_sql::add_foreign_key(relation, key, name))
    }));
    script
}

/// Tables in an order in which they can be created.
pub(super) struct Order {
    pub(super) tables: Vec<&'static Table>,
    position: HashMap<usize, usize>,
}

impl Order {
    /// Tables come after those that they refer to. Within a ring, and where nothing decides, they keep their order.
    pub(super) fn of(tables: &[&'static Table]) -> Self {
        let position = positions(tables);
        let mut edges = Vec::new();
        for (at, table) in tables.iter().enumerate() {
            for (relation, _) in names::foreign_keys(table) {
                match position.get(&relation.to.id()) {
                    Some(to) if *to != at => edges.push((*to, at)),
                    _ => {}
                }
            }
        }
        let groups = components(tables.len(), &edges);
        let tables: Vec<_> = groups.iter().flatten().map(|at| tables[*at]).collect();
        Order {
            position: positions(&tables),
            tables,
        }
    }

    /// Whether a foreign key has to wait until all tables are there: it closes a ring, and leads to a later one.
    fn is_late(&self, relation: &RelationInfo) -> bool {
        let position = |table: &'static Table| self.position.get(&table.id());
        match (position(relation.from), position(relation.to)) {
            (Some(from), Some(to)) => to > from,
            _ => false,
        }
    }
}

fn positions(tables: &[&'static Table]) -> HashMap<usize, usize> {
    tables
        .iter()
        .enumerate()
        .map(|(at, table)| (table.id(), at))
        .collect()
}
