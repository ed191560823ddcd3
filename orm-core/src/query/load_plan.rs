//! [`Loads`]: what a statement brings besides its own rows. It decides which relationships of a load path are joined to
//! the statement and which get one of their own, and adds the joins.

use super::{LoadStep, Strategy};
use crate::error::{Error, Result};
use crate::expr::{
    Alias, Item, Join, JoinKind, Node, OrderNode, Rows, Select, TableRef, WindowNode, own_order,
    with_own_condition,
};
use crate::model::{RelationInfo, RelationKind, Table};

/// What a statement loads with its entities: which relationships are joined to its rows, and the whole tree.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::model::Model as _;
/// use orm_core::query::{Loads, LoadPath};
///
/// // What an executor is given for `Order::query().with(Order::ITEMS)`: one step, by a statement of its own.
/// let loads = Loads { root: Order::TABLE, joined: Vec::new(), steps: vec![Order::ITEMS.into_steps()], repeats: false, numbered: false };
/// assert_eq!((loads.root.name, loads.steps.len(), loads.joined.len()), ("orders", 1, 0));
/// ```
#[derive(Debug, Clone)]
pub struct Loads {
    /// The table whose entities the tree starts at.
    pub root: &'static Table,
    /// The joined relationships, in the order of their columns behind the row's own.
    pub joined: Vec<JoinedLoad>,
    /// The tree.
    pub steps: Vec<LoadStep>,
    /// Whether an entity comes in several rows, because a collection is joined to it.
    pub repeats: bool,
    /// Whether the rows are numbered behind the entity's columns, because the collections are joined around the query.
    pub numbered: bool,
}

/// A relationship that is joined to a statement's rows.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::expr::Selectable;
/// use orm_core::query::JoinedLoad;
///
/// // What it is given for `Order::query().with(Order::USER)`, whose rows have the user's columns behind their own.
/// let joined = JoinedLoad { relation: Order::USER.info(), table: User::table_ref(), parent: None, partial: false };
/// assert_eq!(joined.relation.to.name, "users");
/// ```
#[derive(Debug, Clone)]
pub struct JoinedLoad {
    /// The relationship.
    pub relation: &'static RelationInfo,
    /// What its rows are called in the statement.
    pub table: TableRef,
    /// Which of the joined ones before it starts from; `None` is the root.
    pub parent: Option<usize>,
    /// Whether a condition may leave out related rows.
    pub partial: bool,
}

impl Loads {
    /// As [`plan`](Loads::plan), for a user's query, whose clauses must mean what they mean without the loads.
    ///
    /// A joined collection gives a row for each member. So that LIMIT and OFFSET count entities, and that a query with
    /// joins of its own gives an entity as often as it does without, the query then becomes a subquery with numbered rows,
    /// and the collections are joined to that. What cannot be wrapped like this (DISTINCT, locked rows, rows of more than
    /// the entity) gets the collections by statements of their own.
    pub(crate) fn of_query(select: &mut Select, mut steps: Vec<LoadStep>) -> Loads {
        let own_rows = select.items.len() == 1
            && !select.distinct
            && select.distinct_on.is_empty()
            && select.set.is_none()
            && select.group_by.is_empty();
        let wraps = select.limit.is_some() || select.offset.is_some() || !select.joins.is_empty();
        let can_wrap = select.lock.is_none() && !steps.iter().any(|step| step.taken_from.is_some());
        if !own_rows || (wraps && !can_wrap) {
            steps.iter_mut().for_each(separate_collections);
        }
        if !wraps || !can_wrap || !steps.iter().any(joins_collection) {
            let single = select.items.len() == 1;
            let mut loads = Loads::plan(select, steps);
            // Where the rows are more than the entity, each of them counts.
            loads.repeats &= single;
            return loads;
        }
        let wrapped = TableRef {
            table: select.from.table,
            alias: Alias::Loaded(0),
        };
        let mut outer = Select::from(wrapped);
        outer.items.push(Item::Whole(wrapped));
        let number = Node::RowNumber(wrapped);
        outer.items.push(Item::Expr(number.clone()));
        outer.order_by.push(ascending(number));
        outer.refresh = select.refresh;
        outer.unfiltered = select.unfiltered;
        outer.pipelined = select.pipelined;
        let inner = std::mem::replace(select, outer);
        let numbered = Rows::Numbered(Box::new(with_numbers(inner)));
        select.computed.push((wrapped, numbered));
        let mut loads = Loads::plan(select, steps);
        loads.numbered = true;
        loads
    }

    /// As [`of_query`](Loads::of_query), for rows that are read in chunks: no row is one of several of its entity, so collections
    /// get statements of their own.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a collection whose rows the query itself has joined.
    pub(crate) fn of_chunks(select: &mut Select, mut steps: Vec<LoadStep>) -> Result<Loads> {
        steps.iter_mut().for_each(separate_collections);
        if let Some(step) = steps.iter().find(|step| joins_collection(step)) {
            return Err(Error::invalid(format!(
                "`.with_joined({})` has its collections in the query's own rows, and a cursor may find those of one entity in two \
                 chunks: use `.with(..)`",
                step.relation.path()
            )));
        }
        Ok(Loads::plan(select, steps))
    }

    /// Adds LEFT JOINs for the joined steps to the select, and their columns behind its own.
    ///
    /// Rows of groups cannot have more columns: there everything is loaded by its own statement. And a select list without
    /// the root's entity has nothing to load anything of.
    pub(crate) fn plan(select: &mut Select, mut steps: Vec<LoadStep>) -> Loads {
        let root = select.from;
        if select.unfiltered {
            steps.iter_mut().for_each(LoadStep::leave_out_criteria);
        }
        let has_root = |item: &Item| {
            matches!(item, Item::Whole(table)
            if std::ptr::eq(table.table, root.table) && table.alias == root.alias)
        };
        if !select.items.iter().any(has_root) {
            steps.clear();
        }
        if !select.group_by.is_empty() {
            for step in &mut steps {
                step.strategy = Some(Strategy::SelectIn);
                step.taken_from = None;
            }
        }
        let mut joined = Vec::new();
        join_steps(&steps, root, None, select, &mut joined);
        Loads {
            root: root.table,
            repeats: steps.iter().any(joins_collection),
            joined,
            steps,
            numbered: false,
        }
    }
}

/// The query with the numbers of its rows behind its columns. It is ordered by them: by what it was ordered by, and rows
/// that are equal in that are the same ones for its LIMIT as for their numbers.
fn with_numbers(mut select: Select) -> Select {
    let number = Node::Output(select.from.table.columns.len() as u16);
    let order = std::mem::replace(&mut select.order_by, vec![ascending(number)]);
    let window = WindowNode {
        order,
        ..WindowNode::default()
    };
    let number = Node::Over(
        Box::new(Node::call("row_number", Vec::new())),
        Box::new(window),
    );
    select.items.push(Item::Expr(number));
    select
}

fn ascending(node: Node) -> OrderNode {
    OrderNode {
        node,
        ty: None,
        descending: false,
        nulls_first: None,
    }
}

/// Whether a collection is joined to the rows, by this step or one behind it.
fn joins_collection(step: &LoadStep) -> bool {
    step.strategy() == Strategy::Joined
        && (!step.relation.is_to_one() || step.then.iter().any(joins_collection))
}

/// Gives every collection that would be joined to the rows a statement of its own. Those whose rows the query has anyhow
/// stay.
fn separate_collections(step: &mut LoadStep) {
    if step.strategy() != Strategy::Joined {
        return;
    }
    if step.relation.is_to_one() || step.taken_from.is_some() {
        step.then.iter_mut().for_each(separate_collections);
    } else {
        step.strategy = Some(Strategy::SelectIn);
    }
}

fn join_steps(
    steps: &[LoadStep],
    here: TableRef,
    parent: Option<usize>,
    select: &mut Select,
    joined: &mut Vec<JoinedLoad>,
) {
    for step in steps {
        if step.strategy() != Strategy::Joined {
            continue;
        }
        let relation = step.relation;
        let this = joined.len();
        let there = TableRef {
            table: relation.to,
            alias: step.taken_from.unwrap_or(Alias::Loaded(this as u16 + 1)),
        };
        joined.push(JoinedLoad {
            relation,
            table: there,
            parent,
            partial: !step.filters.is_empty() || step.taken_from.is_some(),
        });
        if step.taken_from.is_none() {
            join(step, here, there, select);
        }
        select.items.push(Item::Whole(there));
        join_steps(&step.then, there, Some(this), select, joined);
    }
}

/// Joins a relationship's rows. What was said of them names the table by its own name, and it has another here.
fn join(step: &LoadStep, here: TableRef, there: TableRef, select: &mut Select) {
    let own = TableRef::of(there.table);
    let renamed = |node: &Node| node.clone().renamed(own, there);
    let mut tie = |table, on| {
        select.joins.push(Join {
            kind: JoinKind::Left,
            table,
            on,
        });
    };
    let on = if let RelationKind::ManyToMany { near, far } = &step.relation.kind {
        let link = TableRef {
            table: near.from,
            alias: match there.alias {
                Alias::Loaded(number) => Alias::LoadedLink(number),
                other => other,
            },
        };
        let (link_near, here_key) = near.columns();
        let (link_far, there_key) = far.columns();
        tie(link, Node::tie(link, link_near, here, here_key));
        Node::tie(there, there_key, link, link_far)
    } else {
        let (here_columns, there_columns) = step.relation.columns();
        Node::tie(there, there_columns, here, here_columns)
    };
    let on = with_own_condition(on, step.relation, there);
    let filters = step.filters.iter().map(renamed);
    let on = filters.fold(on, |on, filter| Node::junction(on, "AND", filter));
    tie(there, on);
    if step.order_by.is_empty() {
        select.order_by.extend(own_order(step.relation, there));
    }
    let order = step.order_by.iter().map(|order| OrderNode {
        node: renamed(&order.node),
        ..order.clone()
    });
    select.order_by.extend(order);
}
