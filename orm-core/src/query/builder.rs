//! [`Query`]: a value that collects clauses.

use std::fmt;
use std::marker::PhantomData;

use super::load_path::merge;
use super::{LoadStep, Selects, StartsAt, Statement, render};
use crate::expr::{
    Accepts, BesideTotals, Column, Condition, Expr, Expression, Grouped, HasGroups, InScope, Item,
    KindOf, Node, Of, OrdersBy, PerGroup, PerRow, Plain, RowLevel, Select, Selectable, TableRef,
    Ungrouped, Whole, WindowFree, Within,
};
use crate::model::{Model, Source};
use crate::types::SqlType;

/// A query: what a row of it is (`Sel`), which tables it has (`Scope`), and whether it is grouped (`G`).
/// SQLAlchemy: a `Select`, or a `Query`, as yet without a session.
///
/// It is a value with no session in it. `filter`, `order_by`, `limit` and `offset` keep its type, so that clauses can be
/// added under an `if`:
///
/// ```
/// use orm_core::prelude::*;
///
/// # #[derive(Model, Clone)] #[orm(table = "products")]
/// # struct Product { #[orm(primary_key)] id: i32, name: String }
/// fn search(text: Option<&str>) -> EntityQuery<Product> {
///     let mut q = Product::query().order_by(Product::NAME);
///     if let Some(text) = text {
///         q = q.filter(Product::NAME.icontains(text));
///     }
///     q
/// }
/// assert_eq!(
///     search(Some("air")).to_sql(),
///     "SELECT products.id, products.name FROM products WHERE products.name ILIKE $1 ORDER BY products.name"
/// );
/// ```
#[must_use = "a query does nothing until it runs: `.all(&mut db).await`"]
pub struct Query<Sel, Scope, G = Ungrouped> {
    pub(crate) select: Select,
    pub(crate) loads: Vec<LoadStep>,
    #[allow(clippy::type_complexity)]
    types: PhantomData<fn() -> (Sel, Scope, G)>,
}

/// A query for the entities of one model, as `Model::query()` begins it: the type of a reusable fragment.
///
/// ```
/// use orm_core::prelude::*;
///
/// # #[derive(Model, Clone)] #[orm(table = "products")]
/// # struct Product { #[orm(primary_key)] id: i32, visible: bool }
/// fn visible(q: EntityQuery<Product>) -> EntityQuery<Product> {
///     q.filter(Product::VISIBLE)
/// }
/// assert!(visible(Product::query()).to_sql().ends_with("WHERE products.visible"));
/// ```
pub type EntityQuery<M> = Query<Whole<M>, (M, ())>;

/// The query for all entities of a model. Called by the derived `Model::query()`.
/// SQLAlchemy: `select(User)`, `session.query(User)`.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::query::entity;
///
/// assert_eq!(entity::<Tag>().to_sql(), "SELECT tags.id, tags.word FROM tags"); // as `Tag::query()`
/// ```
pub fn entity<M: Model>() -> EntityQuery<M> {
    Query::new(whole(TableRef::of(M::TABLE)), Vec::new())
}

/// The query for all entities under an alias. Called by the derived `query()` of aliases. SQLAlchemy: `select(aliased(User))`.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::query::entity_as;
///
/// type Other = Aliased<Tag, 1>;
/// assert_eq!(entity_as::<Other>().to_sql(), "SELECT tags_1.id, tags_1.word FROM tags AS tags_1"); // as `Other::query()`
/// ```
pub fn entity_as<S: Source>() -> Query<Whole<S::Model>, (S, ())> {
    Query::new(whole(S::table_ref()), Vec::new())
}

fn whole(table: TableRef) -> Select {
    let mut select = Select::from(table);
    select.items.push(Item::Whole(table));
    select
}

impl<Sel, Scope, G> Query<Sel, Scope, G> {
    pub(crate) fn new(select: Select, loads: Vec<LoadStep>) -> Self {
        Query {
            select,
            loads,
            types: PhantomData,
        }
    }

    /// The same clauses under other types.
    pub(crate) fn retyped<Sel2, Scope2, G2>(self) -> Query<Sel2, Scope2, G2> {
        Query::new(self.select, self.loads)
    }

    /// Keeps the rows for which a condition is true. Several filters must all hold. SQLAlchemy: `filter`, `where`.
    ///
    /// ```
    /// # use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "users")]
    /// # struct User { #[orm(primary_key)] id: i32, name: String, age: Option<i32> }
    /// let q = User::query().filter(User::NAME.eq("ann")).filter(User::AGE.gt(17)).select(User::ID);
    /// assert_eq!(q.to_sql(), "SELECT users.id FROM users WHERE users.name = $1 AND users.age > $2");
    /// ```
    pub fn filter<E, I>(mut self, condition: E) -> Self
    where
        E: Condition + Within<Scope, I> + PerRow,
    {
        self.select.filters.push(condition.into_node());
        self
    }

    /// As [`filter`](Query::filter) where there is a condition, else nothing: for filters that a request may leave out.
    ///
    /// ```
    /// use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "products")]
    /// # struct Product { #[orm(primary_key)] id: i32, price: i32 }
    /// let (min, max) = (Some(10), None::<i32>);
    /// let q = Product::query()
    ///     .filter_some(min.map(|min| Product::PRICE.ge(min)))
    ///     .filter_some(max.map(|max| Product::PRICE.le(max)))
    ///     .select(Product::ID);
    /// assert_eq!(q.to_sql(), "SELECT products.id FROM products WHERE products.price >= $1");
    /// ```
    pub fn filter_some<E, I>(self, condition: Option<E>) -> Self
    where
        E: Condition + Within<Scope, I> + PerRow,
    {
        match condition {
            Some(condition) => self.filter(condition),
            None => self,
        }
    }

    /// Orders by a column, an expression or a tuple of these; behind what it is ordered by already. SQLAlchemy: `order_by`.
    ///
    /// ```
    /// # use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "users")]
    /// # struct User { #[orm(primary_key)] id: i32, name: String, age: Option<i32> }
    /// let q = User::query().order_by((User::AGE.desc().nulls_last(), User::NAME)).select(User::ID);
    /// assert_eq!(q.to_sql(), "SELECT users.id FROM users ORDER BY users.age DESC NULLS LAST, users.name");
    ///
    /// // By a name out of a request, which is looked up among the columns and never reaches SQL by itself.
    /// let q = User::query().order_by(User::column("name")?.desc()).select(User::ID);
    /// assert_eq!(q.to_sql(), "SELECT users.id FROM users ORDER BY users.name DESC");
    /// # Ok::<(), orm_core::Error>(())
    /// ```
    pub fn order_by<O, I>(mut self, order: O) -> Self
    where
        O: OrdersBy<Scope, I, G>,
    {
        order.push_to(&mut self.select.order_by);
        self
    }

    /// At most this many rows. SQLAlchemy: `limit`.
    ///
    /// ```
    /// # use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "users")]
    /// # struct User { #[orm(primary_key)] id: i32, name: String, age: Option<i32> }
    /// let q = User::query().limit(20).offset(40).select(User::ID);
    /// assert_eq!(q.to_sql(), "SELECT users.id FROM users LIMIT $1 OFFSET $2");
    /// ```
    pub fn limit(mut self, rows: i64) -> Self {
        self.select.limit = Some(rows);
        self
    }

    /// Without the first rows. SQLAlchemy: `offset`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let q = Product::query().order_by(Product::NAME).limit(20).offset(40).select(Product::ID);
    /// assert!(q.to_sql().ends_with("ORDER BY products.name LIMIT $1 OFFSET $2"));
    /// ```
    pub fn offset(mut self, rows: i64) -> Self {
        self.select.offset = Some(rows);
        self
    }

    /// Gives equal rows once. SQLAlchemy: `distinct()`.
    ///
    /// ```
    /// # use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "users")]
    /// # struct User { #[orm(primary_key)] id: i32, name: String, age: Option<i32> }
    /// let q = User::query().distinct().select(User::NAME);
    /// assert_eq!(q.to_sql(), "SELECT DISTINCT users.name FROM users");
    /// ```
    pub fn distinct(mut self) -> Self {
        self.select.distinct = true;
        self
    }

    /// Gives the first row of those in which the expression (or each of a tuple) is the same. `order_by` says which is the
    /// first, and has to begin with the same expressions. SQLAlchemy: `distinct(x)`.
    ///
    /// ```
    /// # use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "prices")]
    /// # struct Price { #[orm(primary_key)] id: i32, product: String, amount: i64 }
    /// // The newest price of each product.
    /// let q = Price::query()
    ///     .distinct_on(Price::PRODUCT)
    ///     .order_by((Price::PRODUCT, Price::ID.desc()))
    ///     .select((Price::PRODUCT, Price::AMOUNT));
    /// assert_eq!(
    ///     q.to_sql(),
    ///     "SELECT DISTINCT ON (prices.product) prices.product, prices.amount FROM prices \
    ///      ORDER BY prices.product, prices.id DESC"
    /// );
    /// ```
    pub fn distinct_on<L, I>(mut self, list: L) -> Self
    where
        L: GroupsBy<Scope, I>,
        G: BesideTotals<Plain>,
    {
        list.push_to(&mut self.select.distinct_on);
        self
    }

    /// One row for each group of rows in which the expression (or each of a tuple) is the same. SQLAlchemy: `group_by`.
    ///
    /// ```
    /// # use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "users")]
    /// # struct User { #[orm(primary_key)] id: i32, name: String, age: Option<i32> }
    /// let q = User::query().group_by(User::NAME).having(count_all().gt(1)).select((User::NAME, count_all()));
    /// assert_eq!(
    ///     q.to_sql(),
    ///     "SELECT users.name, count(*) FROM users GROUP BY users.name HAVING count(*) > $1"
    /// );
    /// ```
    pub fn group_by<L, I>(mut self, by: L) -> Query<Sel, Scope, Grouped>
    where
        L: GroupsBy<Scope, I>,
    {
        by.push_to(&mut self.select.group_by);
        self.retyped()
    }

    /// Keeps the groups for which a condition is true. SQLAlchemy: `having`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let q = Product::query()
    ///     .group_by(Product::CATEGORY_ID)
    ///     .having(avg(Product::PRICE).gt(100))
    ///     .select((Product::CATEGORY_ID, count_all()));
    /// assert!(q.to_sql().ends_with("GROUP BY products.category_id HAVING avg(products.price) > $1"));
    /// ```
    pub fn having<E, I>(mut self, condition: E) -> Self
    where
        E: Condition + Within<Scope, I> + PerGroup<G>,
        G: HasGroups,
    {
        self.select.having.push(condition.into_node());
        self
    }

    /// Says what a row is: a column, an expression, `User::ALL`, or a tuple of up to 16 of these.
    /// SQLAlchemy: `select(..)`, `with_entities(..)`.
    ///
    /// ```
    /// # use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "users")]
    /// # struct User { #[orm(primary_key)] id: i32, name: String, age: Option<i32> }
    /// let q = User::query().select((User::ALL, User::AGE + 1));
    /// assert_eq!(q.to_sql(), "SELECT users.id, users.name, users.age, users.age + $1 FROM users");
    /// ```
    pub fn select<L, I, Row, Uses, K, Then>(mut self, list: L) -> Query<Row, Scope, Then>
    where
        L: Selects<Scope, I, Row, Uses>,
        Uses: KindOf<Kind = K>,
        G: Accepts<K, Then>,
    {
        self.select.items.clear();
        list.push_to(&mut self.select.items);
        if !gives_entities(&self.select) {
            // What was to be loaded with the entities has nothing to be loaded with.
            self.loads.clear();
        }
        self.retyped()
    }

    /// Lets the rows overwrite what a session knows of their entities, where else a row that was read in this transaction
    /// stays as it was read. Locking queries do this by themselves: whoever waited for a lock wants the row as it is now.
    /// SQLAlchemy: `populate_existing()`.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let air = db.get::<Product>(1).await?.expect("it is there");
    /// shop.elsewhere("UPDATE products SET stock = 3 WHERE id = 1").await?;
    /// Product::query().all(&mut db).await?;
    /// assert_eq!(db[air].stock, 5); // as it was read in this transaction
    /// Product::query().populate_existing().all(&mut db).await?;
    /// assert_eq!(db[air].stock, 3);
    /// # Ok(())
    /// # }
    /// ```
    pub fn populate_existing(mut self) -> Self {
        self.select.refresh = true;
        self
    }

    /// Leaves out the criteria that the session has for its queries, here, in subqueries, and in what is loaded behind.
    /// SQLAlchemy: an execution option that the `do_orm_execute` hook looks at.
    ///
    /// ```
    #[doc = include_str!("../session/example_shop.txt")]
    /// db.add_criteria::<Order>(Order::TOTAL.gt(15).for_model());
    /// assert_eq!(Order::query().count(&mut db).await?, 2);
    /// assert_eq!(Order::query().without_criteria().count(&mut db).await?, 3);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    pub fn without_criteria(mut self) -> Self {
        self.select.unfiltered = true;
        self
    }

    /// Sends what `.with(..)` loads together with the query, so that all levels of a load path are one round trip. Each
    /// level's parents are then found by the server, which runs the query again for it: worth it where the server is far and
    /// the query is cheap. A session does this by itself where it measures that it pays
    /// ([`PipelinedLoads`](crate::session::PipelinedLoads)); here it is done at once.
    ///
    /// ```
    #[doc = include_str!("../session/example_shop.txt")]
    /// let query = User::query().filter(User::NAME.eq("Ann")).with(User::ORDERS.then(Order::ITEMS));
    /// let ann = query.pipelined().one(&mut db).await?; // BEGIN, and three SELECTs behind it, at once
    /// let orders = db.related(ann, User::ORDERS)?;
    /// assert_eq!(db.related(orders[0], Order::ITEMS)?.len(), 1);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    /// What is loaded is the same: where another transaction commits in between, so that the query gives other rows the second
    /// time, a level loads what it lacks by one statement more. As many statements as without it, but where a query gives no
    /// rows: what lies behind has been sent then already.
    ///
    /// Queries that lock rows, and those with DISTINCT, GROUP BY or a write in WITH, load level by level whatever was asked
    /// for, and so does what is followed to its end (`recursive`) and a to-one with `selectin()`. Functions in the query are
    /// called once for each level: leave it out where one of them counts or locks. SQLAlchemy has no such thing; its
    /// `subqueryload` sends such statements, one after the other.
    pub fn pipelined(mut self) -> Self {
        self.select.pipelined = true;
        self
    }

    /// The SQL text, without the values. What an executor sends for `.all(..)`, unless it joins relationships to it.
    /// SQLAlchemy: `str(query)`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let q = Tag::query().filter(Tag::WORD.eq("sale"));
    /// assert_eq!(q.to_sql(), "SELECT tags.id, tags.word FROM tags WHERE tags.word = $1");
    /// ```
    pub fn to_sql(&self) -> String {
        self.statement().sql.into()
    }

    /// The SQL text and its parameters.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let statement = Tag::query().filter(Tag::WORD.eq("sale")).statement();
    /// assert_eq!(statement.params[0].show(), "sale");
    /// ```
    pub fn statement(&self) -> Statement {
        render::select(&self.select)
    }
}

fn gives_entities(select: &Select) -> bool {
    let mut items = select.items.iter();
    items.any(|item| matches!(item, Item::Whole(table) if table.alias == select.from.alias))
}

/// A query whose rows are whole entities.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::model::Model as _;
/// use orm_core::query::GivesEntities;
///
/// fn table<Q: GivesEntities>(_: &Q) -> &'static str {
///     <Q::Model as orm_core::model::Model>::TABLE.name
/// }
/// assert_eq!(table(&Tag::query()), "tags"); // and not `Tag::query().select(Tag::WORD)`
/// ```
#[diagnostic::on_unimplemented(
    message = "relationships are loaded with whole entities, and the rows of this query are something else",
    label = "a row of this query is no entity",
    note = "call `.with(..)` on `Model::query()`, without `.select(..)` and `.plain()`"
)]
pub trait GivesEntities {
    /// The model.
    type Model: Model;
}

#[diagnostic::do_not_recommend]
impl<M: Model, Scope, G> GivesEntities for Query<Whole<M>, Scope, G> {
    type Model = M;
}

impl<Sel, Scope, G> Query<Sel, Scope, G> {
    /// Loads a relationship with the entities: to-one by a LEFT JOIN in the same statement, to-many by one statement
    /// more a level, never by one a row. Paths nest (`Order::ITEMS.then(OrderItem::PRODUCT)`), and several `with` branch.
    /// SQLAlchemy: `options(joinedload(..), selectinload(..))`.
    ///
    /// A query of an alias takes the alias's constants or the model's: `entity_as::<Boss>().with(Boss::REPORTS)`.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let orders = Order::query()
    ///     .with(Order::USER)
    ///     .with(Order::ITEMS.then(OrderItem::PRODUCT))
    ///     .all(&mut db)
    ///     .await?; // two statements: orders with users, items with products
    /// assert_eq!(db.view(orders[0]).related(Order::USER)?.name, "Ann");
    /// # Ok(())
    /// # }
    /// ```
    pub fn with<P>(mut self, path: P) -> Self
    where
        Self: GivesEntities,
        P: StartsAt<<Self as GivesEntities>::Model>,
    {
        merge(&mut self.loads, path.into_steps());
        self
    }
}

impl<Sel, Scope, G> Clone for Query<Sel, Scope, G> {
    fn clone(&self) -> Self {
        Query::new(self.select.clone(), self.loads.clone())
    }
}

impl<Sel, Scope, G> fmt::Debug for Query<Sel, Scope, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_sql())
    }
}

/// What `group_by` and `distinct_on` take. It is [`GroupBy`], asked in one step: with [`GroupBy`] itself as the bound, rustc
/// would list its implementations below every mistake. Both have the message: rustc shows this one's, and for a part of a
/// tuple the other's.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// let q = Product::query().group_by((Product::CATEGORY_ID, Product::PRICE / 100)).select(count_all());
/// assert!(q.to_sql().ends_with(" GROUP BY products.category_id, products.price / $1"));
/// ```
#[diagnostic::on_unimplemented(
    message = "a query cannot be grouped by this",
    label = "expected a column or an expression, or a tuple of up to 8 of these; found `{Self}`"
)]
pub trait GroupsBy<Scope, I>: GroupBy<Scope, I> {}

impl<Scope, I, L: GroupBy<Scope, I>> GroupsBy<Scope, I> for L {}

/// What `group_by` takes: a column, an expression, or a tuple of these.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::query::GroupBy;
///
/// let mut parts = Vec::new();
/// GroupBy::<(Tag, ()), _>::push_to((Tag::ID, Tag::WORD), &mut parts); // `.group_by((Tag::ID, Tag::WORD))`
/// assert_eq!(parts.len(), 2);
/// ```
#[diagnostic::on_unimplemented(
    message = "a query cannot be grouped by this",
    label = "expected a column or an expression, or a tuple of up to 8 of these; found `{Self}`"
)]
pub trait GroupBy<Scope, I> {
    /// Appends the parts.
    fn push_to(self, groups: &mut Vec<Node>);
}

impl<Scope, I, S: Selectable, T: SqlType> GroupBy<Scope, I> for Column<S, T>
where
    Of<S>: InScope<Scope, I>,
{
    fn push_to(self, groups: &mut Vec<Node>) {
        groups.push(self.into_node());
    }
}

impl<Scope, I, T: SqlType, Uses> GroupBy<Scope, I> for Expr<T, Uses>
where
    Uses: InScope<Scope, I> + WindowFree + RowLevel,
{
    fn push_to(self, groups: &mut Vec<Node>) {
        groups.push(self.into_node());
    }
}

macro_rules! tuples {
    ($($name:ident $index:ident),*) => {
        impl<Scope, $($name, $index),*> GroupBy<Scope, ($($index,)*)> for ($($name,)*)
        where
            $($name: GroupBy<Scope, $index>),*
        {
            #[allow(non_snake_case)]
            fn push_to(self, groups: &mut Vec<Node>) {
                let ($($name,)*) = self;
                $($name.push_to(groups);)*
            }
        }
    };
}

tuples!(A IA);
tuples!(A IA, B IB);
tuples!(A IA, B IB, C IC);
tuples!(A IA, B IB, C IC, D ID);
tuples!(A IA, B IB, C IC, D ID, E IE);
tuples!(A IA, B IB, C IC, D ID, E IE, F IF);
tuples!(A IA, B IB, C IC, D ID, E IE, F IF, G IG);
tuples!(A IA, B IB, C IC, D ID, E IE, F IF, G IG, H IH);
