//! From nodes to SQL text: one function for each kind of clause, one `match` over [`Node`].
//!
//! Values never reach the text: a [`Node::Param`] becomes `$n` and joins the list of parameters. Names pass through
//! [`quote`]. Brackets stand where PostgreSQL's precedence would read something else without them.

pub(crate) mod batch;
mod expression;
pub(crate) mod levels;
mod rows;
mod sink;
pub(crate) mod write;

use std::collections::VecDeque;

use super::Statement;
use super::effect::Effect;
use super::shape::{Mixer, Shape};
use super::texts::TEXTS;
use crate::expr::{
    Item, Join, JoinKind, Lock, LockStrength, LockWait, Node, OrderNode, Rows, Select, TableRef,
};
use crate::model::Table;
use crate::types::{Param, PgType};
use sink::Sink;

/// The statement of a SELECT.
pub(crate) fn select(select: &Select) -> Statement {
    query(&|sql| sql.select(select))
}

/// `COPY (select) TO STDOUT`, with other text in the places of the parameters, by their numbers.
pub(crate) fn copy_out(select: &Select, values: Vec<String>) -> String {
    let mut sql = Renderer {
        numbered: values,
        ..Renderer::default()
    };
    sql.text("COPY (");
    sql.select(select);
    sql.text(") TO STDOUT (FORMAT binary)");
    sql.into_text()
}

/// `SELECT count(*)` of what a SELECT gives. Only where the rows are not simply those of the tables, around it.
pub(crate) fn count(mut select: Select) -> Statement {
    select.lock = None;
    let clauses = select.distinct
        || !select.distinct_on.is_empty()
        || !select.group_by.is_empty()
        || !select.having.is_empty()
        || select.limit.is_some()
        || select.offset.is_some();
    if !clauses && select.is_row_for_row() {
        select.items = vec![Item::Expr(Node::call("count", vec![Node::Word("*")]))];
        select.order_by.clear();
        return query(&|sql| sql.select(&select));
    }
    query(&|sql| {
        sql.text("SELECT count(*) FROM (");
        sql.select(&select);
        sql.text(") AS counted");
    })
}

/// `SELECT EXISTS (select)`.
pub(crate) fn exists(select: Select) -> Statement {
    query(&|sql| {
        sql.text("SELECT EXISTS (");
        sql.select(&select);
        sql.text(")");
    })
}

/// The rows of one SELECT, then those of another.
pub(crate) fn union_all(first: &Select, second: &Select) -> Statement {
    query(&|sql| {
        sql.select(first);
        sql.text(" UNION ALL ");
        sql.select(second);
    })
}

/// `WITH RECURSIVE`: the keys of all rows that are reached from those in the arrays, under the names `parent_keys.k0`,
/// `parent_keys.k1` .., and the rows that belong to them. `level` says which keys come from one level to the next; `below`
/// how many levels there are at most.
pub(crate) fn recursive(
    keys: &[(Param, &'static PgType)],
    level: &Select,
    rows: &Select,
    below: Option<i32>,
) -> Statement {
    let names: Vec<_> = (0..keys.len()).map(|at| format!("k{at}")).collect();
    let names = names.join(", ");
    let depth = |words| if below.is_some() { words } else { "" };
    query(&|sql| {
        sql.text("WITH RECURSIVE parent_keys(");
        sql.made(&names);
        sql.text(depth(", depth"));
        sql.text(") AS (SELECT *");
        sql.text(depth(", 0"));
        sql.text(" FROM ");
        sql.unnest(keys);
        // UNION, and not UNION ALL: a key that was reached before is not followed again.
        sql.text(" UNION SELECT ");
        sql.list(&level.items, ", ", Renderer::item);
        sql.text(depth(", parent_keys.depth + 1"));
        sql.text(" FROM parent_keys CROSS JOIN ");
        sql.rows_of_parents(level);
        if let Some(below) = below {
            sql.text(" AND parent_keys.depth + 1 < ");
            sql.param(Param::new(&below));
        }
        sql.text(") SELECT ");
        sql.list(&rows.items, ", ", Renderer::item);
        // With a depth, a key is there once for each level that it is in.
        if below.is_some() {
            sql.text(" FROM (SELECT DISTINCT ");
            sql.made(&names);
            sql.text(" FROM parent_keys) AS parent_keys CROSS JOIN ");
        } else {
            sql.text(" FROM parent_keys CROSS JOIN ");
        }
        sql.rows_of_parents(rows);
        sql.order_by(&rows.order_by);
    })
}

/// How strong a lock is, in SQL.
pub(super) fn lock_words(strength: LockStrength) -> &'static str {
    match strength {
        LockStrength::Update => "FOR UPDATE",
        LockStrength::NoKeyUpdate => "FOR NO KEY UPDATE",
        LockStrength::Share => "FOR SHARE",
        LockStrength::KeyShare => "FOR KEY SHARE",
    }
}

/// The statement that is written by `write`, which may do anything: see [`query`].
pub(crate) fn statement(write: &dyn Fn(&mut Renderer)) -> Statement {
    query(&|sql| {
        sql.note(Effect::MayHold);
        write(sql);
    })
}

/// The statement that is written by `write`, whose own words do nothing but read: twice, where its text is not known yet, the first
/// time into its shape. So what is written must be the same both times. The parameters are those of the first time: see
/// [`Renderer::to_encode`].
pub(crate) fn query(write: &dyn Fn(&mut Renderer)) -> Statement {
    let mut shaping = Renderer {
        sink: Sink::Shape(Mixer::new()),
        ..Renderer::default()
    };
    write(&mut shaping);
    let (shape, params) = shaping.into_shape();
    let sql = TEXTS.get(shape, || {
        let mut sql = Renderer {
            effect: Effect::Reads,
            ..Renderer::default()
        };
        write(&mut sql);
        let effect = sql.effect;
        (sql.into_text(), effect)
    });
    Statement { sql, params }
}

/// SQL text in the making, or its [`Shape`], with the parameters that stand in it. The flush writes its statements with it, too.
#[derive(Default)]
pub(crate) struct Renderer {
    sink: Sink,
    /// What the text may do, as far as it is written.
    effect: Effect,
    params: Vec<Param>,
    /// The numbers of the parameters in the order in which they stand in the text.
    numbers: Vec<usize>,
    /// Expressions with parameters that were selected or grouped by, with their numbers. See [`Renderer::node`].
    repeatable: Vec<(Node, Vec<usize>)>,
    /// Whether such expressions are collected and found again, at this place in the statement.
    repeating: bool,
    /// The CTEs that can be named at this place in the statement.
    ctes: Vec<usize>,
    /// The numbers that the next parameters get, because they stand in an expression that is a repetition.
    repeated: VecDeque<usize>,
    /// Whether columns stand without their tables, at this place in the statement.
    bare_columns: bool,
    /// What the next parameters are replaced by.
    in_place_of_params: VecDeque<String>,
    /// What parameters are replaced by, by their numbers from 1, where a statement takes none.
    numbered: Vec<String>,
}

impl Renderer {
    /// What was written, where it was text.
    pub(crate) fn into_text(self) -> String {
        match self.sink {
            Sink::Text(sql) => sql,
            Sink::Shape(_) => unreachable!("only `statement` writes into a shape"),
        }
    }

    fn into_shape(self) -> (Shape, Vec<Param>) {
        match self.sink {
            Sink::Shape(shape) => (shape.finish(), self.params),
            Sink::Text(_) => unreachable!("it was made for a shape"),
        }
    }

    /// Notes what the part that is written next may do.
    fn note(&mut self, effect: Effect) {
        self.effect = self.effect.max(effect);
    }

    /// Of the rows whose values are one parameter those that it is made of: none where the text is written, which says nothing of them,
    /// and whose parameters are there already.
    pub(crate) fn to_encode<'rows, R>(&self, rows: &'rows [R]) -> &'rows [R] {
        match self.sink {
            Sink::Shape(_) => rows,
            Sink::Text(_) => &[],
        }
    }

    /// Appends words of our own.
    pub(crate) fn text(&mut self, words: &'static str) {
        self.sink.text(words);
    }

    /// Appends words that were put together at run time, of words of our own.
    pub(crate) fn made(&mut self, words: &str) {
        self.sink.made(words);
    }

    /// Appends a whole statement, in front of all other parameters.
    pub(crate) fn statement(&mut self, statement: &Statement) {
        debug_assert!(self.params.is_empty(), "its numbers begin with 1");
        self.sink.statement(statement);
        self.params.extend_from_slice(&statement.params);
    }

    /// Appends an expression in whose parameters' places other text stands, if there is any: the columns of a batch.
    pub(crate) fn node_with(&mut self, node: &Node, values: VecDeque<String>) {
        self.in_place_of_params = values;
        self.node(node);
        self.in_place_of_params.clear();
    }

    /// Appends `$n` and keeps the value.
    pub(crate) fn param(&mut self, param: Param) {
        if let Some(text) = self.in_place_of_params.pop_front() {
            self.made(&text);
            return;
        }
        let number = self.repeated.pop_front().unwrap_or(self.params.len() + 1);
        self.numbers.push(number);
        match self.numbered.get(number - 1) {
            Some(text) => self.sink.made(text),
            None => self.sink.param(number, &param),
        }
        if number > self.params.len() {
            self.params.push(param);
        }
    }

    /// Lets the next parameters be those that stand first in the statement, whose values are then not sent again.
    pub(crate) fn repeat_first(&mut self, params: usize) {
        self.repeated = (1..=params).collect();
    }

    /// Appends the name of a column, or any other single name.
    pub(crate) fn column_name(&mut self, name: &'static str) {
        self.sink.name(name);
    }

    /// The same, where it was put together at run time.
    pub(crate) fn made_name(&mut self, name: &str) {
        self.sink.made_name(name);
    }

    /// Appends a column behind the name of its table.
    pub(crate) fn column_of(&mut self, table: &'static Table, column: u16) {
        self.sink.column(TableRef::of(table), column);
    }

    /// Appends parts with something between them.
    pub(crate) fn list<T>(
        &mut self,
        parts: impl IntoIterator<Item = T>,
        between: &'static str,
        mut part: impl FnMut(&mut Self, T),
    ) {
        for (at, item) in parts.into_iter().enumerate() {
            if at > 0 {
                self.text(between);
            }
            part(self, item);
        }
    }

    /// Appends a table as FROM names it: with its schema, and its alias.
    pub(crate) fn table(&mut self, table: TableRef) {
        self.sink.table(table);
    }

    /// Appends the tables of a SELECT, behind a FROM that has begun, and its conditions.
    fn rows_of_parents(&mut self, select: &Select) {
        self.table(select.from);
        for join in &select.joins {
            self.join(join, &select.computed);
        }
        self.conditions(" WHERE ", &select.filters);
    }

    /// Appends the name that a table's columns stand behind.
    fn alias(&mut self, table: TableRef) {
        self.sink.alias(table);
    }

    /// Appends all columns of a table.
    pub(crate) fn whole(&mut self, table: TableRef) {
        self.sink.whole(table);
    }

    /// Appends the name of a type, as a cast names it.
    pub(crate) fn type_name(&mut self, ty: &'static PgType) {
        self.sink.type_name(ty);
    }

    pub(crate) fn select(&mut self, select: &Select) {
        let around = self.ctes.len();
        self.with(&select.ctes);
        match &select.set {
            Some(set) => self.set_operation(set, &select.order_by),
            None => self.clauses(select),
        }
        if let Some(limit) = select.limit {
            self.text(" LIMIT ");
            self.param(Param::new(&limit));
        }
        if let Some(offset) = select.offset {
            self.text(" OFFSET ");
            self.param(Param::new(&offset));
        }
        if let Some(lock) = &select.lock {
            self.lock(lock, select.from);
        }
        self.ctes.truncate(around);
    }

    /// Everything from the select list to ORDER BY.
    fn clauses(&mut self, select: &Select) {
        self.text(if select.distinct {
            "SELECT DISTINCT "
        } else {
            "SELECT "
        });
        let outer = std::mem::replace(&mut self.repeating, select.repeats());
        if !select.distinct_on.is_empty() {
            self.text("DISTINCT ON (");
            self.list(&select.distinct_on, ", ", Self::node);
            self.text(") ");
        }
        self.list(&select.items, ", ", Self::item);
        let repeating = std::mem::take(&mut self.repeating);
        self.text(" FROM ");
        self.from_item(select.from, &select.computed);
        for join in &select.joins {
            self.join(join, &select.computed);
        }
        self.conditions(" WHERE ", &select.filters);
        self.repeating = repeating;
        if !select.group_by.is_empty() {
            self.text(" GROUP BY ");
            self.list(&select.group_by, ", ", Self::node);
        }
        self.conditions(" HAVING ", &select.having);
        self.order_by(&select.order_by);
        self.repeating = outer;
    }

    /// `unnest($1::int4[], $2::text[])`.
    fn unnest(&mut self, arrays: &[(Param, &'static PgType)]) {
        self.text("unnest(");
        self.list(arrays, ", ", |sql, (array, element)| {
            sql.param(array.clone());
            sql.text("::");
            sql.type_name(element);
            sql.text("[]");
        });
        self.text(")");
    }

    fn item(&mut self, item: &Item) {
        match item {
            // Where nothing else says what the parameter is, the server would take it for text.
            Item::Expr(Node::Param(param))
                if !param.pg_type().declared && !expression::is_text(param) =>
            {
                self.node(&Node::Cast(
                    Box::new(Node::Param(param.clone())),
                    param.pg_type(),
                ));
            }
            Item::Expr(node) => self.node(node),
            Item::Whole(table) => self.whole(*table),
        }
    }

    fn join(&mut self, join: &Join, computed: &[(TableRef, Rows)]) {
        self.text(match join.kind {
            JoinKind::Inner => " JOIN ",
            JoinKind::Left => " LEFT JOIN ",
            JoinKind::Right => " RIGHT JOIN ",
            JoinKind::Full => " FULL JOIN ",
            JoinKind::Cross => " CROSS JOIN ",
        });
        self.from_item(join.table, computed);
        if join.kind != JoinKind::Cross {
            self.text(" ON ");
            self.node(&join.on);
        }
    }

    /// Appends conditions that must all hold, behind `WHERE` or `HAVING`.
    pub(crate) fn conditions(&mut self, clause: &'static str, conditions: &[Node]) {
        if conditions.is_empty() {
            return;
        }
        self.text(clause);
        self.list(conditions, " AND ", |sql, condition| {
            if conditions.len() > 1 {
                sql.operand(condition, expression::precedence("AND"));
            } else {
                sql.node(condition);
            }
        });
    }

    pub(crate) fn order_by(&mut self, order: &[OrderNode]) {
        if order.is_empty() {
            return;
        }
        self.text(" ORDER BY ");
        self.order_parts(order);
    }

    fn order_parts(&mut self, order: &[OrderNode]) {
        self.list(order, ", ", |sql, part| {
            sql.node(&part.node);
            if part.descending {
                sql.text(" DESC");
            }
            match part.nulls_first {
                Some(true) => sql.text(" NULLS FIRST"),
                Some(false) => sql.text(" NULLS LAST"),
                None => {}
            }
        });
    }

    fn lock(&mut self, lock: &Lock, first: TableRef) {
        self.note(Effect::MayHold);
        self.text(" ");
        self.text(lock_words(lock.strength));
        self.text(" OF ");
        if lock.of.is_empty() {
            self.alias(first);
        } else {
            self.list(&lock.of, ", ", |sql, table| sql.alias(*table));
        }
        self.text(match lock.wait {
            LockWait::Wait => "",
            LockWait::Fail => " NOWAIT",
            LockWait::Skip => " SKIP LOCKED",
        });
    }
}
