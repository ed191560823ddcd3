//! Load paths: `.with(Order::ITEMS.then(OrderItem::PRODUCT))` as data. Queries carry them; the session follows them.
//!
//! A relationship constant is a path of one step; [`then`](Relation::then) goes on from where it leads, and `filter`,
//! `order_by`, `limit`, `selectin` and `joined` say how its last step is loaded. Several paths that share a beginning load
//! it once.

use std::fmt;
use std::marker::PhantomData;

use crate::expr::{Alias, Condition, Node, OrderNode, OrdersBy, PerRow, Ungrouped, Within};
use crate::model::{
    AliasOf, Model, Recursive, Relation, RelationInfo, RelationShape, Source, Target, ToMany,
};

/// One relationship to load, and what to load from there.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::query::{LoadPath, LoadStep, Strategy};
///
/// let step: LoadStep = Order::ITEMS.limit(2).then(OrderItem::PRODUCT).into_steps();
/// assert_eq!((step.relation.path().as_str(), step.limit, step.strategy()), ("Order::ITEMS", Some(2), Strategy::SelectIn));
/// assert_eq!(step.then[0].relation.path(), "OrderItem::PRODUCT");
/// ```
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
    /// How far it is followed, where it leads from a model back to itself and is to be followed further than to the next row.
    pub levels: Option<Levels>,
    /// The table of the query whose rows are taken for the related ones, where the query has joined them anyhow.
    pub taken_from: Option<Alias>,
    /// What to load from there.
    pub then: Vec<LoadStep>,
    /// Which of the levels it is that came along with the query, if it did.
    pub(crate) brought: Option<usize>,
    /// Whether the session's criteria are left out of its statement.
    pub(crate) unfiltered: bool,
}

/// How far a relationship of a model to itself is followed. SQLAlchemy: `recursion_depth` of `selectinload`.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::query::{Levels, LoadPath};
///
/// assert_eq!(Category::CHILDREN.recursive().into_steps().levels, Some(Levels::All));
/// assert_eq!(Category::CHILDREN.recursive_to(2).into_steps().levels, Some(Levels::AtMost(2)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Levels {
    /// To its end.
    All,
    /// At most so many levels; 1 is the related rows themselves.
    AtMost(u32),
}

impl Levels {
    /// Whether what lies behind the entities of a level belongs to it; the level that it starts at is 0.
    ///
    /// ```
    /// use orm_core::query::Levels;
    ///
    /// assert!(Levels::AtMost(2).goes_below(1)); // the members of the first level's members are the second
    /// assert!(!Levels::AtMost(2).goes_below(2));
    /// ```
    pub fn goes_below(self, level: u32) -> bool {
        match self {
            Levels::All => true,
            Levels::AtMost(levels) => level < levels,
        }
    }
}

/// By which statement a relationship is loaded.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::query::{LoadPath, Strategy};
///
/// assert_eq!(Order::USER.selectin().into_steps().strategy, Some(Strategy::SelectIn));
/// assert_eq!(Order::ITEMS.joined().into_steps().strategy, Some(Strategy::Joined));
/// ```
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
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::query::LoadPath;
///
/// let chain = Order::ITEMS.then(OrderItem::PRODUCT).into_chain(); // flat; `into_steps` nests them
/// assert_eq!(chain.iter().map(|step| step.relation.path()).collect::<Vec<_>>(), ["Order::ITEMS", "OrderItem::PRODUCT"]);
/// ```
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

impl<From: Source, To: Target, Shape: RelationShape> LoadPath for Relation<From, To, Shape> {
    type Root = From::Model;
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
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::query::StartsAt;
///
/// fn orders_with(path: impl StartsAt<Order>) -> EntityQuery<Order> {
///     Order::query().with(path)
/// }
/// let q = orders_with(Order::ITEMS.then(OrderItem::PRODUCT)); // `User::ORDERS` starts elsewhere
/// # let _ = q;
/// ```
#[diagnostic::on_unimplemented(
    message = "this is no relationship of `{M}`",
    label = "expected one that starts at `{M}`, where the path has arrived",
    note = "a longer way is written step by step: `.with(User::ORDERS.then(Order::ITEMS))`; the columns come with their rows"
)]
pub trait StartsAt<M>: LoadPath {}

#[diagnostic::do_not_recommend]
impl<M: Model, From: AliasOf<M>, To: Target, Shape: RelationShape> StartsAt<M>
    for Relation<From, To, Shape>
{
}
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

    /// Loads a relationship of what this one leads to, too. SQLAlchemy: a further `.selectinload(..)` on the option.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let path = User::ORDERS.then(Order::ITEMS.then(OrderItem::PRODUCT)); // to any depth
    /// let users = User::query().with(path).all(&mut db).await?; // three statements
    /// assert_eq!(db.related(users[0], User::ORDERS)?.len(), 2);
    /// # Ok(())
    /// # }
    /// ```
    pub fn then<R: StartsAt<End>>(mut self, next: R) -> Path<Root, R::End, R::Shape> {
        self.chain.extend(next.into_chain());
        Path::new(self.chain)
    }

    /// Loads the last relationship by one more statement for all parents. SQLAlchemy: `selectinload`.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let orders = Order::query().with(Order::ITEMS.then(OrderItem::PRODUCT.selectin()));
    /// orders.all(&mut db).await?; // three statements; each product is read once
    /// # assert_eq!(log.count(), 4);
    /// # Ok(())
    /// # }
    /// ```
    pub fn selectin(self) -> Self {
        self.last(|step| step.strategy = Some(Strategy::SelectIn))
    }

    /// Loads the last relationship by a LEFT JOIN in the parents' statement. SQLAlchemy: `joinedload`.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let orders = Order::query().with(Order::USER.then(User::PROFILE.joined()));
    /// let orders = orders.all(&mut db).await?; // one statement
    /// # assert_eq!(log.count(), 2);
    /// assert!(db.view(orders[0]).related(Order::USER)?.related(User::PROFILE)?.is_some());
    /// # Ok(())
    /// # }
    /// ```
    pub fn joined(self) -> Self {
        self.last(|step| step.strategy = Some(Strategy::Joined))
    }
}

impl<Root, End: Source, Shape> Path<Root, End, Shape> {
    /// Loads only the related rows for which a condition is true.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let many = Order::ITEMS.filter(OrderItem::QUANTITY.gt(1)).filter(OrderItem::PRICE.lt(5_000));
    /// let orders = Order::query().with(many).order_by(Order::ID).all(&mut db).await?;
    /// assert_eq!(db.related(orders[0], Order::ITEMS)?.len(), 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn filter<E, I>(self, condition: E) -> Self
    where
        Shape: ToMany,
        E: Condition + Within<(End, ()), I> + PerRow,
    {
        self.last(|step| step.filters.push(condition.into_node()))
    }

    /// The order of the related rows, for each parent.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let dearest = Order::ITEMS.filter(OrderItem::QUANTITY.gt(0)).order_by(OrderItem::PRICE.desc());
    /// let orders = Order::query().with(dearest).order_by(Order::ID).all(&mut db).await?;
    /// let prices = db.view(orders[0]).related(Order::ITEMS)?.map(|item| item.price);
    /// assert_eq!(prices.collect::<Vec<_>>(), [99_900, 1_900]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn order_by<O, I>(self, order: O) -> Self
    where
        Shape: ToMany,
        O: OrdersBy<(End, ()), I, Ungrouped>,
    {
        self.last(|step| order.push_to(&mut step.order_by))
    }

    /// At most this many related rows for each parent.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let dearest = Order::ITEMS.order_by(OrderItem::PRICE.desc()).limit(1);
    /// let orders = Order::query().with(dearest).all(&mut db).await?; // still two statements
    /// assert_eq!(db.related(orders[0], Order::ITEMS)?.len(), 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn limit(self, rows: i64) -> Self
    where
        Shape: ToMany,
    {
        self.last(|step| step.limit = Some(rows))
    }
}

impl<From: Source, To: Target, Shape: RelationShape> Relation<From, To, Shape> {
    fn path(self) -> Path<From::Model, To::Model, Shape> {
        Path::new(self.into_chain())
    }

    /// Loads a relationship of what this one leads to, too. SQLAlchemy: `selectinload(User.orders).selectinload(Order.items)`.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let order = Order::query().with(Order::ITEMS.then(OrderItem::PRODUCT)).first(&mut db).await?;
    /// let item = db.related(order.expect("there are orders"), Order::ITEMS)?[0];
    /// assert!(db.related(item, OrderItem::PRODUCT).is_ok());
    /// # Ok(())
    /// # }
    /// ```
    pub fn then<R: StartsAt<To::Model>>(self, next: R) -> Path<From::Model, R::End, R::Shape> {
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
    pub fn selectin(self) -> Path<From::Model, To::Model, Shape> {
        self.path().selectin()
    }

    /// Loads it by a LEFT JOIN in the parents' statement, which a to-one is loaded by anyhow. SQLAlchemy: `joinedload`.
    ///
    /// A collection can be joined, too: one statement in place of two, for which the server sends a parent's columns again
    /// with each member. The query gives each parent once all the same, and its LIMIT and OFFSET count parents: the query
    /// becomes a subquery, and the collection is joined to that.
    ///
    /// ```
    #[doc = include_str!("../session/example_shop.txt")]
    /// let newest = User::ORDERS.order_by(Order::ID.desc()).joined();
    /// let users = User::query().with(newest).order_by(User::NAME).limit(1).all(&mut db).await?; // one statement
    /// assert_eq!(users.len(), 1); // one user, not one row
    /// assert_eq!(db.related(users[0], User::ORDERS)?.len(), 3);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    /// Two collections of one parent that are both joined come in every combination of their members: twenty orders and
    /// thirty addresses are six hundred rows. Join one at most, and leave others to statements of their own.
    ///
    /// A collection with a `limit` is loaded by a statement of its own whatever was asked for, and so is one of a query with
    /// DISTINCT, GROUP BY or a select list, and of a query that both locks rows and has a LIMIT or joins of its own.
    pub fn joined(self) -> Path<From::Model, To::Model, Shape> {
        self.path().joined()
    }

    /// Follows a relationship of a model to itself to its end, in one statement: a whole tree downwards, all ancestors
    /// upwards, all that can be reached in a graph. Afterwards it is loaded for every row that was reached. A ring ends
    /// where it began. SQLAlchemy: `selectinload(.., recursion_depth=-1)`, which sends a statement a level.
    ///
    /// ```text
    /// db.load(root, Node::CHILDREN.recursive())        db.load(leaf, Node::PARENT.recursive())
    ///
    ///            root                                             root
    ///           /    \                                             ^
    ///        left    right        one statement                  left
    ///        /                                                      ^
    ///     leaf                                                    leaf
    /// ```
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> orm_core::Result<()> {
    /// use orm_core::prelude::*;
    ///
    /// #[derive(Model, Clone)]
    /// #[orm(table = "categories", has_many(children: Category, via = parent))]
    /// struct Category {
    ///     #[orm(primary_key)]
    ///     id: i32,
    ///     name: String,
    ///     #[orm(belongs_to(parent: Self))]
    ///     parent_id: Option<i32>,
    /// }
    /// # let test = orm_core::testing::TestDb::with_models::<(Category,)>().await?;
    /// # let mut db = test.engine().await?.session();
    /// # let root = db.add(Category::create().name("all"));
    /// # let books = db.add(Category::create().name("books").parent(root));
    /// # let poems = db.add(Category::create().name("poems").parent(books));
    /// # db.commit().await?;
    /// # db.close().await?;
    /// let root = Category::query().filter(Category::NAME.eq("all")).one(&mut db).await?;
    /// db.load(root, Category::CHILDREN.recursive()).await?;
    /// let books = db.related(root, Category::CHILDREN)?[0];
    /// let poems = db.related(books, Category::CHILDREN)?[0];
    /// assert!(db.related(poems, Category::CHILDREN)?.is_empty());
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    /// `filter` leaves out rows and all that lies behind them, `order_by` orders the members of each; a `limit` is an
    /// error. What `then` names is loaded for the rows of all levels.
    pub fn recursive(self) -> Path<From::Model, To::Model, Shape>
    where
        To: Recursive,
    {
        self.path().last(|step| step.levels = Some(Levels::All))
    }

    /// As [`recursive`](Relation::recursive), so many levels at most; 1 is the related rows themselves.
    /// SQLAlchemy: `recursion_depth`.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let computers = db.get::<Category>(1).await?.expect("it is there");
    /// db.load(computers, Category::CHILDREN.recursive_to(1)).await?;
    /// let laptops = db.related(computers, Category::CHILDREN)?[0];
    /// assert!(db.related(laptops, Category::CHILDREN).is_err()); // a level deeper
    /// # Ok(())
    /// # }
    /// ```
    pub fn recursive_to(self, levels: u32) -> Path<From::Model, To::Model, Shape>
    where
        To: Recursive,
    {
        self.path()
            .last(|step| step.levels = Some(Levels::AtMost(levels)))
    }

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
    pub fn filter<E, I>(self, condition: E) -> Path<From::Model, To::Model, Shape>
    where
        Shape: ToMany,
        E: Condition + Within<(To::Model, ()), I> + PerRow,
    {
        self.path().filter(condition)
    }

    /// The order of the related rows, for each parent: a column, an expression, or a tuple of these.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let orders = Order::query().with(Order::ITEMS.order_by(OrderItem::PRICE)).all(&mut db).await?;
    /// let prices = db.view(orders[0]).related(Order::ITEMS)?.map(|item| item.price);
    /// assert_eq!(prices.collect::<Vec<_>>(), [1_900, 99_900]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn order_by<O, I>(self, order: O) -> Path<From::Model, To::Model, Shape>
    where
        Shape: ToMany,
        O: OrdersBy<(To::Model, ()), I, Ungrouped>,
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
    pub fn limit(self, rows: i64) -> Path<From::Model, To::Model, Shape>
    where
        Shape: ToMany,
    {
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
            levels: None,
            taken_from: None,
            then: Vec::new(),
            brought: None,
            unfiltered: false,
        }
    }

    /// Leaves the session's criteria out, here and behind.
    pub(crate) fn leave_out_criteria(&mut self) {
        self.unfiltered = true;
        self.then.iter_mut().for_each(LoadStep::leave_out_criteria);
    }

    /// By which statement: joined for a to-one, select-in for a to-many, where nothing else was asked for.
    /// What is followed to its end is never joined, and neither is a collection with a limit.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// use orm_core::query::{LoadPath, Strategy};
    ///
    /// assert_eq!(Order::USER.into_steps().strategy(), Strategy::Joined);
    /// assert_eq!(Order::ITEMS.into_steps().strategy(), Strategy::SelectIn);
    /// assert_eq!(Order::ITEMS.joined().limit(3).into_steps().strategy(), Strategy::SelectIn);
    /// ```
    pub fn strategy(&self) -> Strategy {
        if self.levels.is_some() || (self.limit.is_some() && !self.relation.is_to_one()) {
            return Strategy::SelectIn;
        }
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
    other.levels = step.levels.or(other.levels);
    other.taken_from = step.taken_from.or(other.taken_from);
    for inner in step.then {
        merge(&mut other.then, inner);
    }
}
