//! What of some parts is in the database already, asked of PostgreSQL's catalogue in one statement.

use std::collections::{HashMap, HashSet};

use super::script::Parts;
use super::table_sql;
use crate::engine::{Connection, sql};
use crate::error::{Error, Result};
use crate::model::Table;

/// Names are looked up as the server would look them up in a statement, so the search path counts for those without a
/// schema.
const QUERY: &str = "\
SELECT 'schema' AS part, wanted.at, '' AS kind, '{}'::text[] AS labels
FROM unnest(:schemas::text[]) WITH ORDINALITY AS wanted (name, at)
JOIN pg_catalog.pg_namespace ON nspname = wanted.name::name
UNION ALL
SELECT 'table', wanted.at, relkind::text, '{}'
FROM unnest(:tables::text[]) WITH ORDINALITY AS wanted (name, at)
JOIN pg_catalog.pg_class AS class ON class.oid = to_regclass(wanted.name)
UNION ALL
SELECT 'type', wanted.at, typtype::text, ARRAY(
    SELECT enumlabel::text FROM pg_catalog.pg_enum WHERE enumtypid = type.oid ORDER BY enumsortorder
)
FROM unnest(:types::text[]) WITH ORDINALITY AS wanted (name, at)
JOIN pg_catalog.pg_type AS type ON type.oid = to_regtype(wanted.name)";

/// What is there.
#[derive(Debug, Default)]
pub(super) struct Catalogue {
    schemas: HashSet<&'static str>,
    /// By [`Table::id`], with `pg_class.relkind`.
    tables: HashMap<usize, String>,
    /// By their names in SQL.
    types: HashMap<String, Type>,
}

/// A type that is there.
#[derive(Debug)]
struct Type {
    is_enum: bool,
    labels: Vec<String>,
}

impl Catalogue {
    /// Looks for these parts, and for other tables. One statement.
    pub(super) async fn look_up(
        connection: &mut Connection,
        parts: &Parts,
        others: &[&'static Table],
    ) -> Result<Self> {
        let tables: Vec<&'static Table> = parts.tables.iter().chain(others).copied().collect();
        let types: Vec<String> = parts.enums.iter().map(|one| one.sql_name()).collect();
        let query = sql(QUERY)
            .bind(
                "schemas",
                parts
                    .schemas
                    .iter()
                    .map(|&name| name.to_owned())
                    .collect::<Vec<_>>(),
            )
            .bind(
                "tables",
                tables
                    .iter()
                    .map(|table| table_sql::table_name(table))
                    .collect::<Vec<_>>(),
            )
            .bind("types", types.clone());
        let rows: Vec<(String, i64, String, Vec<String>)> = connection.fetch_all(query).await?;
        let mut found = Catalogue::default();
        for (part, at, kind, labels) in rows {
            let at = usize::try_from(at).unwrap_or_default() - 1;
            match part.as_str() {
                "schema" => {
                    found.schemas.insert(parts.schemas[at]);
                }
                "table" => {
                    found.tables.insert(tables[at].id(), kind);
                }
                _ => {
                    let is_enum = kind == "e";
                    found
                        .types
                        .insert(types[at].clone(), Type { is_enum, labels });
                }
            }
        }
        Ok(found)
    }

    /// Whether there is a table, a view or something else of the table's name.
    pub(super) fn has(&self, table: &'static Table) -> bool {
        self.tables.contains_key(&table.id())
    }

    /// Whether there is a table of this name, and not a view or something else.
    pub(super) fn has_as_table(&self, table: &'static Table) -> bool {
        let kind = self.tables.get(&table.id());
        kind.is_some_and(|kind| ["r", "p", "f"].contains(&kind.as_str()))
    }

    /// What is not there of the tables, and what the missing ones need. Enum types that are there are compared.
    ///
    /// # Errors
    /// An enum type that lacks a label, or that is none.
    pub(super) fn missing(&self, parts: &Parts) -> Result<Parts> {
        for one in &parts.enums {
            let name = one.sql_name();
            match self.types.get(&name) {
                None => {}
                Some(Type { is_enum: false, .. }) => {
                    return Err(Error::invalid(format!(
                        "the database has a type `{name}` that is not an enum, so the Rust enum cannot be stored as it: give \
                         the enum another name with `#[orm(name = \"..\")]`"
                    )));
                }
                Some(Type { labels, .. }) => check_labels(&name, one.labels, labels)?,
            }
        }
        let tables = parts.tables.iter().copied();
        let tables: Vec<&'static Table> = tables.filter(|table| !self.has(table)).collect();
        let mut missing = Parts::of(&tables);
        missing
            .enums
            .retain(|one| !self.types.contains_key(&one.sql_name()));
        // An enum that is there is in a schema that is there.
        missing
            .schemas
            .retain(|schema| !self.schemas.contains(schema));
        Ok(missing)
    }
}

fn check_labels(name: &str, wanted: &[&str], found: &[String]) -> Result<()> {
    let lacking = wanted
        .iter()
        .filter(|label| !found.iter().any(|other| other == *label));
    let lacking: Vec<String> = lacking.map(|label| table_sql::literal(label)).collect();
    if lacking.is_empty() {
        return Ok(());
    }
    let alter = |label: &String| format!("ALTER TYPE {name} ADD VALUE {label};");
    Err(Error::invalid(format!(
        "the enum type `{name}` is in the database, without {} of the Rust enum: {}",
        lacking.join(", "),
        lacking.iter().map(alter).collect::<Vec<_>>().join(" ")
    )))
}
