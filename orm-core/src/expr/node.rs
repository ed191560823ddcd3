//! [`Node`] and [`Select`]: SQL as plain data. Typed expressions make them, `query::render` writes them out.

use std::borrow::Cow;

use super::{Cte, Rows, SetOperation, WindowNode};
use crate::model::Table;
use crate::types::{Param, PgType};

/// A piece of SQL. Whatever a user passed is a [`Node::Param`]; all text in the other variants is ours or a checked
/// identifier.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::expr::{Expression, Node};
///
/// let Node::Infix(left, ">", right) = Product::PRICE.gt(100).into_node() else { unreachable!() };
/// assert!(matches!((*left, *right), (Node::Column(..), Node::Param(_))));
/// ```
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
    /// Conditions with `AND` or `OR` between them: a list, so that a thousand of them are not a thousand levels.
    Junction(&'static str, Vec<Node>),
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
        /// The arguments.
        arguments: Vec<Node>,
    },
    /// A call of an aggregate, which has clauses of its own.
    Aggregate(Box<AggregateCall>),
    /// `CASE .. END`.
    Case(Box<CaseNode>),
    /// `(a, b)`: a row, or one of the sets of GROUPING SETS.
    Row(Vec<Node>),
    /// SQL text that stands in the source, ours or a developer's, with a `?` for each operand; `??` is a question mark.
    Template(&'static str, Vec<Node>),
    /// `extract(field FROM source)`.
    Extract(&'static str, Box<Node>),
    /// `CAST(operand AS type)`.
    Cast(Box<Node>, &'static PgType),
    /// `operand COLLATE name`; the name is an identifier.
    Collate(Box<Node>, String),
    /// `ANY(array)` or `ALL(array)`, on the right of a comparison.
    Quantified(&'static str, Box<Node>),
    /// `(columns) IN (SELECT * FROM unnest(arrays))`: keys of several columns, each column an array with the type of its
    /// elements.
    InRows(Vec<Node>, Vec<(Param, &'static PgType)>),
    /// `EXISTS (select)`.
    Exists(Box<Select>),
    /// `(select)`: a subquery that gives a value, or, on the right of IN, ANY and ALL, values.
    Subquery(Box<Select>),
    /// `function OVER (window)`.
    Over(Box<Node>, Box<WindowNode>),
    /// A column of a set operation's result, by its position in the select lists, from 0.
    Output(u16),
    /// The number of a row of a table that is [`Rows::Numbered`].
    RowNumber(TableRef),
}

/// A call of an aggregate: `function(DISTINCT arguments ORDER BY order) FILTER (WHERE filter)`.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::expr::{Expression, Node};
///
/// let Node::Aggregate(call) = count_distinct(Tag::WORD).into_node() else { unreachable!() };
/// assert!(call.function == "count" && call.distinct);
/// ```
#[derive(Debug, Clone)]
pub struct AggregateCall {
    /// The function's name.
    pub function: Cow<'static, str>,
    /// Whether equal arguments count once.
    pub distinct: bool,
    /// The arguments.
    pub arguments: Vec<Node>,
    /// In which order it gets the rows.
    pub order_by: Vec<OrderNode>,
    /// Whether the order is what is aggregated, and stands behind the call: `WITHIN GROUP (ORDER BY ..)`.
    pub within_group: bool,
    /// Which rows it gets, if not all.
    pub filter: Option<Node>,
}

/// `CASE operand WHEN .. THEN .. ELSE otherwise END`.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::expr::{Expression, Node};
///
/// let Node::Case(case) = case().when(Product::STOCK.eq(0), "sold out").end().into_node() else { unreachable!() };
/// assert!(case.branches.len() == 1 && case.otherwise.is_none());
/// ```
#[derive(Debug, Clone)]
pub struct CaseNode {
    /// What is compared, if it is no list of conditions.
    pub operand: Option<Node>,
    /// When and what then.
    pub branches: Vec<(Node, Node)>,
    /// What else; NULL without it.
    pub otherwise: Option<Node>,
}

/// A table as a query names it.
#[derive(Debug, Clone, Copy)]
pub struct TableRef {
    /// The table.
    pub table: &'static Table,
    /// Under which name.
    pub alias: Alias,
}

/// Under which name a table stands in a query: see [`TableRef::of`] and [`Selectable`](super::Selectable).
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
    /// The link table before what a loader has joined: `loaded_1_link`.
    LoadedLink(u16),
    /// The row that an INSERT could not insert: `excluded`.
    Excluded,
}

/// A SELECT.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::expr::{Item, JoinKind};
/// use orm_core::query::Side;
///
/// let q = Product::query().left_join(Product::CATEGORY).filter(Product::STOCK.gt(0)).order_by(Product::NAME.desc());
/// let select = q.limit(10).select((Product::NAME, Category::NAME)).for_update().skip_locked().into_operand();
/// assert!(matches!(select.items[..], [Item::Expr(_), Item::Expr(_)]));
/// assert_eq!(select.joins[0].kind, JoinKind::Left);
/// assert_eq!((select.filters.len(), select.order_by[0].descending, select.limit), (1, true, Some(10)));
/// assert!(select.lock.is_some());
/// ```
#[derive(Debug, Clone)]
pub struct Select {
    /// The queries that stand before it under a name: WITH.
    pub ctes: Vec<Cte>,
    /// UNION and its relatives. Where it is there, this is its ORDER BY, LIMIT and OFFSET, and nothing else is looked at.
    pub set: Option<Box<SetOperation>>,
    /// What is selected.
    pub items: Vec<Item>,
    /// Whether equal rows are given once.
    pub distinct: bool,
    /// DISTINCT ON: of the rows that are equal in these, the first is given.
    pub distinct_on: Vec<Node>,
    /// The first table.
    pub from: TableRef,
    /// The joined tables, in order.
    pub joins: Vec<Join>,
    /// Which of the tables in FROM are computed in place, and how.
    pub computed: Vec<(TableRef, Rows)>,
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
    /// Whether a session lets the rows overwrite what it knows. Not SQL.
    pub refresh: bool,
    /// Whether a session leaves its criteria out. Not SQL.
    pub unfiltered: bool,
    /// Whether what is loaded with it is to go out together with it. Not SQL.
    pub pipelined: bool,
}

/// A part of a select list: of [`Select::items`].
#[derive(Debug, Clone)]
pub enum Item {
    /// All columns of a table, in the order of its description.
    Whole(TableRef),
    /// One expression.
    Expr(Node),
}

/// A joined table: one of [`Select::joins`].
#[derive(Debug, Clone)]
pub struct Join {
    /// INNER or LEFT.
    pub kind: JoinKind,
    /// The table.
    pub table: TableRef,
    /// The condition.
    pub on: Node,
}

/// How a table is joined: a [`Select`] has its joins with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JoinKind {
    /// Rows without a partner are left out.
    Inner,
    /// Rows without a partner stay, with NULLs beside them.
    Left,
    /// Rows of the joined table without a partner stay, with NULLs before them.
    Right,
    /// Both.
    Full,
    /// Every row with every row; without a condition.
    Cross,
}

/// A part of ORDER BY: of [`Select::order_by`], and of what a window or an aggregate has.
#[derive(Debug, Clone)]
pub struct OrderNode {
    /// What is ordered by.
    pub node: Node,
    /// The type of its values; `None` for a column of a set operation, by its place.
    pub ty: Option<&'static PgType>,
    /// Whether in descending order.
    pub descending: bool,
    /// Where NULLs stand, if it was said.
    pub nulls_first: Option<bool>,
}

/// A lock on the selected rows: [`Select::lock`].
#[derive(Debug, Clone)]
pub struct Lock {
    /// How strong.
    pub strength: LockStrength,
    /// What happens when a row is locked already.
    pub wait: LockWait,
    /// The tables whose rows are locked. Empty means the query's first: the far side of an outer join cannot be locked,
    /// and loaders join such.
    pub of: Vec<TableRef>,
}

/// How strong a row lock is: [`for_update`](crate::query::Query::for_update) and its relatives.
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

/// What happens when a row is locked already: [`nowait`](crate::query::Query::nowait),
/// [`skip_locked`](crate::query::Query::skip_locked).
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
    pub(crate) fn same(&self, other: &TableRef) -> bool {
        self.table.id() == other.table.id() && self.alias == other.alias
    }

    /// The table under its own name.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// use orm_core::expr::{Alias, TableRef};
    /// use orm_core::model::Model;
    ///
    /// assert_eq!(TableRef::of(Tag::TABLE).alias, Alias::None);
    /// ```
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
            arguments,
        }
    }

    pub(crate) fn aggregate(
        function: impl Into<Cow<'static, str>>,
        arguments: Vec<Node>,
    ) -> AggregateCall {
        AggregateCall {
            function: function.into(),
            distinct: false,
            arguments,
            order_by: Vec::new(),
            within_group: false,
            filter: None,
        }
    }

    /// `CAST(operand AS type)`.
    pub(crate) fn cast(self, ty: &'static PgType) -> Node {
        Node::Cast(Box::new(self), ty)
    }

    /// The value with its type beside it, where the server would not know it: among arguments of any type. Text that stands
    /// beside other text needs none.
    pub(crate) fn typed(self, text_too: bool) -> Node {
        match self {
            Node::Param(param)
                if !param.pg_type().declared && (text_too || param.pg_type().name != "text") =>
            {
                let ty = param.pg_type();
                Node::Param(param).cast(ty)
            }
            node => node,
        }
    }

    /// Adds a condition to the aggregates in an expression: a row that does not meet it is not theirs.
    pub(crate) fn filter_aggregates(&mut self, condition: &Node) {
        self.each_aggregate_call(&mut |call| {
            let before = call.filter.take();
            call.filter = Node::all(before.into_iter().chain([condition.clone()]));
        });
    }

    /// Changes the calls of the aggregates in an expression.
    pub(crate) fn each_aggregate_call(&mut self, change: &mut dyn FnMut(&mut AggregateCall)) {
        self.each_aggregate(&mut |node| {
            if let Node::Aggregate(call) = node {
                change(call);
            }
        });
    }

    /// Makes window functions of the aggregates in an expression.
    pub(crate) fn over(&mut self, window: &WindowNode) {
        self.each_aggregate(&mut |node| {
            let call = std::mem::replace(node, Node::Word("NULL"));
            *node = Node::Over(Box::new(call), Box::new(window.clone()));
        });
    }

    /// Changes each aggregate in an expression, but not those in another one's arguments.
    fn each_aggregate(&mut self, change: &mut dyn FnMut(&mut Node)) {
        match self {
            Node::Aggregate(_) => change(self),
            Node::Infix(left, _, right) => {
                left.each_aggregate(change);
                right.each_aggregate(change);
            }
            Node::Prefix(_, operand)
            | Node::Postfix(operand, _)
            | Node::Extract(_, operand)
            | Node::Quantified(_, operand)
            | Node::Cast(operand, _)
            | Node::Collate(operand, _) => operand.each_aggregate(change),
            Node::Between(a, b, c) => {
                for node in [a, b, c] {
                    node.each_aggregate(change);
                }
            }
            Node::Junction(_, nodes) | Node::Row(nodes) | Node::Template(_, nodes) => {
                for node in nodes {
                    node.each_aggregate(change);
                }
            }
            Node::Call { arguments, .. } => {
                for node in arguments {
                    node.each_aggregate(change);
                }
            }
            Node::Case(case) => {
                let branches = case
                    .branches
                    .iter_mut()
                    .flat_map(|(when, then)| [when, then]);
                for node in branches.chain(&mut case.operand).chain(&mut case.otherwise) {
                    node.each_aggregate(change);
                }
            }
            Node::Column(..)
            | Node::Param(_)
            | Node::Word(_)
            | Node::InRows(..)
            | Node::Exists(_)
            | Node::Subquery(_)
            | Node::Over(..)
            | Node::Output(_)
            | Node::RowNumber(_) => {}
        }
    }

    /// Two conditions with `AND` or `OR` between them.
    pub(crate) fn junction(left: Node, word: &'static str, right: Node) -> Node {
        match left {
            Node::Junction(same, mut conditions) if same == word => {
                conditions.push(right);
                Node::Junction(word, conditions)
            }
            left => Node::Junction(word, vec![left, right]),
        }
    }

    /// All of the conditions, joined by AND; `None` if there are none.
    pub(crate) fn all(conditions: impl IntoIterator<Item = Node>) -> Option<Node> {
        conditions
            .into_iter()
            .reduce(|all, next| Node::junction(all, "AND", next))
    }

    /// Whether the two are the same expression with the same values. Subqueries never are.
    pub(crate) fn same(&self, other: &Node) -> bool {
        let all =
            |a: &[Node], b: &[Node]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.same(b));
        match (self, other) {
            (Node::Column(table, column), Node::Column(other, other_column)) => {
                column == other_column && table.same(other)
            }
            (Node::Param(a), Node::Param(b)) => {
                a.pg_type().name == b.pg_type().name && a.bytes() == b.bytes()
            }
            (Node::Word(a), Node::Word(b)) => a == b,
            (Node::Infix(a, operator, b), Node::Infix(c, other, d)) => {
                operator == other && a.same(c) && b.same(d)
            }
            (Node::Junction(word, a), Node::Junction(other, b)) => word == other && all(a, b),
            (Node::Prefix(operator, a), Node::Prefix(other, b))
            | (Node::Postfix(a, operator), Node::Postfix(b, other))
            | (Node::Extract(operator, a), Node::Extract(other, b))
            | (Node::Quantified(operator, a), Node::Quantified(other, b)) => {
                operator == other && a.same(b)
            }
            (Node::Between(a, b, c), Node::Between(d, e, f)) => a.same(d) && b.same(e) && c.same(f),
            (
                Node::Call {
                    function,
                    arguments,
                },
                Node::Call {
                    function: other,
                    arguments: others,
                },
            ) => function == other && all(arguments, others),
            (Node::Aggregate(a), Node::Aggregate(b)) => {
                a.function == b.function
                    && (a.distinct, a.within_group) == (b.distinct, b.within_group)
                    && all(&a.arguments, &b.arguments)
                    && same_option(&a.filter, &b.filter)
                    && a.order_by.len() == b.order_by.len()
                    && a.order_by.iter().zip(&b.order_by).all(|(a, b)| {
                        (a.descending, a.nulls_first) == (b.descending, b.nulls_first)
                            && a.node.same(&b.node)
                    })
            }
            (Node::Case(a), Node::Case(b)) => {
                same_option(&a.operand, &b.operand)
                    && same_option(&a.otherwise, &b.otherwise)
                    && a.branches.len() == b.branches.len()
                    && a.branches
                        .iter()
                        .zip(&b.branches)
                        .all(|(a, b)| a.0.same(&b.0) && a.1.same(&b.1))
            }
            (Node::Row(a), Node::Row(b)) => all(a, b),
            (Node::Template(text, a), Node::Template(other, b)) => text == other && all(a, b),
            (Node::Collate(a, name), Node::Collate(b, other)) => name == other && a.same(b),
            (Node::Cast(a, ty), Node::Cast(b, other)) => {
                ty.to_string() == other.to_string() && a.same(b)
            }
            _ => false,
        }
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

fn same_option(a: &Option<Node>, b: &Option<Node>) -> bool {
    match (a, b) {
        (None, None) => true,
        (Some(a), Some(b)) => a.same(b),
        _ => false,
    }
}

impl Select {
    /// Whether it gives a row for each row of its tables: nothing but columns is selected, so no aggregate.
    pub(crate) fn is_row_for_row(&self) -> bool {
        self.set.is_none()
            && self
                .items
                .iter()
                .all(|item| matches!(item, Item::Whole(_) | Item::Expr(Node::Column(..))))
    }

    /// Whether an expression of the select list may have to come again in other clauses, word for word.
    pub(crate) fn repeats(&self) -> bool {
        !self.group_by.is_empty() || self.distinct || !self.distinct_on.is_empty()
    }

    /// `SELECT FROM table`, with nothing selected yet.
    pub(crate) fn from(table: TableRef) -> Self {
        Select {
            ctes: Vec::new(),
            set: None,
            items: Vec::new(),
            distinct: false,
            distinct_on: Vec::new(),
            from: table,
            joins: Vec::new(),
            computed: Vec::new(),
            filters: Vec::new(),
            group_by: Vec::new(),
            having: Vec::new(),
            order_by: Vec::new(),
            limit: None,
            offset: None,
            lock: None,
            refresh: false,
            unfiltered: false,
            pipelined: false,
        }
    }
}
