//! Criteria: conditions that every query of a model has without saying so. SQLAlchemy: `with_loader_criteria`.
//!
//! A SELECT is data until it is rendered, so there is one place for them: [`Restrict`] walks the statement and puts each
//! table's condition where the table stands, into WHERE or into the ON of its join, in subqueries as well.
//!
//! Whether they hold is said by the statement itself (`Select::unfiltered`), and for what is loaded behind it by each step of the
//! path (`LoadStep::unfiltered`), never by the session: nothing that another operation has left behind may show hidden rows.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use super::{Info, Session, SessionOptions};
use crate::expr::{Expression, Filter, Join, JoinKind, Node, Select, TableRef, Visit, Write};
use crate::model::{Model, Table};

type Criterion = Arc<dyn Fn(&Info) -> Node + Send + Sync>;

/// The conditions of a session, by table.
#[derive(Clone, Default)]
pub(super) struct Criteria(HashMap<usize, Vec<Criterion>>);

impl Criteria {
    fn add<M: Model>(&mut self, criterion: impl Fn(&Info) -> Filter<M> + Send + Sync + 'static) {
        let of_table = self.0.entry(M::TABLE.id()).or_default();
        of_table.push(Arc::new(move |info| criterion(info).into_node()));
    }

    /// Appends the conditions of another.
    pub(super) fn extend(&mut self, other: Criteria) {
        for (table, criteria) in other.0 {
            self.0.entry(table).or_default().extend(criteria);
        }
    }

    /// What must hold of a table's rows.
    fn of(&self, table: TableRef, info: &Info) -> Option<Node> {
        let of_table = self.0.get(&table.table.id())?;
        let own = TableRef::of(table.table);
        Node::all(
            of_table
                .iter()
                .map(|criterion| criterion(info).renamed(own, table)),
        )
    }
}

impl fmt::Debug for Criteria {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "of {} models", self.0.len())
    }
}

/// Puts the conditions into a statement.
struct Restrict<'a> {
    criteria: &'a Criteria,
    info: &'a Info,
}

impl Restrict<'_> {
    /// What must hold of a table's rows, unless they are computed in the query itself.
    fn of(&self, table: TableRef, select: &Select) -> Option<Node> {
        let computed = select.computed.iter().any(|(rows, _)| rows.same(&table));
        let condition = || self.criteria.of(table, self.info);
        (!computed).then(condition).flatten()
    }

    /// What must hold of each joined table goes into the ON of its join.
    fn joins(&self, select: &mut Select) {
        for at in 0..select.joins.len() {
            let Some(condition) = self.of(select.joins[at].table, select) else {
                continue;
            };
            if select.joins[at].kind == JoinKind::Cross {
                select.filters.push(condition);
            } else {
                and_on(&mut select.joins[at], condition);
            }
        }
    }

    /// A RIGHT or FULL JOIN keeps rows of the joined table, and what stands before it may be missing beside them. So each
    /// condition is asked of rows that are there, in the joins (what is hidden matches nothing) and behind them all.
    fn both_sides(&self, select: &mut Select) {
        let mut before: Vec<Node> = self.where_there(select.from, select).into_iter().collect();
        for at in 0..select.joins.len() {
            let condition = self.where_there(select.joins[at].table, select);
            let join = &mut select.joins[at];
            if keeps_joined(join) {
                for condition in &before {
                    and_on(join, condition.clone());
                }
            }
            before.extend(condition.clone());
            if let Some(condition) = condition
                && join.kind != JoinKind::Cross
            {
                and_on(join, condition);
            }
        }
        select.filters.extend(before);
    }

    /// What must hold of a table's rows where there is one.
    fn where_there(&self, table: TableRef, select: &Select) -> Option<Node> {
        let condition = self.of(table, select)?;
        let key = *table.table.primary_key.first()?;
        let missing = Node::postfix(Node::Column(table, key), "IS NULL");
        Some(Node::junction(condition, "OR", missing))
    }
}

fn keeps_joined(join: &Join) -> bool {
    matches!(join.kind, JoinKind::Right | JoinKind::Full)
}

fn and_on(join: &mut Join, condition: Node) {
    let on = std::mem::replace(&mut join.on, Node::Word("TRUE"));
    join.on = Node::junction(on, "AND", condition);
}

impl Visit for Restrict<'_> {
    fn select(&mut self, select: &mut Select) {
        // What is inside comes first: the conditions' own subqueries are left as they are.
        select.walk(self);
        if select.set.is_some() {
            return;
        }
        if select.joins.iter().any(keeps_joined) {
            return self.both_sides(select);
        }
        self.joins(select);
        let condition = self.of(select.from, select);
        select.filters.extend(condition);
    }

    fn write(&mut self, table: TableRef, filters: &mut Vec<Node>) {
        filters.extend(self.criteria.of(table, self.info));
    }
}

impl Session {
    /// Lets a condition hold for every query of a model from now on. Several of one model must all hold.
    /// SQLAlchemy: `with_loader_criteria`.
    ///
    /// ```
    #[doc = include_str!("example_shop.txt")]
    /// db.add_criteria::<Order>(Order::TOTAL.gt(15).for_model());
    /// assert_eq!(Order::query().count(&mut db).await?, 2);
    /// let users = User::query().with(User::ORDERS).order_by(User::ID).all(&mut db).await?;
    /// assert_eq!(db.related(users[0], User::ORDERS)?.len(), 2);
    /// assert_eq!(Order::query().without_criteria().count(&mut db).await?, 3);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    ///
    /// # Where it holds
    /// In whatever the session reads of the model: queries and their joins (in ON, so that a LEFT JOIN keeps its left rows),
    /// `any`, `has` and other subqueries, `with`, `load`, `get`, the look-up of [`merge`](Session::merge), and bulk updates
    /// and deletes. `get` and loads of a `belongs_to` don't trust the identity map for such a model: they ask the database.
    ///
    /// # Where it doesn't
    /// Rows that are in memory stay readable by their handles, and `related` finds them there. `refresh` reads the row that it
    /// is given. The flush writes the rows that were changed, and a delete finds all children, hidden ones too: they hold the
    /// foreign key. Hand-written SQL is as it is written. An INSERT is not checked: give the tenant's column its value in a
    /// [`before_insert`](super::Hooks::before_insert) hook.
    pub fn add_criteria<M: Model>(&mut self, condition: Filter<M>) {
        self.criteria.add(move |_| condition.clone());
    }

    /// Puts the criteria into a SELECT, unless it says that it is to have none.
    pub(super) fn restrict_read(&self, select: &mut Select) {
        if let Some(mut restrict) = self.restrict(select.unfiltered) {
            restrict.select(select);
        }
    }

    /// The same for the joins alone, where the first table's rows are restricted already.
    pub(super) fn restrict_joins(&self, select: &mut Select) {
        if let Some(restrict) = self.restrict(select.unfiltered) {
            restrict.joins(select);
        }
    }

    /// Puts the criteria into a bulk write: only rows that the session sees are changed, by rows that it sees.
    pub(super) fn restrict_write(&self, write: &mut Write) {
        if let Some(mut restrict) = self.restrict(write.unfiltered) {
            write.walk(&mut restrict);
        }
    }

    /// Whether a SELECT may get conditions of them.
    pub(super) fn restricts(&self, unfiltered: bool) -> bool {
        self.restrict(unfiltered).is_some()
    }

    fn restrict(&self, unfiltered: bool) -> Option<Restrict<'_>> {
        let none = unfiltered || self.criteria.0.is_empty();
        (!none).then_some(Restrict {
            criteria: &self.criteria,
            info: &self.info,
        })
    }

    /// Whether rows of a table may be there that the session doesn't see.
    pub(super) fn hides(&self, table: &'static Table) -> bool {
        self.criteria.0.contains_key(&table.id())
    }
}

impl SessionOptions {
    /// A condition that holds for every query of a model: see [`add_criteria`](Session::add_criteria).
    ///
    /// ```
    /// use orm_core::prelude::*;
    /// use orm_core::session::SessionOptions;
    /// # #[derive(Model, Clone)] #[orm(table = "products")]
    /// # struct Product { #[orm(primary_key)] id: i32, deleted: bool }
    ///
    /// # fn wrap(engine: &Engine) -> Engine {
    /// // Soft delete: for all sessions of the engine.
    /// engine.with_sessions(SessionOptions::new().criteria::<Product>((!Product::DELETED).for_model()))
    /// # }
    /// ```
    #[must_use]
    pub fn criteria<M: Model>(mut self, condition: Filter<M>) -> Self {
        self.criteria.add(move |_| condition.clone());
        self
    }

    /// A condition that holds for every query of a model, and depends on the session's [`Info`] at the time of the query. It
    /// is asked for every statement, so it should be cheap. [`all_of`](crate::expr::all_of) nothing is no condition.
    ///
    /// ```
    /// use orm_core::prelude::*;
    /// use orm_core::session::SessionOptions;
    /// # #[derive(Model, Clone)] #[orm(table = "documents")]
    /// # struct Document { #[orm(primary_key)] id: i32, tenant_id: i32 }
    ///
    /// #[derive(Clone)]
    /// struct Tenant(i32);
    ///
    /// # fn wrap(engine: &Engine) -> Engine {
    /// // Each tenant sees its own. Without a tenant nobody sees anything.
    /// engine.with_sessions(SessionOptions::new().criteria_with::<Document>(|info| match info.get::<Tenant>() {
    ///     Some(tenant) => Document::TENANT_ID.eq(tenant.0).for_model(),
    ///     None => value(false).for_model(),
    /// }))
    /// # }
    /// ```
    #[must_use]
    pub fn criteria_with<M: Model>(
        mut self,
        condition: impl Fn(&Info) -> Filter<M> + Send + Sync + 'static,
    ) -> Self {
        self.criteria.add(condition);
        self
    }
}
