//! The statements that make one thing: a schema, a type, a table, an index, a foreign key. Text only; what is made, and in
//! which order, is for `script` to say.

use std::fmt::Write;

use super::enums::{self, EnumType};
use super::names::{self, TableNames};
use crate::model::{ColumnInfo, ForeignKey, OnDelete, RelationInfo, Table};
use crate::query::quote;
use crate::types::{PgType, TypeKind};

/// `CREATE SCHEMA IF NOT EXISTS shop`
pub(super) fn create_schema(name: &str) -> String {
    let mut sql = "CREATE SCHEMA IF NOT EXISTS ".to_owned();
    quote::identifier(&mut sql, name);
    sql
}

/// `CREATE TYPE order_status AS ENUM ('pending', 'shipped')`
pub(super) fn create_type(one: EnumType) -> String {
    let labels: Vec<String> = one.labels.iter().map(|label| literal(label)).collect();
    format!(
        "CREATE TYPE {} AS ENUM ({})",
        one.sql_name(),
        labels.join(", ")
    )
}

/// `CREATE TABLE ..`, with the foreign keys that `inline` approves of.
pub(super) fn create_table(
    table: &'static Table,
    names: &TableNames,
    inline: impl Fn(&'static RelationInfo) -> bool,
) -> String {
    let columns = table.columns.iter().enumerate();
    let mut lines: Vec<String> = columns
        .map(|(at, column)| {
            let declared = column.declared.or_else(|| linked_type(table, at as u16));
            column_line(column, declared, table.primary_key == [at as u16])
        })
        .collect();
    let mut constraint = |name: &str, what: String| {
        let mut line = "CONSTRAINT ".to_owned();
        quote::identifier(&mut line, name);
        line.push(' ');
        line.push_str(&what);
        lines.push(line);
    };
    if table.primary_key.len() > 1 {
        let columns = column_list(table, table.primary_key);
        constraint(&names.primary_key, format!("PRIMARY KEY {columns}"));
    }
    let uniques = names::uniques(table);
    let deferred_from = uniques.len() - table.deferred_uniques.len();
    for (at, (columns, name)) in uniques.iter().zip(&names.uniques).enumerate() {
        let mut unique = format!("UNIQUE {}", column_list(table, columns));
        if at >= deferred_from {
            unique.push_str(" DEFERRABLE INITIALLY DEFERRED");
        }
        constraint(name, unique);
    }
    for (check, name) in table.checks.iter().zip(&names.checks) {
        constraint(name, format!("CHECK ({})", check.sql));
    }
    for ((relation, key), name) in names::foreign_keys(table).zip(&names.foreign_keys) {
        if inline(relation) {
            constraint(name, references(relation, key, "\n        "));
        }
    }
    let lines: Vec<String> = lines.iter().map(|line| format!("    {line}")).collect();
    format!(
        "CREATE TABLE {} (\n{}\n)",
        table_name(table),
        lines.join(",\n")
    )
}

/// `CREATE INDEX products_name_idx ON products (name)`, for each index.
pub(super) fn create_indexes(table: &'static Table, names: &TableNames) -> Vec<String> {
    let indexes = table.indexes.iter().zip(&names.indexes);
    indexes
        .map(|(index, name)| {
            let mut sql = "CREATE INDEX ".to_owned();
            quote::identifier(&mut sql, name);
            let _ = write!(
                sql,
                " ON {} {}",
                table_name(table),
                column_list(table, index.columns)
            );
            sql
        })
        .collect()
}

/// `ALTER TABLE .. ADD CONSTRAINT .. FOREIGN KEY ..`, for a table that had to be made before the one it refers to.
pub(super) fn add_foreign_key(relation: &RelationInfo, key: &ForeignKey, name: &str) -> String {
    let mut sql = format!(
        "ALTER TABLE {}\n    ADD CONSTRAINT ",
        table_name(relation.from)
    );
    quote::identifier(&mut sql, name);
    sql.push(' ');
    sql.push_str(&references(relation, key, "\n    "));
    sql
}

/// The table's name in SQL.
pub(super) fn table_name(table: &Table) -> String {
    let mut name = String::new();
    quote::qualified(&mut name, table.schema, table.name);
    name
}

/// The declared type of a column of a link table without a struct: that of the key column that it refers to.
fn linked_type(table: &'static Table, column: u16) -> Option<&'static str> {
    if !table.is_bare_link {
        return None;
    }
    table.relations.iter().find_map(|relation| {
        let (here, there) = relation.columns();
        let part = here.iter().position(|other| *other == column)?;
        relation.to.columns[there[part] as usize].declared
    })
}

/// `email text NOT NULL DEFAULT 'none'`
fn column_line(
    column: &'static ColumnInfo,
    declared: Option<&'static str>,
    is_key: bool,
) -> String {
    let mut line = String::new();
    quote::identifier(&mut line, column.name);
    line.push(' ');
    match declared {
        Some(declared) => line.push_str(declared),
        None => line.push_str(&type_name(column)),
    }
    // Both PRIMARY KEY and IDENTITY say it already.
    if !column.nullable && !is_key && !column.identity {
        line.push_str(" NOT NULL");
    }
    if column.identity {
        line.push_str(" GENERATED BY DEFAULT AS IDENTITY");
    }
    if let Some(default) = column.server_default {
        let _ = write!(line, " DEFAULT {}", default_expression(default));
    }
    if let Some(computed) = column.computed {
        let _ = write!(line, " GENERATED ALWAYS AS ({computed}) STORED");
    }
    if is_key {
        line.push_str(" PRIMARY KEY");
    }
    line
}

/// The type as a reader of SQL knows it, where the catalogue has a name of its own for it.
fn type_name(column: &'static ColumnInfo) -> String {
    let mut brackets = String::new();
    let mut ty: &PgType = column.ty;
    while let TypeKind::Array(element) = ty.kind {
        brackets.push_str("[]");
        ty = element;
    }
    let name = match (enums::of_column(column), ty.name) {
        (Some(one), _) => one.sql_name(),
        (None, "int2") => "smallint".to_owned(),
        (None, "int4") => "integer".to_owned(),
        (None, "int8") => "bigint".to_owned(),
        (None, "float4") => "real".to_owned(),
        (None, "float8") => "double precision".to_owned(),
        (None, "bool") => "boolean".to_owned(),
        (None, _) => ty.to_string(),
    };
    name + &brackets
}

/// A default in parentheses, where it isn't one word, call or literal: after DEFAULT the grammar has no AND, no IN and no
/// `now() AT TIME ZONE 'utc'`.
fn default_expression(sql: &str) -> String {
    let mut depth = 0_usize;
    let mut quoted = false;
    let several = sql.trim().chars().any(|c| {
        match c {
            '\'' => quoted = !quoted,
            '(' | '[' if !quoted => depth += 1,
            ')' | ']' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        c.is_whitespace() && !quoted && depth == 0
    });
    if several {
        format!("({sql})")
    } else {
        sql.to_owned()
    }
}

/// `FOREIGN KEY (category_id) REFERENCES categories (id) ON DELETE SET NULL`
///
/// ON UPDATE CASCADE stands where the key that is referred to can change: where it isn't made by the server. When a session
/// changes such a key it sends one UPDATE of that row, and takes the rows that refer to it along in memory; in the database
/// this is what takes them along. It is what SQLAlchemy's `passive_updates=True` expects of a schema.
fn references(relation: &RelationInfo, key: &ForeignKey, line_break: &str) -> String {
    let (here, there) = relation.columns();
    let mut sql = format!(
        "FOREIGN KEY {}{line_break}REFERENCES {} {}",
        column_list(relation.from, here),
        table_name(relation.to),
        column_list(relation.to, there)
    );
    let can_change = there
        .iter()
        .any(|at| !relation.to.columns[*at as usize].identity);
    // PostgreSQL would have to write into them, and refuses the constraint.
    let written_here = here
        .iter()
        .all(|at| relation.from.columns[*at as usize].computed.is_none());
    if can_change && written_here {
        sql.push_str(" ON UPDATE CASCADE");
    }
    match key.on_delete {
        OnDelete::NoAction => {}
        OnDelete::Restrict => sql.push_str(" ON DELETE RESTRICT"),
        OnDelete::Cascade => sql.push_str(" ON DELETE CASCADE"),
        OnDelete::SetNull => sql.push_str(" ON DELETE SET NULL"),
        OnDelete::SetDefault => sql.push_str(" ON DELETE SET DEFAULT"),
    }
    if key.deferred {
        sql.push_str(" DEFERRABLE INITIALLY DEFERRED");
    }
    sql
}

/// `(first, last)`
fn column_list(table: &Table, columns: &[u16]) -> String {
    let mut list = "(".to_owned();
    for (at, column) in columns.iter().enumerate() {
        if at > 0 {
            list.push_str(", ");
        }
        quote::identifier(&mut list, table.columns[*column as usize].name);
    }
    list.push(')');
    list
}

/// A text as SQL. Backslashes need the form in which they mean themselves whatever `standard_conforming_strings` says.
pub(super) fn literal(text: &str) -> String {
    let doubled = text.replace('\'', "''");
    if doubled.contains('\\') {
        format!("E'{}'", doubled.replace('\\', "\\\\"))
    } else {
        format!("'{doubled}'")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_of_several_words_stand_in_parentheses() {
        for plain in [
            "0",
            "now()",
            "'a b'",
            "'it''s b'::text",
            "ARRAY['a', 'b']",
            "f(1, 2)::int",
        ] {
            assert_eq!(default_expression(plain), plain);
        }
        assert_eq!(
            default_expression("now() AT TIME ZONE 'utc'"),
            "(now() AT TIME ZONE 'utc')"
        );
        assert_eq!(default_expression("'a' || 'b'"), "('a' || 'b')");
    }

    #[test]
    fn labels_are_literals() {
        assert_eq!(literal("plain"), "'plain'");
        assert_eq!(literal("it's"), "'it''s'");
        assert_eq!(literal("a\\b"), "E'a\\\\b'");
    }
}
