//! [`Node`] and [`Select`]: SQL as plain data. Typed expressions make them, `query::render` writes them out.

use std::borrow::Cow;

use crate::model::Table;
use crate::types::{Param, PgType};

/// A piece of SQL. Whatever a user passed is a [`Node::Param`]; all text in the other variants is ours or a checked
/// identifier.
#[derive(Debug, Clone)]
pub enum Node {
    /// A column of a table in the query.
    Column(TableRef, u16),
    /// A value.
    Param(Param),
    /// Words of our own: `NULL`, `*`, `CURRENT_TIMESTAMP`.
    Word(&'static str),
    /// `left operator right`.
    Infix(Box<Node>, &'static str, Box<Node>),
    /// `operator operand`.
    Prefix(&'static str, Box<Node>),
    /// `operand operator`: `x IS NULL`.
    Postfix(Box<Node>, &'static str),
    /// `operand BETWEEN low AND high`.
    Between(Box<Node>, Box<Node>, Box<Node>),
    /// `function(arguments)`; the name is quoted where it has to be.
    Call {
        /// The function's name.
        function: Cow<'static, str>,
        /// Whether DISTINCT stands before the arguments.
        distinct: bool,
        /// The arguments.
        arguments: Vec<Node>,
    },
    /// `extract(field FROM source)`.
    Extract(&'static str, Box<Node>),
    /// `CAST(operand AS type)`.
    Cast(Box<Node>, &'static PgType),
    /// `ANY(array)` or `ALL(array)`, on the right of a comparison.
    Quantified(&'static str, Box<Node>),
    /// `(columns) IN (SELECT * FROM unnest(arrays))`: keys of several columns, each column an array with the type of its
    /// elements.
    InRows(Vec<Node>, Vec<(Param, &'static PgType)>),
    /// `EXISTS (select)`.
    Exists(Box<Select>),
}

/// A table as a query names it.
#[derive(Debug, Clone, Copy)]
pub struct TableRef {
    /// The table.
    pub table: &'static Table,
    /// Under which name.
    pub alias: Alias,
}

/// Under which name a table stands in a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alias {
    /// Its own.
    None,
    /// A user's alias: `employees_1`.
    Numbered(u8),
    /// One that a loader made for itself: `loaded_1`.
    Loaded(u16),
    /// The link table of a many-to-many join: `link_1`.
    Link(u16),
}

/// A SELECT.
#[derive(Debug, Clone)]
pub struct Select {
    /// What is selected.
    pub items: Vec<Item>,
    /// Whether equal rows are given once.
    pub distinct: bool,
    /// The first table.
    pub from: TableRef,
    /// The joined tables, in order.
    pub joins: Vec<Join>,
    /// Conditions on rows, all of which must hold.
    pub filters: Vec<Node>,
    /// GROUP BY.
    pub group_by: Vec<Node>,
    /// Conditions on groups, all of which must hold.
    pub having: Vec<Node>,
    /// ORDER BY.
    pub order_by: Vec<OrderNode>,
    /// LIMIT.
    pub limit: Option<i64>,
    /// OFFSET.
    pub offset: Option<i64>,
    /// FOR UPDATE and its relatives.
    pub lock: Option<Lock>,
}

/// A part of a select list.
#[derive(Debug, Clone)]
pub enum Item {
    /// All columns of a table, in the order of its description.
    Whole(TableRef),
    /// One expression.
    Expr(Node),
}

/// A joined table.
#[derive(Debug, Clone)]
pub struct Join {
    /// INNER or LEFT.
    pub kind: JoinKind,
    /// The table.
    pub table: TableRef,
    /// The condition.
    pub on: Node,
}

/// How a table is joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JoinKind {
    /// Rows without a partner are left out.
    Inner,
    /// Rows without a partner stay, with NULLs beside them.
    Left,
}

/// A part of ORDER BY.
#[derive(Debug, Clone)]
pub struct OrderNode {
    /// What is ordered by.
    pub node: Node,
    /// Whether in descending order.
    pub descending: bool,
    /// Where NULLs stand, if it was said.
    pub nulls_first: Option<bool>,
}

/// A lock on the selected rows.
#[derive(Debug, Clone)]
pub struct Lock {
    /// How strong.
    pub strength: LockStrength,
    /// What happens when a row is locked already.
    pub wait: LockWait,
    /// The tables whose rows are locked; empty means all.
    pub of: Vec<TableRef>,
}

/// How strong a row lock is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockStrength {
    /// FOR UPDATE.
    Update,
    /// FOR NO KEY UPDATE.
    NoKeyUpdate,
    /// FOR SHARE.
    Share,
    /// FOR KEY SHARE.
    KeyShare,
}

/// What happens when a row is locked already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockWait {
    /// Wait for it.
    Wait,
    /// Fail: NOWAIT.
    Fail,
    /// Leave the row out: SKIP LOCKED.
    Skip,
}

impl TableRef {
    /// The table under its own name.
    pub fn of(table: &'static Table) -> Self {
        TableRef {
            table,
            alias: Alias::None,
        }
    }
}

impl Node {
    pub(crate) fn infix(left: Node, operator: &'static str, right: Node) -> Node {
        Node::Infix(Box::new(left), operator, Box::new(right))
    }

    pub(crate) fn postfix(operand: Node, operator: &'static str) -> Node {
        Node::Postfix(Box::new(operand), operator)
    }

    pub(crate) fn call(function: impl Into<Cow<'static, str>>, arguments: Vec<Node>) -> Node {
        Node::Call {
            function: function.into(),
            distinct: false,
            arguments,
        }
    }

    /// All of the conditions, joined by AND; `None` if there are none.
    pub(crate) fn all(conditions: impl IntoIterator<Item = Node>) -> Option<Node> {
        conditions
            .into_iter()
            .reduce(|all, next| Node::infix(all, "AND", next))
    }

    /// `left.a = right.x AND left.b = right.y`: what ties two tables along a foreign key.
    pub(crate) fn tie(
        left: TableRef,
        left_columns: &[u16],
        right: TableRef,
        right_columns: &[u16],
    ) -> Node {
        let pairs = left_columns.iter().zip(right_columns);
        Node::all(
            pairs.map(|(a, b)| Node::infix(Node::Column(left, *a), "=", Node::Column(right, *b))),
        )
        .unwrap_or(Node::Word("TRUE"))
    }
}

impl Select {
    /// `SELECT FROM table`, with nothing selected yet.
    pub(crate) fn from(table: TableRef) -> Self {
        Select {
            items: Vec::new(),
            distinct: false,
            from: table,
            joins: Vec::new(),
            filters: Vec::new(),
            group_by: Vec::new(),
            having: Vec::new(),
            order_by: Vec::new(),
            limit: None,
            offset: None,
            lock: None,
        }
    }
}
