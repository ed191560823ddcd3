//! Levels of a load path that go out together with the query, so that the whole path is one round trip. `loader` asks.
//!
//! ```text
//!                                   one by one                          together
//!
//!   users WHERE ..                  users WHERE ..                      users WHERE ..
//!   posts of these                  posts WHERE user_id = ANY($1)       posts of (SELECT users.id FROM users WHERE ..)
//!   comments of these               comments WHERE post_id = ANY($1)    comments of (posts of (SELECT users.id ..))
//!
//!   the server is waited for        three times                         once
//!   it looks for the users          once                                three times
//! ```
//!
//! **When it pays.** Where the server is next door, looking twice costs more than waiting once more; so keys are sent, and
//! that is the rule. Where it is far, the engine knows how long a round trip takes (`engine::pace`), and from the times that
//! a query was loaded one by one, how long the server needs for what it would have to do again. If that is less than the
//! waiting that is saved, the levels go together. A query that says `pipelined()` does so at once, and options of the session
//! may always or never want it.
//!
//! **What a level sees.** Under READ COMMITTED each statement has a snapshot of its own, and a query may give other rows the
//! second time (another transaction committed in between; a LIMIT cuts among equals). So each level says whose members it
//! has: behind every row stands the parent's key, and a parent without members has a row of NULLs. Then
//!
//! - members of a parent that the query did not give are dropped, before the identity map sees them;
//! - a parent that the level did not look at is loaded by its key, as if nothing had gone together: one statement more, and
//!   the engine keeps from going together for a while, since it won nothing.
//!
//! So what is loaded is what the levels one by one would have loaded: of every parent its members at the time of the level's
//! statement. Under REPEATABLE READ all statements have one snapshot.
//!
//! **What is not sent twice.** Locking queries (the second time they would lock nothing, and SKIP LOCKED would skip others),
//! those with DISTINCT, GROUP BY, UNION or a write in WITH, and, unless `pipelined()` says that it does no harm, those that
//! call functions that this crate does not know: they may count, lock or log. So it is with a level that has such a condition, which
//! others would repeat: it comes along, and those behind it are loaded afterwards. A `belongs_to` with `selectin()` and a
//! relationship that is followed to its end are loaded afterwards, and so is what lies behind them: which targets are in the
//! identity map already, and need no statement, is known only then.

use std::time::{Duration, Instant};

use super::Session;
use super::load_sql::Wanted;
use crate::error::Result;
use crate::expr::{CteBody, Item, Node, Select, TableRef};
use crate::model::{RelationKind, Row};
use crate::query::render::levels::{self, Level, Parents};
use crate::query::{Effect, JoinedLoad, LoadStep, Loads, SqlText, Statement, Strategy};

/// Whether the levels of load paths go out together with their query, in one round trip. The first rows are the same either
/// way, and so is what is loaded.
///
/// ```
#[doc = include_str!("../guide/shop.txt")]
/// use orm_core::session::{PipelinedLoads, SessionOptions};
///
/// let mut db = engine.session_with(SessionOptions::new().pipelined_loads(PipelinedLoads::Always));
/// let users = User::query().with(User::ORDERS).all(&mut db).await?; // both SELECTs go out at once
/// assert_eq!(db.related(users[0], User::ORDERS)?.len(), 2);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PipelinedLoads {
    /// Where it is measured to take less time: the server is far, and finding the parents again costs it little.
    #[default]
    Measured,
    /// Wherever it can be done.
    Always,
    /// Only for queries that say so: [`Query::pipelined`](crate::query::Query::pipelined).
    Never,
}

/// Where the first statement's rows come from.
#[derive(Clone, Copy)]
pub(super) enum Origin<'a> {
    /// A query.
    Query(&'a Select),
    /// Members of parents that are known.
    Level(&'a Level),
}

/// What a session knows while a path is loaded.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    /// The levels that have come already.
    brought: Vec<Option<Brought>>,
    /// The query that the path belongs to.
    query: Option<SqlText>,
    /// What its levels, loaded one by one, have cost the server that it would have had to do again.
    again: Option<Duration>,
    /// Whether the next collection that is loaded may take those behind it along.
    pub(super) may_lead: bool,
}

/// A level that has come already.
#[derive(Debug)]
pub(super) struct Brought {
    pub(super) rows: Vec<Row>,
    pub(super) loads: Loads,
}

/// The levels that are to go out, behind the first statement.
#[derive(Default)]
struct Levels {
    statements: Vec<Statement>,
    loads: Vec<Option<Loads>>,
    /// Whether what may do more than read may be repeated all the same.
    asked: bool,
}

impl Session {
    /// Sends a statement whose rows relationships are loaded of, and with it, where that pays, the levels behind. Those that
    /// have come are noted in the steps.
    pub(super) async fn send_leading(
        &mut self,
        statement: Statement,
        origin: Origin<'_>,
        loads: &mut Loads,
    ) -> Result<Vec<Row>> {
        self.ahead = Ahead::default();
        let behind = statements_behind(&loads.steps);
        if behind == 0 {
            return self.send(&statement).await;
        }
        if self.goes_together(&statement.sql, origin, behind) {
            return self.send_levels(statement, origin, loads).await;
        }
        if self
            .engine
            .pace()
            .is_some_and(|pace| pace.round_trip().is_some())
        {
            self.ahead.again = Some(Duration::ZERO);
            self.ahead.query = Some(statement.sql.clone());
        }
        self.send_level(&statement, behind).await
    }

    /// Sends the statement of a level by itself, before `behind` others, and notes what it would cost the server to find its
    /// rows again for each of them.
    pub(super) async fn send_level(
        &mut self,
        statement: &Statement,
        behind: u32,
    ) -> Result<Vec<Row>> {
        let round_trip = self.engine.pace().and_then(|pace| pace.round_trip());
        let (Some(_), Some(round_trip)) = (self.ahead.again, round_trip) else {
            return self.send(statement).await;
        };
        let waits = |db: &Session| db.link.as_ref().map_or(0, |link| link.round_trips());
        let (before, started) = (waits(self), Instant::now());
        let rows = self.send(statement).await?;
        let waited = round_trip * waits(self).saturating_sub(before);
        let cost = started.elapsed().saturating_sub(waited) * behind;
        self.ahead.again = self.ahead.again.map(|again| again + cost);
        Ok(rows)
    }

    /// Whether the levels of this path are timed.
    pub(super) fn is_measuring(&self) -> bool {
        self.ahead.again.is_some()
    }

    /// The path is loaded.
    pub(super) fn path_is_loaded(&mut self) {
        let Ahead { query, again, .. } = std::mem::take(&mut self.ahead);
        if let (Some(query), Some(again), Some(pace)) = (query, again, self.engine.pace()) {
            pace.measured(&query, again);
        }
    }

    /// The level of a step, if it has come already.
    pub(super) fn take_brought(&mut self, step: &LoadStep) -> Option<Brought> {
        self.ahead.brought.get_mut(step.brought?)?.take()
    }

    /// A level that came along did not have all parents.
    pub(super) fn brought_in_vain(&self) {
        if let (Some(query), Some(pace)) = (&self.ahead.query, self.engine.pace()) {
            pace.in_vain(query);
        }
    }

    fn goes_together(&self, sql: &SqlText, origin: Origin<'_>, behind: u32) -> bool {
        let (asked, can) = match origin {
            Origin::Query(select) => (select.pipelined, can_stand_inside(select)),
            Origin::Level(_) => (false, true),
        };
        let wanted = match self.options.pipelined_loads {
            _ if asked => true,
            PipelinedLoads::Always => true,
            PipelinedLoads::Never => false,
            PipelinedLoads::Measured => self
                .engine
                .pace()
                .is_some_and(|pace| pace.repeating_pays(sql, behind)),
        };
        wanted && can && (asked || sql.effect() == Effect::Reads)
    }

    async fn send_levels(
        &mut self,
        statement: Statement,
        origin: Origin<'_>,
        loads: &mut Loads,
    ) -> Result<Vec<Row>> {
        let mut levels = Levels::default();
        let root = match origin {
            Origin::Query(select) => {
                levels.asked = select.pipelined;
                select.from
            }
            Origin::Level(level) => level.outer.from,
        };
        let mut joined = loads.joined.iter();
        self.plan_levels(&mut loads.steps, &mut joined, root, origin, &mut levels);
        let query = statement.sql.clone();
        let mut statements = vec![statement];
        statements.extend(levels.statements);
        let outcome = self.send_together(&statements, false, &[]).await?;
        outcome.result?;
        let mut answers = outcome.answers.into_iter().map(|answer| answer.rows);
        let rows = answers.next().unwrap_or_default();
        let brought = answers.zip(levels.loads);
        self.ahead = Ahead {
            brought: brought
                .map(|(rows, loads)| loads.map(|loads| Brought { rows, loads }))
                .collect(),
            query: Some(query),
            ..Ahead::default()
        };
        Ok(rows)
    }

    /// The levels behind rows of `here`, which are among those of `origin`.
    fn plan_levels(
        &self,
        steps: &mut [LoadStep],
        joined: &mut std::slice::Iter<'_, JoinedLoad>,
        here: TableRef,
        origin: Origin<'_>,
        levels: &mut Levels,
    ) {
        for step in steps {
            if step.strategy() == Strategy::Joined {
                if let Some(there) = joined.next() {
                    self.plan_levels(&mut step.then, joined, there.table, origin, levels);
                }
            } else if comes_along(step) {
                let parents = origin.parents(here, step.relation.columns().0);
                let (level, mut loads) = self.level(step.clone(), parents, Wanted::Whole, true);
                let statement = levels::of_found(&level);
                let repeatable = levels.asked || statement.sql.effect() == Effect::Reads;
                step.brought = Some(levels.statements.len());
                levels.statements.push(statement);
                levels.loads.push(None);
                let place = levels.loads.len() - 1;
                if repeatable {
                    let mut joined = loads.joined.iter();
                    let (there, origin) = (level.outer.from, Origin::Level(&level));
                    self.plan_levels(&mut loads.steps, &mut joined, there, origin, levels);
                }
                levels.loads[place] = Some(loads);
            }
        }
    }
}

impl Origin<'_> {
    /// The keys of a table's rows in it, as parents of a level.
    fn parents(self, here: TableRef, columns: &[u16]) -> Parents {
        let keys = columns.iter().map(|column| Node::Column(here, *column));
        let keys = keys.map(Item::Expr).collect();
        // A key once for each row: nothing is joined that could repeat it.
        let alone = |select: &Select| {
            let key = here.table.primary_key;
            select.joins.is_empty()
                && select.computed.is_empty()
                && here.same(&select.from)
                && key.iter().all(|part| columns.contains(part))
        };
        match self {
            Origin::Query(select) => {
                let once = alone(select);
                let mut select = Box::new(select.clone());
                select.items = keys;
                let counts = select.limit.is_some() || select.offset.is_some();
                if !counts && select.distinct_on.is_empty() {
                    select.order_by.clear();
                }
                Parents::Query { select, once }
            }
            Origin::Level(level) => Parents::Members {
                // Each member has one parent, if it has the parent's key itself.
                once: alone(&level.outer) && level.members.joins.is_empty(),
                level: Box::new(level.clone()),
                keys,
            },
        }
    }
}

/// Whether a relationship is loaded by a statement that can go out before its parents are known.
fn comes_along(step: &LoadStep) -> bool {
    step.levels.is_none() && !matches!(step.relation.kind, RelationKind::BelongsTo(_))
}

/// How many statements behind the one with these steps can go out together with it.
pub(super) fn statements_behind(steps: &[LoadStep]) -> u32 {
    let behind = steps.iter().map(|step| match step.strategy() {
        Strategy::Joined => statements_behind(&step.then),
        Strategy::SelectIn if comes_along(step) => 1 + statements_behind(&step.then),
        Strategy::SelectIn => 0,
    });
    behind.sum()
}

/// Whether a query means the same inside of another, and gives the keys of its rows there.
fn can_stand_inside(select: &Select) -> bool {
    let writes = |body: &CteBody| matches!(body, CteBody::Write(_));
    select.lock.is_none()
        && select.set.is_none()
        && !select.distinct
        && select.group_by.is_empty()
        && select.having.is_empty()
        && !select.ctes.iter().any(|cte| writes(&cte.body))
}
