//! Which tables have triggers that may write other values than those that were sent. Sessions ask before a flush, because nothing in
//! the answer of a plain INSERT or UPDATE tells; `link` puts the question.
//!
//! **When it is asked.** Before the first flush that writes a table, of all its tables at once, in a round trip of its own: what is sent
//! depends on the answer. The engine keeps the answers for [`KEPT`], and forgets them behind hand-written SQL that goes through it and names a
//! trigger or a rule, and behind the end of its transaction. As the driver's own questions for types, this one is no statement that observers are told of.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::link::Link;
use super::observe::Observer;
use crate::error::Result;
use crate::model::{Row, Table};
use crate::query::quote::qualified;
use crate::query::{Statement, render};
use crate::types::Param;

/// How long an answer is good for: a trigger that somebody else makes is seen after that.
const KEPT: Duration = Duration::from_secs(60);

/// Rows that a session has written came back with other values than were sent: a trigger has changed them, or the column's type has
/// (`numeric(10, 2)` rounds). The session has taken them. `Display` says so in a sentence; values are not in it.
///
/// Told to [`Observer::rewritten`], and to `tracing` as `info` of `orm_core::trigger`. Only of tables that have triggers, and
/// only of columns that the model does not leave to the server (`server_default`, `server_on_update`, `computed`).
///
/// ```
#[doc = include_str!("../guide/shop.txt")]
/// use orm_core::engine::Rewritten;
///
/// let mut conn = engine.acquire().await?;
/// conn.execute_script(
///     "CREATE FUNCTION low() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.word := lower(NEW.word); RETURN NEW; END';
///      CREATE TRIGGER low BEFORE INSERT OR UPDATE ON tags FOR EACH ROW EXECUTE FUNCTION low()",
/// )
/// .await?;
///
/// let tag = db.add(Tag::create().word("USED"));
/// db.commit().await?;
/// assert_eq!(db[tag].word, "used");
/// let told: Vec<Rewritten> = log.take_rewritten();
/// assert_eq!(
///     told[0].to_string(),
///     "`word` of 1 row(s) of `tags` is not what was sent: a trigger has changed it, or its type has; the session has taken it"
/// );
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rewritten {
    /// The model.
    pub model: &'static str,
    /// Its table.
    pub table: &'static str,
    /// The columns, in the order of the model.
    pub columns: Vec<&'static str>,
    /// In how many rows one of them at least is another.
    pub rows: usize,
}

impl fmt::Display for Rewritten {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (columns, rows, table) = (self.columns.join("`, `"), self.rows, self.table);
        let (is, it) = match self.columns.len() {
            1 => ("is", "it, or its type has; the session has taken it"),
            _ => (
                "are",
                "them, or their types have; the session has taken them",
            ),
        };
        write!(
            f,
            "`{columns}` of {rows} row(s) of `{table}` {is} not what was sent: a trigger has changed {it}"
        )
    }
}

/// Tells `tracing` and every observer.
pub(super) fn publish(observers: &[Arc<dyn Observer>], rewritten: &Rewritten) {
    tracing::info!(target: "orm_core::trigger", "{rewritten}");
    for observer in observers {
        observer.rewritten(rewritten);
    }
}

/// What triggers may do when a row is inserted or updated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Fires {
    /// Something is run for the row before it is written, or in place of that, and may write other values.
    pub(crate) before: bool,
    /// Something is run that may write the row once more, by a statement of its own.
    pub(crate) beside: bool,
}

/// The triggers of a table, as far as they matter to what is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Triggers {
    pub(crate) on_insert: Fires,
    pub(crate) on_update: Fires,
}

/// Whether hand-written SQL may make, change or drop some. Words that only look like it cost a question, and no more.
pub(super) fn are_named_in(sql: &str) -> bool {
    let has = |word: &str| {
        let mut parts = sql.as_bytes().windows(word.len());
        parts.any(|part| part.eq_ignore_ascii_case(word.as_bytes()))
    };
    has("trigger") || has("rule")
}

/// What an engine knows of its database's triggers, by table.
#[derive(Default)]
pub(super) struct Known(Mutex<HashMap<usize, (Instant, Triggers)>>);

impl Known {
    /// Of one table; `None` where it has to be asked.
    pub(super) fn of(&self, table: &'static Table) -> Option<Triggers> {
        let known = self.lock();
        let (asked, triggers) = known.get(&table.id())?;
        (asked.elapsed() < KEPT).then_some(*triggers)
    }

    /// They may be others now.
    pub(super) fn forget(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<usize, (Instant, Triggers)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Link {
    /// Asks the catalog for the triggers of tables. One round trip, in the open transaction if there is one.
    pub(crate) async fn ask_triggers(&self, tables: &[&'static Table]) -> Result<()> {
        let (question, asked) = (question(tables), Instant::now());
        let rows = self.ask(&question).await?;
        let mut known = self.engine().triggers().lock();
        for (table, row) in tables.iter().zip(&rows) {
            known.insert(table.id(), (asked, triggers(row)?));
        }
        Ok(())
    }
}

/// A row for each table, in their order. A table that is not there has no triggers; what is about to be sent will say so.
///
/// Rows of a partitioned table meet the triggers of its partitions, and move between these by DELETE and INSERT. Behind a view or a foreign
/// table there may be anything. Rules other than a view's are statements that run beside.
fn question(tables: &[&'static Table]) -> Statement {
    let names = tables.iter().map(|table| {
        let mut name = String::new();
        qualified(&mut name, table.schema, table.name);
        name
    });
    let names = Param::new(&names.collect::<Vec<String>>());
    render::statement(&|sql| {
        sql.text("WITH RECURSIVE meant (place, relation) AS (SELECT place, pg_catalog.to_regclass(name)::oid FROM unnest(");
        sql.param(names.clone());
        sql.text(
            "::text[]) WITH ORDINALITY AS asked (name, place) \
             UNION SELECT place, inhrelid FROM meant JOIN pg_catalog.pg_inherits ON inhparent = relation), \
             fired AS (SELECT place, (tgtype & 1) = 1 AND (tgtype & 66) <> 0 AS before, \
             (tgtype & 4) <> 0 OR relispartition AS on_insert, (tgtype & 16) <> 0 OR relispartition AS on_update \
             FROM meant JOIN pg_catalog.pg_trigger ON tgrelid = relation JOIN pg_catalog.pg_class AS c ON c.oid = relation \
             WHERE NOT tgisinternal AND tgenabled <> 'D' AND (tgtype & 20) <> 0 \
             UNION ALL SELECT place, before, true, true FROM meant JOIN pg_catalog.pg_class AS c ON c.oid = relation, \
             (VALUES (true), (false)) AS either (before) \
             WHERE relkind IN ('v', 'f') OR relhasrules AND NOT before) \
             SELECT coalesce(bool_or(before AND on_insert), false), coalesce(bool_or(NOT before AND on_insert), false), \
             coalesce(bool_or(before AND on_update), false), coalesce(bool_or(NOT before AND on_update), false) \
             FROM (SELECT DISTINCT place FROM meant) AS each LEFT JOIN fired USING (place) GROUP BY place ORDER BY place",
        );
    })
}

fn triggers(row: &Row) -> Result<Triggers> {
    let fires = |at| -> Result<Fires> {
        Ok(Fires {
            before: row.get(at)?,
            beside: row.get(at + 1)?,
        })
    };
    Ok(Triggers {
        on_insert: fires(0)?,
        on_update: fires(2)?,
    })
}
