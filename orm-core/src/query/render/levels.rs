//! Levels of a load path as statements: the members of many parents, where the parents are keys that are known, or whatever
//! another query gives at the time. `session::load_sql` makes them.

use super::{Renderer, query};
use crate::expr::{Item, Select};
use crate::query::Statement;
use crate::types::{Param, PgType};

/// Parents by their keys, which what is written of them calls `parent_keys.k0`, `parent_keys.k1` ..
#[derive(Debug, Clone)]
pub(crate) enum Parents {
    /// Keys that are known, one array a column, with the type of its elements.
    Keys(Vec<(Param, &'static PgType)>),
    /// What a query gives, which selects keys and nothing else.
    Query {
        select: Box<Select>,
        /// Whether it gives each of them once.
        once: bool,
    },
    /// The members of a level above, or what is joined to them.
    Members {
        level: Box<Level>,
        keys: Vec<Item>,
        /// Whether the level has each of them once.
        once: bool,
    },
}

/// The members of some parents.
#[derive(Debug, Clone)]
pub(crate) struct Level {
    pub(crate) parents: Parents,
    /// Those of one parent.
    pub(crate) members: Select,
    /// What is given of them, what is joined to them, and their order.
    pub(crate) outer: Select,
}

/// For each known key, the rows of a SELECT that names it: a lateral join, so that the SELECT's LIMIT counts for each key.
pub(crate) fn of_keys(level: &Level) -> Statement {
    query(&|sql| {
        sql.text("SELECT ");
        sql.list(&level.outer.items, ", ", Renderer::item);
        sql.text(" FROM ");
        sql.parents(&level.parents, true);
        sql.members(" CROSS JOIN LATERAL (", "", level);
        sql.text(" ORDER BY parent_keys.n");
        if !level.outer.order_by.is_empty() {
            sql.text(", ");
            sql.order_parts(&level.outer.order_by);
        }
    })
}

/// The same where the server finds the parents. A parent without members has a row of NULLs behind its key: so it can be told
/// from one that the server did not find.
pub(crate) fn of_found(level: &Level) -> Statement {
    query(&|sql| {
        sql.text("SELECT ");
        sql.list(&level.outer.items, ", ", Renderer::item);
        sql.text(" FROM ");
        sql.parents(&level.parents, false);
        sql.members(" LEFT JOIN LATERAL (", " ON TRUE", level);
        sql.order_by(&level.outer.order_by);
    })
}

impl Renderer {
    /// Appends the keys as a table of FROM, with a number if that is wanted.
    fn parents(&mut self, parents: &Parents, numbered: bool) {
        let keys = match parents {
            Parents::Keys(arrays) => {
                self.unnest(arrays);
                arrays.len()
            }
            Parents::Query { select, once } => {
                self.text(if *once {
                    "("
                } else {
                    "(SELECT DISTINCT * FROM ("
                });
                self.select(select);
                self.text(if *once { ")" } else { ") AS found)" });
                select.items.len()
            }
            Parents::Members { level, keys, once } => {
                self.text(if *once {
                    "(SELECT "
                } else {
                    "(SELECT DISTINCT "
                });
                self.list(keys, ", ", Renderer::item);
                self.text(" FROM ");
                self.parents(&level.parents, false);
                self.members(" CROSS JOIN LATERAL (", "", level);
                self.text(")");
                keys.len()
            }
        };
        if numbered {
            self.text(" WITH ORDINALITY");
        }
        self.text(" AS parent_keys(");
        self.list(0..keys, ", ", |sql, at| sql.made(&format!("k{at}")));
        self.text(if numbered { ", n)" } else { ")" });
    }

    /// Appends the members of each of the parents before, and what is joined to them.
    fn members(&mut self, join: &'static str, on: &'static str, level: &Level) {
        self.text(join);
        self.select(&level.members);
        self.text(") AS ");
        self.alias(level.outer.from);
        self.text(on);
        for join in &level.outer.joins {
            self.join(join, &level.outer.computed);
        }
    }
}
