//! Statements whose answers the server judges, so that COMMIT may go out with them, or they may be a transaction by themselves,
//! before anybody has seen an answer. `together` says which of them may, `flush` sends them.
//!
//! The statement stands in WITH, and what is around it fails unless the answer is as the session needs it:
//!
//! - as many rows were changed as it was sent for, whatever kept the others from it: a row that is gone, a version that moved
//!   on, a guard, a trigger that suppresses an INSERT; of links as many as were not there;
//! - and where an INSERT brings identity keys back, each row has one, and they count up in the order of the rows. They come
//!   as one array, in one row.
//!
//! A single row needs no counting: what it returns is there, or the statement fails. That is less for the server to plan and to
//! run, and most transactions write single rows.

use super::Session;
use super::matching::{Match, made_identity};
use super::plan::{Step, StepKind};
use super::shortfall::may_fall_short;
use crate::error::{Error, Result};
use crate::model::{ColumnSet, Row};
use crate::query::quote::identifier;
use crate::query::{Statement, render};
use crate::types::{Element, Param, PgType, SqlType, elements};

/// What a judged statement says when it fails, before the number. PostgreSQL has no expression that raises an error with a text
/// of one's own, so it is asked for a setting of this name, which doesn't exist.
const WRITTEN: &str = "rows written: ";

const INSIDE: &str = "WITH written AS (";

/// The identity key that a step's INSERT brings back, if that is all, and the type that the server sends it in: that of the key, or
/// an array where there are several.
pub(super) fn judged_key(step: &Step) -> Option<(u16, &'static PgType)> {
    if step.kind != StepKind::Insert {
        return None;
    }
    let key = made_identity(step)?;
    let is_all = Session::returned_by(step) == ColumnSet::EMPTY.with(key);
    if !is_all || !matches!(Match::of_insert(step), Match::Single | Match::Ascending) {
        return None;
    }
    let ty = step.table.columns[key as usize].ty;
    let arrays = [
        (i16::TYPE.oid, <i16 as Element>::ARRAY),
        (i32::TYPE.oid, <i32 as Element>::ARRAY),
        (i64::TYPE.oid, <i64 as Element>::ARRAY),
    ];
    let (_, array) = arrays.into_iter().find(|(element, _)| *element == ty.oid)?;
    Some((key, if step.rows.len() == 1 { ty } else { array }))
}

impl Session {
    /// Puts a step's statement into the form whose answer the server judges. The type of what it then returns, or 0.
    pub(super) fn judge(&self, statement: &mut Statement, step: &Step) -> u32 {
        if let Some((key, ty)) = judged_key(step) {
            *statement = match step.rows() {
                1 => its_key(statement, ty),
                rows => {
                    let mut name = String::new();
                    identifier(&mut name, step.table.columns[key as usize].name);
                    counted_keys(statement, rows as u64, &name)
                }
            };
            return ty.oid;
        }
        match self.must_change(step) {
            _ if step.kind == StepKind::Link && may_fall_short(step) => {
                *statement = self.counted_links(statement, step);
            }
            // How many they are is no failure yet, so the number is wanted.
            _ if may_fall_short(step) => *statement = counted(statement, step.rows() as u64),
            Some(1) => *statement = there(statement),
            Some(rows) => *statement = counted(statement, rows),
            None => {}
        }
        0
    }

    /// Gives new rows the keys that came back, in their order, and that the server has found to be in order.
    pub(super) fn take_keys(
        &mut self,
        step: &Step,
        key: u16,
        rows: &[Row],
        committed: bool,
    ) -> Result<()> {
        let taken = self.read_keys(step, key, rows);
        // What could not be taken into memory is in the database for good.
        let taken = taken.map_err(|error| match committed {
            true => Error::invalid(format!(
                "{error}; the transaction was committed nevertheless: roll back, which brings memory back, and read the rows"
            )),
            false => error,
        });
        self.or_fail(taken)?;
        if !step.by_server.is_empty() {
            for entity in &step.rows {
                self.follow_row(*entity, step.by_server);
            }
        }
        self.are_inserted(step)
    }

    fn read_keys(&mut self, step: &Step, key: u16, rows: &[Row]) -> Result<()> {
        let column = &step.table.columns[key as usize];
        let (Some(first), Some(row)) = (step.rows.first(), rows.first()) else {
            return Ok(());
        };
        let misread = |why| step.table.misread(key, why);
        let store = self.store_mut(*first);
        if step.rows.len() == 1 {
            return store.write(first.index, key, row.raw(0));
        }
        let keys = elements(row.raw(0), column.ty).map_err(misread)?;
        for (entity, value) in step.rows.iter().zip(keys) {
            store.write(entity.index, key, value.map_err(misread)?)?;
        }
        Ok(())
    }

    /// The same INSERT of links, which fails unless it wrote all that were not there.
    fn counted_links(&self, plain: &Statement, step: &Step) -> Statement {
        render::statement(&|sql| {
            sql.text(INSIDE);
            sql.statement(plain);
            sql.text(" RETURNING 1) SELECT CASE WHEN count(*) = ");
            sql.param(Param::new(&(step.rows() as i64)));
            sql.text(" OR count(*) = (SELECT count(*) ");
            self.missing_links(sql, step);
            sql.text(") THEN NULL ELSE current_setting(concat('");
            sql.text(WRITTEN);
            sql.text("', count(*))) END FROM written");
        })
    }
}

/// The same statement about one row, which fails unless it changes one, and gives nothing: to ask for the failure alone is less for
/// the server to plan than to give something in its place. Several rows in a place for one are an error of the server's own.
fn there(plain: &Statement) -> Statement {
    render::statement(&|sql| {
        sql.text(INSIDE);
        sql.statement(plain);
        sql.text(" RETURNING true) SELECT current_setting('");
        sql.text(WRITTEN);
        sql.text("0') WHERE (TABLE written) IS NULL");
    })
}

/// The same INSERT of one row, which fails unless it writes one, and gives the key that it returns.
fn its_key(plain: &Statement, ty: &'static PgType) -> Statement {
    render::statement(&|sql| {
        sql.text(INSIDE);
        sql.statement(plain);
        sql.text(") SELECT coalesce((TABLE written), current_setting('");
        sql.text(WRITTEN);
        sql.text("0')::");
        sql.type_name(ty);
        sql.text(")");
    })
}

/// The same statement, which fails unless it changes that many rows.
fn counted(plain: &Statement, rows: u64) -> Statement {
    render::statement(&|sql| {
        sql.text(INSIDE);
        sql.statement(plain);
        sql.text(" RETURNING 1) SELECT CASE count(*) WHEN ");
        sql.param(Param::new(&(rows as i64)));
        sql.text(" THEN NULL ELSE current_setting(concat('");
        sql.text(WRITTEN);
        sql.text("', count(*))) END FROM written");
    })
}

/// The same INSERT, which gives the keys that it returns as one array, and fails unless there are as many as rows, and they
/// count up.
fn counted_keys(plain: &Statement, rows: u64, key: &str) -> Statement {
    render::statement(&|sql| {
        sql.text(INSIDE);
        sql.statement(plain);
        sql.made(&format!(
            ") SELECT array_agg({key}) FROM written HAVING CASE WHEN count({key}) = "
        ));
        sql.param(Param::new(&(rows as i64)));
        sql.made(&format!(
            " AND array_agg({key}) = array_agg(DISTINCT {key} ORDER BY {key}) THEN true \
             ELSE current_setting(concat('{WRITTEN}', count({key})))::bool END"
        ));
    })
}

/// Whether a statement cannot be judged: a table with a `DO ALSO` or a conditional rule is not written inside of WITH.
pub(super) fn cannot_be_judged(error: &Error) -> bool {
    matches!(error, Error::Query(query) if query.code.as_deref() == Some("0A000") && query.sql.starts_with(INSIDE))
}

/// The error of statements that were judged, with what to do where that itself cannot be.
pub(super) fn with_advice(mut error: Error) -> Error {
    let cannot = cannot_be_judged(&error);
    if let Error::Query(query) = &mut error
        && cannot
    {
        query.hint = Some(
            "the statement stands in WITH because COMMIT goes out with it: where the table has rules, call `flush` before \
             `commit`, which sends the plain statement; or make a trigger of the rule"
                .to_owned(),
        );
    }
    error
}

/// The number of rows that a judged statement did change, if that is what it failed for.
pub(super) fn miscounted(error: &Error) -> Option<u64> {
    let Error::Query(error) = error else {
        return None;
    };
    let (_, behind) = error.message.split_once(WRITTEN)?;
    let digits = behind.find(|c: char| !c.is_ascii_digit());
    behind[..digits.unwrap_or(behind.len())].parse().ok()
}
