//! Counts the statements that are sent for single rows, by the place in the program that asks for them: a loop that reads
//! row by row is found like this. Off unless the engine warns of it.

use std::collections::HashMap;
use std::panic::Location;

use super::Session;
use crate::engine::{NPlusOne, NPlusOneCall};
use crate::model::{RelationInfo, Table};
use crate::query::Statement;

/// What was read for one row alone.
#[derive(Clone, Copy)]
pub(super) enum Single<'a> {
    /// `get`.
    Get(&'static Table),
    /// `refresh`.
    Refresh(&'static Table),
    /// `load`.
    Load(&'static RelationInfo),
    /// `count_of` and `aggregate`.
    Aggregate(&'static RelationInfo),
    /// `load_as`.
    LoadAs(&'static RelationInfo),
    /// A query, and its SQL.
    Query(&'static Table, &'a str),
}

/// The same as a key of a map.
#[derive(PartialEq, Eq, Hash)]
enum Kind {
    Get(usize),
    Refresh(usize),
    Load(usize, u16),
    Aggregate(usize, u16),
    LoadAs(usize, u16),
    Query(String),
}

/// The counts of a transaction.
#[derive(Default)]
pub(super) struct Singles {
    counts: HashMap<(&'static Location<'static>, Kind), usize>,
    /// All statements of the session.
    sent: u64,
}

impl Single<'_> {
    fn kind(self) -> Kind {
        match self {
            Single::Get(table) => Kind::Get(table.id()),
            Single::Refresh(table) => Kind::Refresh(table.id()),
            Single::Load(relation) => Kind::Load(relation.from.id(), relation.index),
            Single::Aggregate(relation) => Kind::Aggregate(relation.from.id(), relation.index),
            Single::LoadAs(relation) => Kind::LoadAs(relation.from.id(), relation.index),
            Single::Query(_, sql) => Kind::Query(sql.to_owned()),
        }
    }

    fn table(self) -> &'static Table {
        match self {
            Single::Get(table) | Single::Refresh(table) | Single::Query(table, _) => table,
            Single::Load(relation) | Single::Aggregate(relation) | Single::LoadAs(relation) => {
                relation.from
            }
        }
    }

    fn call(self) -> NPlusOneCall {
        match self {
            Single::Get(_) => NPlusOneCall::Get,
            Single::Refresh(_) => NPlusOneCall::Refresh,
            Single::Load(relation) => NPlusOneCall::Load(relation.name),
            Single::Aggregate(relation) => NPlusOneCall::Aggregate(relation.name),
            Single::LoadAs(relation) => NPlusOneCall::LoadAs(relation.name),
            Single::Query(_, sql) => NPlusOneCall::Query(sql.to_owned()),
        }
    }

    /// What to write instead.
    fn fix(self) -> String {
        let (model, rows) = (self.table().model, self.table().name);
        match self {
            Single::Get(table) => {
                let key = match table.primary_key {
                    [column] => table.columns[*column as usize].field.to_uppercase(),
                    _ => "KEY".to_owned(),
                };
                format!(
                    "read them with one query before the loop, `{model}::query().filter({model}::{key}.in_(keys))`, after \
                     which `get` sends nothing; or load the relationship that leads to them with `.with(..)`"
                )
            }
            Single::Refresh(_) => {
                format!("pass all of them at once before the loop, `db.refresh(&{rows})`")
            }
            Single::Load(relation) => {
                let path = relation.path();
                format!(
                    "pass all of them at once before the loop, `db.load(&{rows}, {path})`, or ask for it in the query that \
                     finds them, `.with({path})`"
                )
            }
            Single::Aggregate(relation) => {
                let path = relation.path();
                format!(
                    "pass all of them at once before the loop, `db.count_of(&{rows}, {path})`, or ask for the value in the \
                     query that finds them, `.select((.., {path}.count()))`"
                )
            }
            Single::LoadAs(relation) => {
                let path = relation.path();
                format!("pass all of them at once before the loop, `db.load_as(&{rows}, {path})`")
            }
            Single::Query(..) => "ask for all of the rows with one query before the loop, with `.in_(values)` in place of \
                 `.eq(value)`, or load the relationship that leads to them with `.with(..)`"
                .to_owned(),
        }
    }
}

impl Session {
    /// A statement is about to be sent.
    pub(super) fn count_statement(&mut self) {
        if let Some(singles) = &mut self.singles {
            singles.sent += 1;
        }
    }

    /// How many statements were sent, where they are counted.
    pub(super) fn statements_sent(&self) -> Option<u64> {
        self.singles.as_ref().map(|singles| singles.sent)
    }

    /// A transaction ends, and its counts with it.
    pub(super) fn forget_singles(&mut self) {
        if let Some(singles) = &mut self.singles {
            singles.counts.clear();
        }
    }

    /// A query is about to be sent. One without values is the same each time: a loop of it is not one over rows.
    pub(super) fn note_statement(
        &mut self,
        of: &'static Table,
        statement: &Statement,
        at: &'static Location<'static>,
    ) {
        if !statement.params.is_empty() {
            self.note_single(Single::Query(of, &statement.sql), at);
        }
    }

    /// A statement was sent for one row. The engine warns where it is the first beyond what is in order.
    pub(super) fn note_single(&mut self, single: Single<'_>, at: &'static Location<'static>) {
        let Some(singles) = &mut self.singles else {
            return;
        };
        let count = singles.counts.entry((at, single.kind())).or_default();
        *count += 1;
        let count = *count;
        self.engine.note_single(NPlusOne {
            model: single.table().model,
            call: single.call(),
            at,
            count,
            fix: single.fix(),
        });
    }
}
