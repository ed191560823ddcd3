//! What a unique column is set to while its value is moved aside (`parking`): NULL, something random, or a value that the
//! server looks for.
//!
//! A search is a subquery over candidates that no other row has and that the CHECKs allow:
//!
//! ```sql
//! (SELECT f.v FROM (SELECT unnest(enum_range(NULL::mood))) AS f(v)
//!  WHERE NOT EXISTS (SELECT FROM moods AS x WHERE x.mood = f.v AND x.person_id = moods.person_id)
//!  ORDER BY 1 OFFSET u.a0 LIMIT 1)
//! ```

use std::collections::HashMap;

use crate::expr::{BatchColumn, TableRef};
use crate::model::{RawHandle, Table};
use crate::query::render::Renderer;
use crate::session::Session;
use crate::session::key::KeyBytes;
use crate::session::parking::{Candidates, Placeholder, checks_on};
use crate::session::plan::{Step, StepKind};
use crate::session::steps::unique_groups;
use crate::types::{Param, SqlType};

impl Session {
    /// For each column of a step that a free value is looked for, whose turn each row is, as a column `a0` of the batch.
    pub(super) fn turns(&self, step: &Step) -> Vec<BatchColumn> {
        if step.kind != StepKind::Park {
            return Vec::new();
        }
        let counted = |column: &u16| {
            let placeholder = Placeholder::of(step.table, *column);
            matches!(placeholder, Some(Placeholder::Free(candidates)) if !is_random(candidates))
        };
        let columns = step.columns.iter().filter(counted);
        let make = |column| {
            let turns = self.turns_in(step.table, column, step.before());
            BatchColumn::new(format!("a{column}"), i32::TYPE, turns, |turn, out| {
                turn.encode(out)
            })
        };
        columns.map(make).collect()
    }

    fn turns_in(&self, table: &'static Table, column: u16, rows: &[RawHandle]) -> Vec<i32> {
        let groups = groups_with(table, column);
        let mut next: HashMap<(usize, Option<KeyBytes>), i32> = HashMap::new();
        let mut turns = Vec::with_capacity(rows.len());
        for row in rows {
            let of_row = groups.iter().enumerate().map(|(number, others)| {
                let met = (!others.is_empty())
                    .then(|| self.key_before_at(*row, others))
                    .flatten();
                (number, met)
            });
            let of_row: Vec<_> = of_row.collect();
            let known = of_row.iter().filter_map(|met| next.get(met).copied());
            let turn = known.max().unwrap_or(0);
            next.extend(of_row.into_iter().map(|met| (met, turn + 1)));
            turns.push(turn);
        }
        turns
    }
}

/// The other columns of each group of unique ones that a column is in.
fn groups_with(table: &'static Table, column: u16) -> Vec<Vec<u16>> {
    let groups = unique_groups(table).into_iter();
    groups
        .filter(|group| group.contains(&column))
        .map(|mut group| {
            group.retain(|other| *other != column);
            group
        })
        .collect()
}

fn is_random(candidates: Candidates) -> bool {
    matches!(candidates, Candidates::Texts(_))
}

impl Session {
    /// Writes what a column of a step's rows holds while its value is moved aside.
    pub(super) fn aside(
        &self,
        sql: &mut Renderer,
        step: &Step,
        column: u16,
        placeholder: Placeholder,
    ) {
        let many = step.rows.len() > 1;
        match placeholder {
            Placeholder::Null => sql.text("NULL"),
            Placeholder::Uuid => sql.text("gen_random_uuid()"),
            Placeholder::Text => sql.text("gen_random_uuid()::text"),
            Placeholder::Far(ty, far) => {
                sql.param(far.first(ty));
                // Numbers need no cast, whose type the server would infer.
                if far.step != "n" {
                    sql.text("::");
                    sql.type_name(ty);
                }
                if many {
                    sql.text(" - u.");
                    sql.text(far.step);
                }
            }
            Placeholder::Free(candidates) => {
                let taken = step.others.iter();
                let taken = taken.filter(|row| self.key_at(**row, &[column]).is_some());
                let ty = step.table.columns[column as usize].ty;
                let taken = BatchColumn::new(String::new(), ty, taken, |row, out| {
                    self.store(*row).encode(row.index, column, out)
                });
                search(sql, step, column, candidates, taken, many);
            }
        }
    }
}

fn search(
    sql: &mut Renderer,
    step: &Step,
    column: u16,
    candidates: Candidates,
    taken: BatchColumn,
    many: bool,
) {
    let table = step.table;
    let name = table.columns[column as usize].name;
    let same = |sql: &mut Renderer, other: u16| {
        sql.text("x.");
        sql.column_name(table.columns[other as usize].name);
        sql.text(" = ");
        sql.column_of(table, other);
    };
    sql.text("(SELECT f.v FROM (");
    let enough = step.rows.len() + step.others.len();
    write_candidates(sql, table, column, candidates, enough);
    sql.text(") AS f(v) WHERE f.v <> ALL (");
    sql.param(taken.param);
    sql.text("::");
    sql.type_name(taken.array);
    sql.text("[])");
    for others in groups_with(table, column) {
        sql.text(" AND NOT EXISTS (SELECT FROM ");
        sql.table(TableRef::of(table));
        sql.text(" AS x WHERE x.");
        sql.column_name(name);
        sql.text(" = f.v");
        for other in others {
            sql.text(" AND ");
            same(sql, other);
        }
        sql.text(")");
    }
    // The condition is written in the table's own names, so the candidate is a row of that name.
    for check in checks_on(table, column) {
        sql.text(" AND (SELECT ");
        sql.text(check);
        sql.text(" FROM (SELECT ");
        sql.list(0..table.columns.len(), ", ", |sql, at| {
            let each = table.columns[at].name;
            if at == column as usize {
                sql.text("f.v");
            } else {
                sql.column_of(table, at as u16);
            }
            sql.text(" AS ");
            sql.column_name(each);
        });
        sql.text(") AS ");
        sql.column_name(table.name);
        sql.text(") IS NOT FALSE");
    }
    if !is_random(candidates) {
        sql.text(" ORDER BY 1");
        if many {
            sql.made(&format!(" OFFSET u.a{column}"));
        }
    }
    sql.text(" LIMIT 1)");
}

fn write_candidates(
    sql: &mut Renderer,
    table: &'static Table,
    column: u16,
    candidates: Candidates,
    enough: usize,
) {
    let info = &table.columns[column as usize];
    let cast = |sql: &mut Renderer| {
        sql.text("::");
        match info.declared {
            Some(declared) => sql.text(declared),
            None => sql.type_name(info.ty),
        }
    };
    match candidates {
        Candidates::Labels => {
            sql.text("SELECT unnest(enum_range(NULL::");
            sql.type_name(info.ty);
            sql.text("))");
        }
        Candidates::Targets(relation) => {
            let target = relation.to;
            let key = target.columns[relation.columns().1[0] as usize].name;
            sql.text("SELECT p.");
            sql.column_name(key);
            sql.text(" FROM ");
            sql.table(TableRef::of(target));
            sql.text(" AS p");
        }
        Candidates::Beside(step) => {
            // Past the end of the type's range is no candidate.
            let range = match info.ty.name {
                "int2" => Some("-32768 AND 32767"),
                "int4" => Some("-2147483648 AND 2147483647"),
                "int8" => Some("-9223372036854775808 AND 9223372036854775807"),
                _ => None,
            };
            let wide = if range.is_some() { "::numeric" } else { "" };
            let number = if info.ty.name == "date" {
                "i.n::int4"
            } else {
                "i.n"
            };
            sql.text("SELECT ");
            if let Some(range) = range {
                sql.text("CASE WHEN e.v BETWEEN ");
                sql.text(range);
                sql.text(" THEN e.v");
                cast(sql);
                sql.text(" END");
            } else {
                sql.text("e.v");
                cast(sql);
            }
            sql.text(" FROM generate_series(1, ");
            sql.param(Param::new(&(enough as i64)));
            sql.text(") AS i(n) CROSS JOIN LATERAL (VALUES ");
            sql.list(
                [("max", " + "), ("min", " - ")],
                ", ",
                |sql, (end, sign)| {
                    sql.text("((SELECT ");
                    sql.text(end);
                    sql.text("(x.");
                    sql.column_name(info.name);
                    sql.text(")");
                    sql.text(wide);
                    sql.text(" FROM ");
                    sql.table(TableRef::of(table));
                    sql.text(" AS x)");
                    sql.text(sign);
                    sql.text(number);
                    sql.text(" * ");
                    sql.text(step);
                    sql.text(")");
                },
            );
            sql.text(") AS e(v)");
        }
        Candidates::Texts(room) => {
            let old = |sql: &mut Renderer| sql.column_of(table, column);
            let random = |sql: &mut Renderer| sql.text("md5(random()::text || i.n)");
            sql.text("SELECT ");
            match room {
                Some(room) => sql.made(&format!("left(e.v, {room})")),
                None => sql.text("e.v"),
            }
            cast(sql);
            sql.text(" FROM generate_series(1, 20) AS i(n) CROSS JOIN LATERAL (VALUES ");
            sql.text("(left(");
            random(sql);
            sql.text(", char_length(");
            old(sql);
            sql.text("))), (upper(left(");
            random(sql);
            sql.text(", char_length(");
            old(sql);
            sql.text(")))), (");
            random(sql);
            sql.text("), (");
            random(sql);
            sql.text(" || ");
            old(sql);
            sql.text("), (");
            old(sql);
            sql.text(" || ");
            random(sql);
            sql.text(")) AS e(v)");
        }
    }
}
