//! [`Plan`]: the steps of a flush, in the order in which they are sent. `steps` decides them, `db.plan()` prints them.
//!
//! The rules of the order:
//! 1. Rows of link tables that go are deleted first.
//! 2. A table is written before the tables that refer to it; where none refers to another, by their names, and what refers to
//!    nothing first: in every session in the same order. Within a table UPDATEs go before INSERTs. A row that is added with the
//!    primary key of one that is deleted takes its place by an UPDATE.
//! 3. Tables that refer to one another, or to themselves, are written row by row on levels: what a row refers to is on a
//!    lower level, if it is new or its key changes. A ring is broken at a foreign key that can be NULL in one column, or that is
//!    changed: it is set by an UPDATE behind all others.
//! 4. A row that takes a unique value is written behind the row that gives it up: a DELETE goes before everything else for
//!    that; where rows pass values along a chain or exchange them, the values are moved aside first by one UPDATE.
//! 5. Rows of link tables that come are inserted when both sides are there.
//! 6. Rows are deleted last, from the tables that refer to others on to those referred to. Rings are opened before by
//!    setting nullable foreign keys to NULL: those that the database has and without which there is no order, all of a table by
//!    one UPDATE.
//!
//! Within a step INSERTs keep the order of `add`; UPDATEs and DELETEs go by key, so that two sessions that write the same
//! rows lock them in the same order. Rows of a step that need different columns are different batches.

use std::collections::BTreeMap;
use std::fmt;

use super::Session;
use super::link_rows::LinkRow;
use crate::engine::Fires;
use crate::error::Result;
use crate::expr::BatchColumn;
use crate::model::{ColumnSet, RawHandle, RelationInfo, RelationKind, Table};

/// What a flush would send: `db.plan()?`. Its `Display` is a numbered list of steps, their SQL and their reasons.
///
/// ```
#[doc = include_str!("../guide/shop.txt")]
/// db.add(Tag::create().word("used"));
/// let plan = db.plan()?; // nothing is sent
/// assert_eq!((plan.steps.len(), plan.loads_first.len()), (1, 0));
/// println!("{plan}");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Plan {
    /// The steps.
    pub steps: Vec<Step>,
    /// What the flush loads first, to know what a delete takes with it, and what a `has_one` led to that was set without being
    /// loaded; what comes of these rows is not in the steps.
    pub loads_first: Vec<String>,
}

/// A batch: rows of one table that are written by one statement.
///
/// ```
#[doc = include_str!("../guide/shop.txt")]
/// db.add(Tag::create().word("used"));
/// let plan = db.plan()?;
/// let step = &plan.steps[0];
/// assert_eq!((step.table.name, step.rows()), ("tags", 1));
/// assert_eq!(step.sql, "INSERT INTO tags (word) VALUES ($1) RETURNING id");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Step {
    /// What is done.
    pub kind: StepKind,
    /// The table.
    pub table: &'static Table,
    /// The statement.
    pub sql: String,
    /// Why it stands where it stands.
    pub reason: String,
    pub(super) why: Why,
    pub(super) rows: Vec<RawHandle>,
    /// UPDATE, DELETE: the keys of the rows, where they are of one column and were encoded to find the rows in order.
    pub(super) keys: Option<BatchColumn>,
    /// INSERT: the columns that are sent. UPDATE: those that are set.
    pub(super) columns: ColumnSet,
    /// UPDATE of stale rows: the columns whose old values it must find.
    pub(super) guard: ColumnSet,
    /// Whether the rows stay stale behind the UPDATE, because it has not seen all of their columns.
    pub(super) stale: bool,
    /// Those of the columns that are set to an expression, and the SQL of these: rows of one step differ in its values only.
    pub(super) by_server: ColumnSet,
    pub(super) shape: Option<String>,
    pub(super) links: Vec<LinkRow>,
    /// The triggers that the rows meet.
    pub(super) fires: Fires,
    /// Replace: for each of the rows the deleted entity whose place it takes, and the columns that were not given, which
    /// the server sets to what a new row would have.
    pub(super) old: Vec<RawHandle>,
    pub(super) defaults: ColumnSet,
    /// Park: the rows of the flush that are about to take values in the columns, which are free for nobody else.
    pub(super) others: Vec<RawHandle>,
}

/// Why a step stands where it stands. Put into words by `plan`, since nobody else reads them.
#[derive(Debug)]
pub(super) enum Why {
    /// Rows of a table that are written by what was changed of them.
    Rows {
        /// What they waited for among the tables that refer to one another; empty, if for nothing.
        behind: String,
        /// Whether others of the table are a batch of their own, because they send other columns.
        apart: bool,
    },
    /// The place of all steps of this kind.
    Place(&'static str),
    /// The relationship that it is about.
    Relation(&'static RelationInfo),
    /// What only these rows have to do with one another.
    Said(String),
}

/// What a step does.
///
/// ```
#[doc = include_str!("../guide/shop.txt")]
/// use orm_core::session::StepKind;
///
/// let air = db.get::<Product>(1).await?.expect("it is there");
/// db[air].stock = 4;
/// db.add(Tag::create().word("used"));
/// let kinds: Vec<_> = db.plan()?.steps.iter().map(|step| step.kind).collect();
/// assert!(kinds.contains(&StepKind::Update) && kinds.contains(&StepKind::Insert));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepKind {
    /// Inserts pending entities.
    Insert,
    /// Updates changed ones.
    Update,
    /// Turns rows that are deleted into the ones that were added with the same primary keys, by one UPDATE: what refers to
    /// the key doesn't lose its row in between.
    Replace,
    /// Deletes rows.
    Delete,
    /// Sets foreign keys of rows that were inserted without them, or given new keys before, because they refer to one another in
    /// a ring.
    Close,
    /// Sets foreign keys of rows that are about to be deleted to NULL, because they refer to one another in a ring.
    Open,
    /// Moves unique values aside that other rows take: the column is NULL, or holds a placeholder, until the row's own
    /// UPDATE or DELETE.
    Park,
    /// Inserts rows of a link table.
    Link,
    /// Deletes rows of a link table.
    Unlink,
    /// Deletes all rows of a link table that refer to rows that are about to be deleted.
    UnlinkAll,
}

impl Step {
    /// The number of rows.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// db.add_all(["used", "rare"].map(|word| Tag::create().word(word)));
    /// assert_eq!(db.plan()?.steps[0].rows(), 2);
    /// # Ok(())
    /// # }
    /// ```
    pub fn rows(&self) -> usize {
        self.rows.len().max(self.links.len())
    }

    pub(super) fn new(kind: StepKind, table: &'static Table, why: Why) -> Self {
        Step {
            kind,
            table,
            sql: String::new(),
            reason: String::new(),
            why,
            rows: Vec::new(),
            keys: None,
            columns: ColumnSet::EMPTY,
            guard: ColumnSet::EMPTY,
            stale: false,
            by_server: ColumnSet::EMPTY,
            shape: None,
            links: Vec::new(),
            fires: Fires::default(),
            old: Vec::new(),
            defaults: ColumnSet::EMPTY,
            others: Vec::new(),
        }
    }

    /// Why it stands where it stands, in words.
    fn words(&self) -> String {
        let model = self.table.model;
        match (self.kind, &self.why) {
            (StepKind::Insert, Why::Rows { behind, apart }) => {
                let behind = match behind.as_str() {
                    "" => "behind everything they refer to",
                    behind => behind,
                };
                let apart = match apart {
                    true => "; a batch of their own, because they send other columns",
                    false => "",
                };
                format!("new `{model}`, {behind}{apart}")
            }
            (StepKind::Replace, _) => {
                format!("new `{model}` with the keys of deleted ones take their places")
            }
            (StepKind::Update, Why::Rows { behind, apart }) => {
                let names = self.columns.iter().map(|column| {
                    let name = self.table.columns[column as usize].name;
                    match self.by_server.contains(column) {
                        true => format!("{name} (computed by the server)"),
                        false => name.to_owned(),
                    }
                });
                let mut words = format!("changed: {}", names.collect::<Vec<_>>().join(", "));
                if !self.guard.is_empty() {
                    words.push_str(
                        "; read in an earlier transaction, so the old values must still be there",
                    );
                }
                if !behind.is_empty() {
                    words.push_str(&format!("; {behind}"));
                }
                if *apart {
                    words.push_str("; a batch of those that set the same columns");
                }
                words
            }
            (StepKind::Delete, Why::Place(place)) => format!("deleted `{model}`, {place}"),
            (_, Why::Relation(relation)) => format!("links of deleted `{}`", relation.from.name),
            (_, Why::Place(place)) => (*place).to_owned(),
            (_, Why::Rows { behind, .. }) => behind.clone(),
            (_, Why::Said(words)) => words.clone(),
        }
    }

    /// The entities that know the rows as they are in the database.
    pub(super) fn before(&self) -> &[RawHandle] {
        if self.old.is_empty() {
            &self.rows
        } else {
            &self.old
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.steps.is_empty() && self.loads_first.is_empty() {
            return f.write_str("nothing to do");
        }
        for load in &self.loads_first {
            writeln!(f, " -  {load}")?;
        }
        for (at, step) in self.steps.iter().enumerate() {
            let rows = match step.rows() {
                1 => "1 row".to_owned(),
                n => format!("{n} rows"),
            };
            writeln!(f, "{:>2}. {rows}: {}", at + 1, step.sql)?;
            writeln!(f, "      {}", step.reason)?;
        }
        Ok(())
    }
}

impl Session {
    /// What the next flush would send, without sending it. Its `Display` is a numbered list of statements with reasons.
    ///
    /// ```
    #[doc = include_str!("example_shop.txt")]
    /// let cara = db.add(User::create().name("Cara"));
    /// db.add(Order::create().total(7).user(cara));
    /// assert_eq!(
    ///     db.plan()?.to_string(),
    ///     " 1. 1 row: INSERT INTO users (name) VALUES ($1) RETURNING id
    ///       new `User`, behind everything they refer to
    ///  2. 1 row: INSERT INTO orders (total, user_id) VALUES ($1, $2) RETURNING id
    ///       new `Order`, behind everything they refer to
    /// "
    /// );
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    /// Of a table that this engine has not written lately it isn't known whether it has triggers, so what these make a flush bring back is
    /// not in its SQL: see [`flush`](Session::flush).
    ///
    /// In memory it does what the flush does before it sends anything: foreign keys of relationships that were set are copied,
    /// and children that a delete takes along are marked. Children that aren't loaded are not in the plan, only that they will
    /// be loaded; nor is what a `has_one` leads to that was set without being loaded.
    ///
    /// # Errors
    /// What the flush would refuse before sending anything; in a read-only session that is whatever it would write.
    pub fn plan(&mut self) -> Result<Plan> {
        self.refuse_writes()?;
        self.follow_hand_set_keys();
        self.cascade_known()?;
        let changes = self.change_set()?;
        let mut loads_first = self.unseen_replaced();
        loads_first.extend(self.unloaded_cascades(&changes.gone()));
        let mut steps = self.steps(changes)?;
        self.note_triggers(&mut steps);
        for step in &mut steps {
            step.sql = self.statement(step).sql.into();
            step.reason = step.words();
        }
        Ok(Plan { steps, loads_first })
    }

    fn unseen_replaced(&self) -> Vec<String> {
        let mut loads = BTreeMap::<String, usize>::new();
        for (_, relation) in self.replaced_of_rows() {
            *loads.entry(relation.path()).or_default() += 1;
        }
        loads
            .into_iter()
            .map(|(path, owners)| {
                format!("load {path} of {owners} row(s) first, to let go of what it led to")
            })
            .collect()
    }

    fn unloaded_cascades(&self, deletes: &[RawHandle]) -> Vec<String> {
        let mut loads = BTreeMap::<String, usize>::new();
        for rows in deletes.chunk_by(|row, next| row.arena == next.arena) {
            for relation in self.table(rows[0]).relations {
                let to_many = matches!(
                    relation.kind,
                    RelationKind::HasMany { .. } | RelationKind::HasOne { .. }
                );
                if !to_many || relation.members.read_only {
                    continue;
                }
                let rows = rows.iter().copied();
                let unknown = rows.filter(|row| !self.is_complete(*row, relation));
                let asked = self.deleted_without_server(unknown.collect(), relation);
                if !asked.is_empty() {
                    *loads.entry(relation.path()).or_default() += asked.len();
                }
            }
        }
        loads
            .into_iter()
            .map(|(path, parents)| format!("load {path} of {parents} deleted row(s) first"))
            .collect()
    }
}
