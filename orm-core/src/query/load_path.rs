//! Load paths: `.with(Order::ITEMS.then(OrderItem::PRODUCT))` as data. Queries carry them; the session follows them.
//!
//! A relationship constant is a path of one step; [`then`](Relation::then) goes on from where it leads, and `filter`,
//! `order_by`, `limit`, `selectin` and `joined` say how its last step is loaded. Several paths that share a beginning load
//! it once.

use std::fmt;
use std::marker::PhantomData;

use crate::expr::{
    Alias, Condition, InScope, Item, Join, JoinKind, Node, OrderBy, OrderNode, RowLevel, Select,
    TableRef, with_own_condition,
};
use crate::model::{
    Model, Relation, RelationInfo, RelationShape, Source, Table, Target, ToMany, ToOne,
};

/// One relationship to load, and what to load from there.
#[derive(Debug, Clone)]
pub struct LoadStep {
    /// The relationship.
    pub relation: &'static RelationInfo,
    /// By which statement, where that was asked for.
    pub strategy: Option<Strategy>,
    /// Conditions on the related rows.
    pub filters: Vec<Node>,
    /// The order of the related rows, for each parent.
    pub order_by: Vec<OrderNode>,
    /// At most this many related rows for each parent.
    pub limit: Option<i64>,
    /// What to load from there.
    pub then: Vec<LoadStep>,
}

/// By which statement a relationship is loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strategy {
    /// By a LEFT JOIN in the parents' statement. SQLAlchemy: `joinedload`.
    Joined,
    /// By one more statement for all parents: `WHERE key = ANY($1)`. SQLAlchemy: `selectinload`.
    SelectIn,
}

/// A path of relationships, from `Root` to `End`: what `.with(..)` and `db.load(..)` take beside a plain relationship.
/// SQLAlchemy: a chain of loader options, `joinedload(..).selectinload(..)`.
///
/// ```
#[doc = include_str!("../session/example_shop.txt")]
/// // The two dearest orders of each user, with their items: three statements, however many users there are.
/// let dearest = User::ORDERS.order_by(Order::TOTAL.desc()).limit(2).then(Order::ITEMS);
/// let users = User::query().with(dearest).with(User::PROFILE).order_by(User::ID).all(&mut db).await?;
/// let totals = db.view(users[0]).related(User::ORDERS)?.map(|order| order.total);
/// assert_eq!(totals.collect::<Vec<_>>(), [30, 20]);
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "testing"))] fn main() {}
/// ```
pub struct Path<Root, End, Shape> {
    /// The steps one after the other; they are nested when the path is added to a query.
    chain: Vec<LoadStep>,
    types: PhantomData<fn() -> (Root, End, Shape)>,
}

impl<Root, End, Shape> Clone for Path<Root, End, Shape> {
    fn clone(&self) -> Self {
        Path::new(self.chain.clone())
    }
}

impl<Root, End, Shape> fmt::Debug for Path<Root, End, Shape> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.chain.iter().map(|step| step.relation.path()).collect();
        f.write_str(&names.join(" > "))
    }
}

/// A relationship or a path of them.
pub trait LoadPath {
    /// Where it begins.
    type Root: Model;
    /// Where it arrives.
    type End: Model;
    /// The shape of the last relationship.
    type Shape: RelationShape;

    /// The steps one after the other.
    fn into_chain(self) -> Vec<LoadStep>;

    /// The steps, each inside the one before.
    fn into_steps(self) -> LoadStep
    where
        Self: Sized,
    {
        let mut steps = self.into_chain().into_iter().rev();
        let last = steps
            .next()
            .unwrap_or_else(|| unreachable!("a path has at least one relationship"));
        steps.fold(last, |inner, mut outer| {
            outer.then.push(inner);
            outer
        })
    }
}

impl<From: Model, To: Target, Shape: RelationShape> LoadPath for Relation<From, To, Shape> {
    type Root = From;
    type End = To::Model;
    type Shape = Shape;

    fn into_chain(self) -> Vec<LoadStep> {
        vec![LoadStep::of(self.info())]
    }
}

impl<Root: Model, End: Model, Shape: RelationShape> LoadPath for Path<Root, End, Shape> {
    type Root = Root;
    type End = End;
    type Shape = Shape;

    fn into_chain(self) -> Vec<LoadStep> {
        self.chain
    }
}

/// A path that begins at `M`.
#[diagnostic::on_unimplemented(
    message = "this relationship is not one of `{M}`",
    label = "the path has arrived at `{M}`, and this relationship starts elsewhere"
)]
pub trait StartsAt<M>: LoadPath {}

#[diagnostic::do_not_recommend]
impl<M: Model, To: Target, Shape: RelationShape> StartsAt<M> for Relation<M, To, Shape> {}
#[diagnostic::do_not_recommend]
impl<M: Model, End: Model, Shape: RelationShape> StartsAt<M> for Path<M, End, Shape> {}

impl<Root, End, Shape> Path<Root, End, Shape> {
    fn new(chain: Vec<LoadStep>) -> Self {
        Path {
            chain,
            types: PhantomData,
        }
    }

    fn last(mut self, change: impl FnOnce(&mut LoadStep)) -> Self {
        if let Some(step) = self.chain.last_mut() {
            change(step);
        }
        self
    }

    /// Loads a relationship of what this one leads to, too.
    pub fn then<R: StartsAt<End>>(mut self, next: R) -> Path<Root, R::End, R::Shape> {
        self.chain.extend(next.into_chain());
        Path::new(self.chain)
    }

    /// Loads the last relationship by one more statement for all parents. SQLAlchemy: `selectinload`.
    pub fn selectin(self) -> Self {
        self.last(|step| step.strategy = Some(Strategy::SelectIn))
    }
}

impl<Root, End, Shape: ToOne> Path<Root, End, Shape> {
    /// Loads the last relationship by a LEFT JOIN in the parents' statement. SQLAlchemy: `joinedload`.
    pub fn joined(self) -> Self {
        self.last(|step| step.strategy = Some(Strategy::Joined))
    }
}

impl<Root, End: Source, Shape: ToMany> Path<Root, End, Shape> {
    /// Loads only the related rows for which a condition is true.
    pub fn filter<E, I>(self, condition: E) -> Self
    where
        E: Condition,
        E::Uses: InScope<(End, ()), I> + RowLevel,
    {
        self.last(|step| step.filters.push(condition.into_node()))
    }

    /// The order of the related rows, for each parent.
    pub fn order_by<O, I>(self, order: O) -> Self
    where
        O: OrderBy<(End, ()), I>,
    {
        self.last(|step| order.push_to(&mut step.order_by))
    }

    /// At most this many related rows for each parent.
    pub fn limit(self, rows: i64) -> Self {
        self.last(|step| step.limit = Some(rows))
    }
}

impl<From: Model, To: Target, Shape: RelationShape> Relation<From, To, Shape> {
    fn path(self) -> Path<From, To::Model, Shape> {
        Path::new(self.into_chain())
    }

    /// Loads a relationship of what this one leads to, too.
    pub fn then<R: StartsAt<To::Model>>(self, next: R) -> Path<From, R::End, R::Shape> {
        self.path().then(next)
    }

    /// Loads it by one more statement for all parents: `WHERE id = ANY($1)`. What a to-many is loaded by anyhow; of a
    /// to-one it saves reading the same target with each of its parents, and targets in the identity map are not asked
    /// for. SQLAlchemy: `selectinload`.
    ///
    /// ```
    #[doc = include_str!("../session/example_shop.txt")]
    /// let orders = Order::query().with(Order::USER.selectin()).all(&mut db).await?; // two statements
    /// assert!(db.related(orders[0], Order::USER)?.is_some());
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    pub fn selectin(self) -> Path<From, To::Model, Shape> {
        self.path().selectin()
    }
}

impl<From: Model, To: Target, Shape: ToOne> Relation<From, To, Shape> {
    /// Loads it by a LEFT JOIN in the parents' statement, which a to-one is loaded by anyhow. SQLAlchemy: `joinedload`.
    pub fn joined(self) -> Path<From, To::Model, Shape> {
        self.path().joined()
    }
}

impl<From: Model, To: Target, Shape: ToMany> Relation<From, To, Shape> {
    /// Loads only the related rows for which a condition is true; several conditions must all hold. The collection in
    /// memory then is that part of it, until it is loaded again. SQLAlchemy: `selectinload(User.orders.and_(..))`.
    ///
    /// ```
    #[doc = include_str!("../session/example_shop.txt")]
    /// let users = User::query().with(User::ORDERS.filter(Order::TOTAL.gt(15))).order_by(User::ID).all(&mut db).await?;
    /// assert_eq!(db.related(users[0], User::ORDERS)?.len(), 2);
    /// assert_eq!(db.related(users[1], User::ORDERS)?.len(), 0); // loaded, and empty
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    pub fn filter<E, I>(self, condition: E) -> Path<From, To::Model, Shape>
    where
        E: Condition,
        E::Uses: InScope<(To::Model, ()), I> + RowLevel,
    {
        self.path().filter(condition)
    }

    /// The order of the related rows, for each parent: a column, an expression, or a tuple of these.
    pub fn order_by<O, I>(self, order: O) -> Path<From, To::Model, Shape>
    where
        O: OrderBy<(To::Model, ()), I>,
    {
        self.path().order_by(order)
    }

    /// At most this many related rows for each parent: still one statement for all parents, a lateral join.
    ///
    /// ```
    #[doc = include_str!("../session/example_shop.txt")]
    /// let users = User::query().all(&mut db).await?;
    /// db.load(&users, User::ORDERS.order_by(Order::ID.desc()).limit(1)).await?; // the newest of each
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    pub fn limit(self, rows: i64) -> Path<From, To::Model, Shape> {
        self.path().limit(rows)
    }
}

impl LoadStep {
    /// A relationship, all of it, and nothing behind it.
    pub(crate) fn of(relation: &'static RelationInfo) -> Self {
        LoadStep {
            relation,
            strategy: None,
            filters: Vec::new(),
            order_by: Vec::new(),
            limit: None,
            then: Vec::new(),
        }
    }

    /// By which statement: joined for a to-one, select-in for a to-many, where nothing else was asked for.
    pub fn strategy(&self) -> Strategy {
        self.strategy.unwrap_or(if self.relation.is_to_one() {
            Strategy::Joined
        } else {
            Strategy::SelectIn
        })
    }
}

/// Adds a step to others. A relationship is loaded once in a level: what several paths say of it adds up, as several
/// `filter` and `order_by` of a query do; of limits and strategies the last counts.
pub(crate) fn merge(steps: &mut Vec<LoadStep>, step: LoadStep) {
    let same = steps
        .iter_mut()
        .find(|other| std::ptr::eq(other.relation, step.relation));
    let Some(other) = same else {
        steps.push(step);
        return;
    };
    other.strategy = step.strategy.or(other.strategy);
    other.filters.extend(step.filters);
    other.order_by.extend(step.order_by);
    other.limit = step.limit.or(other.limit);
    for inner in step.then {
        merge(&mut other.then, inner);
    }
}

/// What a query loads with its entities: which relationships are joined to its rows, and the whole tree.
#[derive(Debug)]
pub struct Loads {
    /// The table whose entities the tree starts at.
    pub root: &'static Table,
    /// The joined relationships, in the order of their columns behind the row's own.
    pub joined: Vec<JoinedLoad>,
    /// The tree.
    pub steps: Vec<LoadStep>,
}

/// A relationship that is joined to a query's rows.
#[derive(Debug)]
pub struct JoinedLoad {
    /// The relationship.
    pub relation: &'static RelationInfo,
    /// Which of the joined ones before it starts from; `None` is the root.
    pub parent: Option<usize>,
}

impl Loads {
    /// Adds LEFT JOINs for the joined steps to the select, and their columns behind its own.
    ///
    /// Rows of groups cannot have more columns: there a to-one is loaded by its own statement. And a select list without
    /// the root's entity has nothing to load anything of.
    pub(crate) fn plan(select: &mut Select, mut steps: Vec<LoadStep>) -> Loads {
        let root = select.from;
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
            }
        }
        let mut loads = Loads {
            root: select.from.table,
            joined: Vec::new(),
            steps,
        };
        let mut joined = Vec::new();
        join_steps(&loads.steps, select.from, None, select, &mut joined);
        loads.joined = joined;
        loads
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
        joined.push(JoinedLoad {
            relation: step.relation,
            parent,
        });
        let this = joined.len() - 1;
        let there = TableRef {
            table: step.relation.to,
            alias: Alias::Loaded(joined.len() as u16),
        };
        let (here_columns, there_columns) = step.relation.columns();
        select.joins.push(Join {
            kind: JoinKind::Left,
            table: there,
            on: with_own_condition(
                Node::tie(there, there_columns, here, here_columns),
                step.relation,
                there,
            ),
        });
        select.items.push(Item::Whole(there));
        join_steps(&step.then, there, Some(this), select, joined);
    }
}
