//! The SQL of a flush's steps: the third of its four steps.
//!
//! One row is written the way that one would write it by hand; more travel as one array a column, through `unnest`, so
//! that the text is the same whatever their number. A column that is itself an array travels in text form, because
//! `unnest` would take an array of arrays apart to the last element.

use super::plan::{Step, StepKind};
use super::{LinkRow, Session};
use crate::expr::TableRef;
use crate::model::{OnUpdate, RawHandle, RelationKind, Table};
use crate::query::Statement;
use crate::query::render::Renderer;
use crate::types::{ArrayWriter, Param, PgType, SqlType, TypeKind};

use bytes::BytesMut;

/// How the rows that an INSERT returns are matched to the entities that were sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Match {
    /// One row in, one row out.
    Single,
    /// The key is an identity: it counts up in the order of the SELECT, so the rows are sorted by it.
    Ascending,
    /// The key was sent, and comes back.
    ByKey,
    /// The server makes the key in another way: the rows carry the number of the row that they came from.
    Numbered,
}

/// A column of the rows that `unnest` makes.
struct BatchColumn {
    name: String,
    param: Param,
    /// The cast of the whole array: `int4[]`.
    array: &'static PgType,
    /// The cast of each element, for a column that travels in text form.
    element: Option<&'static PgType>,
}

impl Session {
    /// The statement of a step, with the values of this moment.
    pub(super) fn statement(&self, step: &Step) -> Statement {
        match step.kind {
            StepKind::Insert => self.insert_rows(step),
            StepKind::Update | StepKind::Close | StepKind::Open => self.update(step),
            StepKind::Delete => self.delete_rows(step),
            StepKind::Link => self.insert_links(step),
            StepKind::Unlink => self.delete_links(step),
            StepKind::UnlinkAll => self.delete_all_links(step),
        }
    }

    fn value(&self, row: RawHandle, column: u16) -> Param {
        self.param_of(row, column, |out| {
            self.store(row).encode(row.index, column, out)
        })
    }

    fn value_before(&self, row: RawHandle, column: u16) -> Param {
        self.param_of(row, column, |out| {
            self.store(row).encode_before(row.index, column, out)
        })
    }

    fn param_of(
        &self,
        row: RawHandle,
        column: u16,
        encode: impl FnOnce(&mut BytesMut) -> bool,
    ) -> Param {
        let ty = self.table(row).columns[column as usize].ty;
        let mut out = BytesMut::new();
        let bytes = encode(&mut out).then(|| out.freeze());
        Param::from_bytes(ty, bytes)
    }

    /// One column of many rows as one array.
    fn batch_column(
        &self,
        name: String,
        ty: &'static PgType,
        rows: &[RawHandle],
        mut encode: impl FnMut(RawHandle, &mut BytesMut) -> bool,
    ) -> BatchColumn {
        let mut array = ArrayWriter::new();
        if matches!(ty.kind, TypeKind::Array(_)) {
            let mut bytes = BytesMut::new();
            for row in rows {
                bytes.clear();
                let text = encode(*row, &mut bytes).then(|| {
                    let mut text = String::new();
                    (ty.show)(&bytes, &mut text);
                    text
                });
                array.push(&text);
            }
            let text = <Vec<String> as SqlType>::TYPE;
            return BatchColumn {
                name,
                param: array.into_param(text),
                array: text,
                element: Some(ty),
            };
        }
        for row in rows {
            array.push_with(|out| encode(*row, out));
        }
        BatchColumn {
            name,
            param: array.into_param_of(ty),
            array: ty,
            element: None,
        }
    }

    fn columns(
        &self,
        prefix: &str,
        table: &Table,
        columns: &[u16],
        rows: &[RawHandle],
    ) -> Vec<BatchColumn> {
        let make = |(at, column): (usize, &u16)| {
            let ty = table.columns[*column as usize].ty;
            self.batch_column(format!("{prefix}{at}"), ty, rows, |row, out| {
                self.store(row).encode(row.index, *column, out)
            })
        };
        columns.iter().enumerate().map(make).collect()
    }

    fn columns_before(
        &self,
        prefix: &str,
        table: &Table,
        columns: &[u16],
        rows: &[RawHandle],
    ) -> Vec<BatchColumn> {
        let make = |(at, column): (usize, &u16)| {
            let ty = table.columns[*column as usize].ty;
            self.batch_column(format!("{prefix}{at}"), ty, rows, |row, out| {
                self.store(row).encode_before(row.index, *column, out)
            })
        };
        columns.iter().enumerate().map(make).collect()
    }

    /// How the returned rows of an INSERT are matched.
    pub(super) fn matching(step: &Step) -> Match {
        let table = step.table;
        if step.rows.len() == 1 {
            Match::Single
        } else if table
            .primary_key
            .iter()
            .all(|key| step.columns.contains(*key))
        {
            Match::ByKey
        } else if made_identity(step).is_some() {
            Match::Ascending
        } else {
            Match::Numbered
        }
    }

    /// The columns that an INSERT brings back: those that the server fills in.
    pub(super) fn returned_by_insert(step: &Step) -> Vec<u16> {
        let columns = step.table.columns.iter().enumerate();
        columns
            .filter(|(at, column)| {
                let by_server = column.identity || column.server_default.is_some();
                column.computed.is_some() || (by_server && !step.columns.contains(*at as u16))
            })
            .map(|(at, _)| at as u16)
            .collect()
    }

    /// The columns that an UPDATE brings back: those that the server changes by itself.
    pub(super) fn returned_by_update(step: &Step) -> Vec<u16> {
        if step.kind == StepKind::Open {
            return Vec::new();
        }
        let columns = step.table.columns.iter().enumerate();
        columns
            .filter(|(_, column)| column.computed.is_some() || column.on_update == OnUpdate::Server)
            .map(|(at, _)| at as u16)
            .collect()
    }

    fn insert_rows(&self, step: &Step) -> Statement {
        let table = step.table;
        let columns: Vec<u16> = step.columns.iter().collect();
        let returning = Self::returned_by_insert(step);
        let matching = Self::matching(step);
        let mut sql = Renderer::default();
        match matching {
            Match::Single => {
                insert_into(&mut sql, table, &columns);
                if columns.is_empty() {
                    sql.text(" DEFAULT VALUES");
                } else {
                    sql.text(" VALUES (");
                    sql.list(&columns, ", ", |sql, column| {
                        sql.param(self.value(step.rows[0], *column));
                    });
                    sql.text(")");
                }
                returning_clause(&mut sql, table, &returning);
            }
            Match::ByKey | Match::Ascending => {
                insert_into(&mut sql, table, &columns);
                let batch = self.columns("c", table, &columns, &step.rows);
                sql.text(" ");
                select_batch(&mut sql, batch, step.rows.len());
                let keys = table.primary_key.iter().copied();
                let mut all: Vec<u16> = match matching {
                    Match::ByKey if !returning.is_empty() => keys.collect(),
                    _ => Vec::new(),
                };
                all.extend(
                    returning
                        .iter()
                        .filter(|column| !all.contains(column))
                        .copied()
                        .collect::<Vec<_>>(),
                );
                returning_clause(&mut sql, table, &all);
            }
            Match::Numbered => self.insert_numbered(&mut sql, step, &columns, &returning),
        }
        sql.finish()
    }

    /// The key is a server default other than an identity: it is computed beside the row's number before the INSERT, and
    /// joined to what came of it.
    fn insert_numbered(&self, sql: &mut Renderer, step: &Step, columns: &[u16], returning: &[u16]) {
        let table = step.table;
        let made: Vec<u16> = table
            .primary_key
            .iter()
            .copied()
            .filter(|key| !step.columns.contains(*key))
            .collect();
        let batch = self.columns("c", table, columns, &step.rows);
        sql.text("WITH input AS MATERIALIZED (SELECT ");
        for (at, column) in made.iter().enumerate() {
            let default = table.columns[*column as usize]
                .server_default
                .unwrap_or("NULL");
            sql.text(&format!("{default} AS k{at}, "));
        }
        batch_items(sql, &batch);
        if !batch.is_empty() {
            sql.text(", ");
        }
        sql.text("u.n FROM ");
        unnest(sql, batch, step.rows.len(), true);
        sql.text("), inserted AS (");
        let all: Vec<u16> = made.iter().chain(columns).copied().collect();
        insert_into(sql, table, &all);
        sql.text(" SELECT ");
        let names = (0..made.len())
            .map(|at| format!("k{at}"))
            .chain((0..columns.len()).map(|at| format!("c{at}")));
        sql.list(names, ", ", |sql, name| sql.text(&format!("input.{name}")));
        sql.text(" FROM input ORDER BY input.n");
        let mut back = made.clone();
        back.extend(returning.iter().filter(|column| !made.contains(column)));
        back.extend(table.primary_key.iter().filter(|key| !made.contains(key)));
        returning_clause(sql, table, &back);
        sql.text(") SELECT ");
        sql.list(returning, ", ", |sql, column| {
            sql.text("inserted.");
            sql.column_name(table.columns[*column as usize].name);
        });
        sql.text(" FROM input JOIN inserted ON ");
        sql.list(made.iter().enumerate(), " AND ", |sql, (at, column)| {
            sql.text("inserted.");
            sql.column_name(table.columns[*column as usize].name);
            sql.text(&format!(" = input.k{at}"));
        });
        sql.text(" ORDER BY input.n");
    }

    fn update(&self, step: &Step) -> Statement {
        let table = step.table;
        let columns: Vec<u16> = step.columns.iter().collect();
        let key = table.primary_key;
        let versioned = table.version.filter(|_| step.kind == StepKind::Update);
        let returning = Self::returned_by_update(step);
        let mut sql = Renderer::default();
        sql.text("UPDATE ");
        sql.table(TableRef::of(table));
        sql.text(" SET ");
        if let [row] = step.rows[..] {
            sql.list(&columns, ", ", |sql, column| {
                sql.column_name(table.columns[*column as usize].name);
                if step.kind == StepKind::Open {
                    sql.text(" = NULL");
                } else {
                    sql.text(" = ");
                    sql.param(self.value(row, *column));
                }
            });
            bump(&mut sql, table, versioned);
            sql.text(" WHERE ");
            let found = key.iter().chain(&versioned);
            sql.list(found, " AND ", |sql, column| {
                sql.column_name(table.columns[*column as usize].name);
                sql.text(" = ");
                sql.param(self.value_before(row, *column));
            });
            for column in step.guard.iter() {
                sql.text(" AND ");
                sql.column_name(table.columns[column as usize].name);
                guarded_cast(&mut sql, table, column);
                sql.text(" IS NOT DISTINCT FROM ");
                sql.param(self.value_before(row, column));
                old_value_cast(&mut sql, table, column);
            }
            returning_clause(&mut sql, table, &returning);
            return sql.finish();
        }
        let mut batch = self.columns_before("k", table, key, &step.rows);
        if step.kind == StepKind::Open {
            sql.list(&columns, ", ", |sql, column| {
                sql.column_name(table.columns[*column as usize].name);
                sql.text(" = NULL");
            });
        } else {
            let set = self.columns("c", table, &columns, &step.rows);
            sql.list(columns.iter().zip(&set), ", ", |sql, (column, value)| {
                sql.column_name(table.columns[*column as usize].name);
                sql.text(" = ");
                value.read(sql);
            });
            batch.extend(set);
        }
        bump(&mut sql, table, versioned);
        let mut conditions: Vec<(u16, String, bool)> = key
            .iter()
            .enumerate()
            .map(|(at, column)| (*column, format!("k{at}"), false))
            .collect();
        if let Some(version) = versioned {
            batch.extend(self.columns_before("v", table, &[version], &step.rows));
            conditions.push((version, "v0".to_owned(), false));
        }
        let guard: Vec<u16> = step.guard.iter().collect();
        batch.extend(self.columns_before("o", table, &guard, &step.rows));
        let old = guard.iter().enumerate();
        conditions.extend(old.map(|(at, column)| (*column, format!("o{at}"), true)));
        sql.text(" FROM ");
        let casts: Vec<_> = batch
            .iter()
            .map(|column| (column.name.clone(), column.element))
            .collect();
        unnest(&mut sql, batch, step.rows.len(), false);
        sql.text(" WHERE ");
        sql.list(conditions, " AND ", |sql, (column, name, guard)| {
            sql.column_of(table, table.columns[column as usize].name);
            if guard {
                guarded_cast(sql, table, column);
                sql.text(" IS NOT DISTINCT FROM u.");
                sql.text(&name);
                let element = casts.iter().find(|(other, _)| *other == name);
                if let Some((_, Some(ty))) = element {
                    sql.text("::");
                    sql.type_name(ty);
                }
                old_value_cast(sql, table, column);
            } else {
                sql.text(" = u.");
                sql.text(&name);
            }
        });
        if !returning.is_empty() {
            sql.text(" RETURNING ");
            let all = key.iter().chain(&returning);
            sql.list(all, ", ", |sql, column| {
                sql.column_of(table, table.columns[*column as usize].name);
            });
        }
        sql.finish()
    }

    fn delete_rows(&self, step: &Step) -> Statement {
        let table = step.table;
        let found: Vec<u16> = table
            .primary_key
            .iter()
            .chain(&table.version)
            .copied()
            .collect();
        let mut sql = Renderer::default();
        sql.text("DELETE FROM ");
        sql.table(TableRef::of(table));
        if let [row] = step.rows[..] {
            sql.text(" WHERE ");
            sql.list(&found, " AND ", |sql, column| {
                sql.column_name(table.columns[*column as usize].name);
                sql.text(" = ");
                sql.param(self.value_before(row, *column));
            });
        } else {
            let batch = self.columns_before("k", table, &found, &step.rows);
            found_in(&mut sql, table, &found, batch, step.rows.len());
        }
        sql.finish()
    }

    fn link_columns(step: &Step) -> (Vec<u16>, Vec<u16>) {
        match step.links.first().map(|link| &link.relation.kind) {
            Some(RelationKind::ManyToMany { near, far }) => {
                (near.columns().0.to_vec(), far.columns().0.to_vec())
            }
            _ => (Vec::new(), Vec::new()),
        }
    }

    /// The keys of both ends of link rows, in the order of the link table's columns.
    fn link_batch(&self, step: &Step) -> Vec<BatchColumn> {
        let Some(RelationKind::ManyToMany { near, far }) =
            step.links.first().map(|link| &link.relation.kind)
        else {
            return Vec::new();
        };
        let ends: [(&[u16], &Table, fn(&LinkRow) -> RawHandle); 2] = [
            (near.columns().1, near.to, |link| link.owner),
            (far.columns().1, far.to, |link| link.target),
        ];
        let mut batch = Vec::new();
        for (columns, table, end) in ends {
            let rows: Vec<_> = step.links.iter().map(end).collect();
            for column in columns {
                let ty = table.columns[*column as usize].ty;
                let name = format!("k{}", batch.len());
                batch.push(self.batch_column(name, ty, &rows, |row, out| {
                    self.store(row).encode(row.index, *column, out)
                }));
            }
        }
        batch
    }

    fn insert_links(&self, step: &Step) -> Statement {
        let (near, far) = Self::link_columns(step);
        let columns: Vec<u16> = near.into_iter().chain(far).collect();
        let mut sql = Renderer::default();
        insert_into(&mut sql, step.table, &columns);
        sql.text(" ");
        select_batch(&mut sql, self.link_batch(step), step.links.len());
        sql.finish()
    }

    fn delete_links(&self, step: &Step) -> Statement {
        let (near, far) = Self::link_columns(step);
        let columns: Vec<u16> = near.into_iter().chain(far).collect();
        let mut sql = Renderer::default();
        sql.text("DELETE FROM ");
        sql.table(TableRef::of(step.table));
        found_in(
            &mut sql,
            step.table,
            &columns,
            self.link_batch(step),
            step.links.len(),
        );
        sql.finish()
    }

    fn delete_all_links(&self, step: &Step) -> Statement {
        let columns: Vec<u16> = step.columns.iter().collect();
        let owner = self.table(step.rows[0]);
        let batch = self.columns_before("k", owner, owner.primary_key, &step.rows);
        let mut sql = Renderer::default();
        sql.text("DELETE FROM ");
        sql.table(TableRef::of(step.table));
        found_in(&mut sql, step.table, &columns, batch, step.rows.len());
        sql.finish()
    }
}

impl BatchColumn {
    /// Reads the column out of the rows that `unnest` made.
    fn read(&self, sql: &mut Renderer) {
        sql.text("u.");
        sql.text(&self.name);
        if let Some(ty) = self.element {
            sql.text("::");
            sql.type_name(ty);
        }
    }
}

/// The one column of the key that is left to the server, if that is an identity.
pub(super) fn made_identity(step: &Step) -> Option<u16> {
    let table = step.table;
    let mut left = table
        .primary_key
        .iter()
        .copied()
        .filter(|key| !step.columns.contains(*key));
    let made = left.next().filter(|key| table.columns[*key as usize].identity);
    made.filter(|_| left.next().is_none())
}

fn insert_into(sql: &mut Renderer, table: &'static Table, columns: &[u16]) {
    sql.text("INSERT INTO ");
    sql.table(TableRef::of(table));
    if !columns.is_empty() {
        sql.text(" (");
        sql.list(columns, ", ", |sql, column| {
            sql.column_name(table.columns[*column as usize].name);
        });
        sql.text(")");
    }
}

fn returning_clause(sql: &mut Renderer, table: &'static Table, columns: &[u16]) {
    if columns.is_empty() {
        return;
    }
    sql.text(" RETURNING ");
    sql.list(columns, ", ", |sql, column| {
        sql.column_name(table.columns[*column as usize].name);
    });
}

fn bump(sql: &mut Renderer, table: &'static Table, version: Option<u16>) {
    if let Some(version) = version {
        let name = table.columns[version as usize].name;
        sql.text(", ");
        sql.column_name(name);
        sql.text(" = ");
        sql.column_of(table, name);
        sql.text(" + 1");
    }
}

/// What makes the column of a guard comparable: `json` has no equality, `jsonb` has.
fn guarded_cast(sql: &mut Renderer, table: &'static Table, column: u16) {
    match table.columns[column as usize].declared {
        Some("json") => sql.text("::jsonb"),
        Some("json[]") => sql.text("::jsonb[]"),
        _ => {}
    }
}

/// What makes an old value of a guard what the column had made of it: `numeric(10, 2)` rounds, `char(2)` pads.
fn old_value_cast(sql: &mut Renderer, table: &'static Table, column: u16) {
    match table.columns[column as usize].declared {
        Some("json" | "json[]") => guarded_cast(sql, table, column),
        Some(declared) => {
            sql.text("::");
            sql.text(declared);
        }
        None => {}
    }
}

/// `SELECT u.c0, u.c1 FROM unnest(..) WITH ORDINALITY AS u(c0, c1, n) ORDER BY u.n`.
fn select_batch(sql: &mut Renderer, batch: Vec<BatchColumn>, rows: usize) {
    sql.text("SELECT ");
    batch_items(sql, &batch);
    sql.text(" FROM ");
    unnest(sql, batch, rows, true);
    sql.text(" ORDER BY u.n");
}

fn batch_items(sql: &mut Renderer, batch: &[BatchColumn]) {
    sql.list(batch, ", ", |sql, column| column.read(sql));
}

/// `unnest($1::int4[], $2::text[]) WITH ORDINALITY AS u(c0, c1, n)`, the number only where the order matters. Rows without
/// columns are only counted.
fn unnest(sql: &mut Renderer, batch: Vec<BatchColumn>, rows: usize, numbered: bool) {
    if batch.is_empty() {
        sql.text("generate_series(1, ");
        sql.param(Param::new(&(rows as i64)));
        sql.text(") AS u(n)");
        return;
    }
    let mut names: Vec<String> = batch.iter().map(|column| column.name.clone()).collect();
    if numbered {
        names.push("n".to_owned());
    }
    sql.text("unnest(");
    sql.list(batch, ", ", |sql, column| {
        sql.param(column.param);
        sql.text("::");
        sql.type_name(column.array);
        if column.element.is_none() {
            sql.text("[]");
        }
    });
    sql.text(if numbered {
        ") WITH ORDINALITY AS u("
    } else {
        ") AS u("
    });
    sql.text(&names.join(", "));
    sql.text(")");
}

/// ` USING unnest(..) AS u WHERE table.a = u.k0 AND ..`.
fn found_in(
    sql: &mut Renderer,
    table: &'static Table,
    columns: &[u16],
    batch: Vec<BatchColumn>,
    rows: usize,
) {
    let names: Vec<String> = batch.iter().map(|column| column.name.clone()).collect();
    sql.text(" USING ");
    unnest(sql, batch, rows, false);
    sql.text(" WHERE ");
    sql.list(columns.iter().zip(names), " AND ", |sql, (column, name)| {
        sql.column_of(table, table.columns[*column as usize].name);
        sql.text(" = u.");
        sql.text(&name);
    });
}
