//! Joins: along relationships, or of anything with columns on a condition.

use super::{FromItem, Query};
use crate::expr::{
    Alias, Condition, Has, InScope, Join, JoinKind, Maybe, Node, Nullable, PerRow, Select,
    Selectable, TableRef, Within, Without, with_own_condition,
};
use crate::model::{Joinable, RelationKind};

/// A relationship of a table that a scope has, to one that it does not have yet. It is asked of the relationship, so that a
/// mistake is reported where that stands.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// let q = User::query().join(User::ORDERS).join(Order::ITEMS).select(OrderItem::ID); // `Order` is in the scope by now
/// assert!(q.to_sql().ends_with(" JOIN order_items ON order_items.order_id = orders.id"));
/// ```
pub trait StartsIn<Scope, I> {}
impl<R, Scope, I> StartsIn<Scope, I> for R
where
    R: Joinable,
    Scope: Has<R::From, I> + Without<R::To>,
{
}

/// What a scope does not have yet.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// let q = Product::query().join_on(Category::ALL, Category::ID.eq(Product::CATEGORY_ID)); // a second `Category::ALL` is not new
/// # let _ = q;
/// ```
pub trait NewIn<Scope> {}
impl<T, Scope> NewIn<Scope> for T
where
    T: FromItem,
    Scope: Without<T::Source>,
{
}

/// What can be joined to a scope: it looks at no other tables.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// let cheapest = OrderItem::query().correlate::<Order>().filter(OrderItem::ORDER_ID.eq(Order::ID)).limit(1);
/// let q = Order::query().join_lateral(cheapest).select((Order::ID, OrderItem::PRICE)); // `Order` is there to look at
/// assert!(q.to_sql().contains(" LATERAL (SELECT "));
/// ```
pub trait LooksAt<Scope, J> {}
impl<T, Scope, J> LooksAt<Scope, J> for T
where
    T: FromItem,
    T::Uses: InScope<Scope, J>,
{
}

impl<Sel, Scope, G> Query<Sel, Scope, G> {
    /// Joins along a relationship: rows without a partner are left out, and a to-many gives a row for each partner. A table
    /// that is in the query already is joined under another name, [`to`](crate::model::Relation::to):
    /// `type Boss = Aliased<Employee, 1>;`, `.join(Employee::BOSS.to::<Boss>())`, and then `Boss::NAME`.
    /// SQLAlchemy: `join(User.orders)`.
    ///
    /// ```
    /// # use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "users", has_many(orders: Order, via = user))]
    /// # struct User { #[orm(primary_key)] id: i32, name: String }
    /// # #[derive(Model, Clone)] #[orm(table = "orders")]
    /// # struct Order { #[orm(primary_key)] id: i32, total: i32, #[orm(belongs_to(user: User))] user_id: i32 }
    /// let q = User::query().join(User::ORDERS).select((User::NAME, Order::TOTAL));
    /// assert_eq!(
    ///     q.to_sql(),
    ///     "SELECT users.name, orders.total FROM users JOIN orders ON orders.user_id = users.id"
    /// );
    /// ```
    pub fn join<R, To, I>(mut self, relation: R) -> Query<Sel, (To, Scope), G>
    where
        R: Joinable<To = To> + StartsIn<Scope, I>,
    {
        along(&mut self.select, JoinKind::Inner, &relation);
        self.retyped()
    }

    /// Joins along a relationship; rows without a partner stay, and what is selected of the joined table becomes an
    /// `Option`. SQLAlchemy: `outerjoin(User.orders)`.
    ///
    /// ```
    /// # use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "users", has_many(orders: Order, via = user))]
    /// # struct User { #[orm(primary_key)] id: i32, name: String }
    /// # #[derive(Model, Clone)] #[orm(table = "orders")]
    /// # struct Order { #[orm(primary_key)] id: i32, total: i32, #[orm(belongs_to(user: User))] user_id: i32 }
    /// # async fn run(on: &mut orm_core::engine::Connection) -> orm_core::Result<()> {
    /// let q = User::query().left_join(User::ORDERS).select((User::NAME, Order::TOTAL));
    /// assert_eq!(
    ///     q.to_sql(),
    ///     "SELECT users.name, orders.total FROM users LEFT JOIN orders ON orders.user_id = users.id"
    /// );
    /// let rows: Vec<(String, Option<i32>)> = q.all(on).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn left_join<R, To, I>(mut self, relation: R) -> Query<Sel, (Maybe<To>, Scope), G>
    where
        R: Joinable<To = To> + StartsIn<Scope, I>,
    {
        along(&mut self.select, JoinKind::Left, &relation);
        self.retyped()
    }

    /// Joins a table on a condition: `join_on(Payment::ALL, Payment::ORDER_ID.eq(Order::ID))`. What is joined is a model,
    /// an alias, a derived table ([`as_table`](Query::as_table)) or a CTE; one that was `correlate`d with tables of this
    /// query is LATERAL. SQLAlchemy: `join(target, onclause)`.
    ///
    /// ```
    /// # use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "users", has_many(orders: Order, via = user))]
    /// # struct User { #[orm(primary_key)] id: i32, name: String }
    /// # #[derive(Model, Clone)] #[orm(table = "orders")]
    /// # struct Order { #[orm(primary_key)] id: i32, total: i32, #[orm(belongs_to(user: User))] user_id: i32 }
    /// let q = User::query().join_on(Order::ALL, Order::USER_ID.eq(User::ID).and(Order::TOTAL.gt(9))).select(Order::ID);
    /// assert_eq!(
    ///     q.to_sql(),
    ///     "SELECT orders.id FROM users JOIN orders ON orders.user_id = users.id AND orders.total > $1"
    /// );
    /// ```
    pub fn join_on<T, S, E, I, J>(mut self, table: T, on: E) -> Query<Sel, (S, Scope), G>
    where
        T: FromItem<Source = S> + LooksAt<Scope, J> + NewIn<Scope>,
        E: Condition + Within<(S, Scope), I> + PerRow,
    {
        item(&mut self.select, JoinKind::Inner, table, on.into_node());
        self.retyped()
    }

    /// Joins a table on a condition; rows without a partner stay, and what is selected of the joined table becomes an
    /// `Option`. SQLAlchemy: `outerjoin(target, onclause)`.
    ///
    /// ```
    /// # use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "users", has_many(orders: Order, via = user))]
    /// # struct User { #[orm(primary_key)] id: i32, name: String }
    /// # #[derive(Model, Clone)] #[orm(table = "orders")]
    /// # struct Order { #[orm(primary_key)] id: i32, total: i32, #[orm(belongs_to(user: User))] user_id: i32 }
    /// let q = User::query().left_join_on(Order::ALL, Order::USER_ID.eq(User::ID)).select(Order::ID);
    /// assert_eq!(q.to_sql(), "SELECT orders.id FROM users LEFT JOIN orders ON orders.user_id = users.id");
    /// ```
    pub fn left_join_on<T, S, E, I, J>(
        mut self,
        table: T,
        on: E,
    ) -> Query<Sel, (Maybe<S>, Scope), G>
    where
        T: FromItem<Source = S> + LooksAt<Scope, J> + NewIn<Scope>,
        E: Condition + Within<(S, Scope), I> + PerRow,
    {
        item(&mut self.select, JoinKind::Left, table, on.into_node());
        self.retyped()
    }

    /// Joins a table on a condition, and keeps the joined table's rows without a partner: what was there before becomes an
    /// `Option`, and so do the query's entities.
    ///
    /// ```
    /// # use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "users", has_many(orders: Order, via = user))]
    /// # struct User { #[orm(primary_key)] id: i32, name: String }
    /// # #[derive(Model, Clone)] #[orm(table = "orders")]
    /// # struct Order { #[orm(primary_key)] id: i32, total: i32, #[orm(belongs_to(user: User))] user_id: Option<i32> }
    /// # async fn run(db: &mut Session) -> orm_core::Result<()> {
    /// let q = User::query().right_join_on(Order::ALL, Order::USER_ID.eq(User::ID)).select((User::NAME, Order::ID));
    /// assert_eq!(
    ///     q.to_sql(),
    ///     "SELECT users.name, orders.id FROM users RIGHT JOIN orders ON orders.user_id = users.id"
    /// );
    /// let rows: Vec<(Option<String>, i32)> = q.all(db).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn right_join_on<T, S, E, I, J>(
        mut self,
        table: T,
        on: E,
    ) -> Query<Sel::Row, (S, Nullable<Scope>), G>
    where
        Sel: OrNothing,
        T: FromItem<Source = S> + LooksAt<(), J> + NewIn<Scope>,
        E: Condition + Within<(S, Scope), I> + PerRow,
    {
        item(&mut self.select, JoinKind::Right, table, on.into_node());
        self.loads.clear();
        self.retyped()
    }

    /// Joins a table on a condition, and keeps the rows without a partner of both sides: both become `Option`s. The
    /// server wants an `=` in the condition. SQLAlchemy: `outerjoin(.., full=True)`.
    ///
    /// ```
    /// # use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "users", has_many(orders: Order, via = user))]
    /// # struct User { #[orm(primary_key)] id: i32, name: String }
    /// # #[derive(Model, Clone)] #[orm(table = "orders")]
    /// # struct Order { #[orm(primary_key)] id: i32, total: i32, #[orm(belongs_to(user: User))] user_id: Option<i32> }
    /// # async fn run(db: &mut Session) -> orm_core::Result<()> {
    /// let q = User::query().full_join_on(Order::ALL, Order::USER_ID.eq(User::ID)).select((User::NAME, Order::ID));
    /// assert_eq!(
    ///     q.to_sql(),
    ///     "SELECT users.name, orders.id FROM users FULL JOIN orders ON orders.user_id = users.id"
    /// );
    /// let rows: Vec<(Option<String>, Option<i32>)> = q.all(db).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn full_join_on<T, S, E, I, J>(
        mut self,
        table: T,
        on: E,
    ) -> Query<Sel::Row, (Maybe<S>, Nullable<Scope>), G>
    where
        Sel: OrNothing,
        T: FromItem<Source = S> + LooksAt<(), J> + NewIn<Scope>,
        E: Condition + Within<(S, Scope), I> + PerRow,
    {
        item(&mut self.select, JoinKind::Full, table, on.into_node());
        self.loads.clear();
        self.retyped()
    }

    /// Joins every row of a table to every row: CROSS JOIN, which there is only under this name.
    ///
    /// ```
    /// # use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "sizes")]
    /// # struct Size { #[orm(primary_key)] id: i32, name: String }
    /// # #[derive(Model, Clone)] #[orm(table = "colours")]
    /// # struct Colour { #[orm(primary_key)] id: i32, name: String }
    /// let q = Size::query().cross_join(Colour::ALL).select((Size::NAME, Colour::NAME));
    /// assert_eq!(q.to_sql(), "SELECT sizes.name, colours.name FROM sizes CROSS JOIN colours");
    /// ```
    pub fn cross_join<T, S, J>(mut self, table: T) -> Query<Sel, (S, Scope), G>
    where
        T: FromItem<Source = S> + LooksAt<Scope, J> + NewIn<Scope>,
    {
        let on = Node::Word("TRUE");
        item(&mut self.select, JoinKind::Cross, table, on);
        self.retyped()
    }

    /// Joins the rows of a query that looks at the row it is joined to: JOIN LATERAL. The query says with `correlate` what
    /// it looks at, and brings a limit of its own. A query of entities is joined under its model's name; any other becomes
    /// a table by [`as_table`](Query::as_table). SQLAlchemy: `join(subquery.lateral(), true())`.
    ///
    /// ```
    /// # use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "categories", has_many(products: Product, via = category))]
    /// # struct Category { #[orm(primary_key)] id: i32, name: String }
    /// # #[derive(Model, Clone)] #[orm(table = "products")]
    /// # struct Product { #[orm(primary_key)] id: i32, price: i32, #[orm(belongs_to(category: Category))] category_id: i32 }
    /// let dearest = Product::query()
    ///     .correlate::<Category>()
    ///     .filter(Product::CATEGORY_ID.eq(Category::ID))
    ///     .order_by(Product::PRICE.desc())
    ///     .limit(3);
    /// let q = Category::query().join_lateral(dearest).select((Category::NAME, Product::ID));
    /// assert_eq!(
    ///     q.to_sql(),
    ///     "SELECT categories.name, products.id FROM categories CROSS JOIN LATERAL \
    ///      (SELECT products.id, products.price, products.category_id FROM products \
    ///      WHERE products.category_id = categories.id ORDER BY products.price DESC LIMIT $1) AS products"
    /// );
    /// ```
    pub fn join_lateral<T, S, J>(self, table: T) -> Query<Sel, (S, Scope), G>
    where
        T: FromItem<Source = S> + LooksAt<Scope, J> + NewIn<Scope>,
    {
        self.cross_join(table)
    }

    /// As [`join_lateral`](Query::join_lateral); rows for which the query gives none stay.
    ///
    /// ```
    /// # use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "categories", has_many(products: Product, via = category))]
    /// # struct Category { #[orm(primary_key)] id: i32, name: String }
    /// # #[derive(Model, Clone)] #[orm(table = "products")]
    /// # struct Product { #[orm(primary_key)] id: i32, #[orm(belongs_to(category: Category))] category_id: i32 }
    /// let newest = Product::query()
    ///     .correlate::<Category>()
    ///     .filter(Product::CATEGORY_ID.eq(Category::ID))
    ///     .order_by(Product::ID.desc())
    ///     .limit(1);
    /// let q = Category::query().left_join_lateral(newest).select((Category::NAME, Product::ID));
    /// assert_eq!(
    ///     q.to_sql(),
    ///     "SELECT categories.name, products.id FROM categories LEFT JOIN LATERAL \
    ///      (SELECT products.id, products.category_id FROM products WHERE products.category_id = categories.id \
    ///      ORDER BY products.id DESC LIMIT $1) AS products ON TRUE"
    /// );
    /// ```
    pub fn left_join_lateral<T, S, J>(mut self, table: T) -> Query<Sel, (Maybe<S>, Scope), G>
    where
        T: FromItem<Source = S> + LooksAt<Scope, J> + NewIn<Scope>,
    {
        let on = Node::Word("TRUE");
        item(&mut self.select, JoinKind::Left, table, on);
        self.retyped()
    }
}

/// What a row becomes where it may be missing: before a RIGHT or FULL JOIN.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::query::{OrNothing, Value};
///
/// fn takes<Row: OrNothing<Row = Maybe>, Maybe>() {}
/// takes::<(Value<i32>, Value<String>), (Value<Option<i32>>, Value<Option<String>>)>(); // what `full_join` makes of rows
/// ```
pub trait OrNothing {
    /// An `Option` of it, or of its parts.
    type Row;
}

fn item<T: FromItem>(select: &mut Select, kind: JoinKind, table: T, on: Node) {
    let item = table.into_item();
    select.add_ctes(item.ctes);
    select
        .computed
        .extend(item.rows.map(|rows| (item.table, rows)));
    push(select, kind, item.table, on);
}

fn push(select: &mut Select, kind: JoinKind, table: TableRef, on: Node) {
    select.joins.push(Join { kind, table, on });
}

fn along<R: Joinable>(select: &mut Select, kind: JoinKind, relation: &R) {
    let info = relation.relation();
    let here = R::From::table_ref();
    let there = R::To::table_ref();
    if let RelationKind::ManyToMany { near, far } = &info.kind {
        let link = TableRef {
            table: near.from,
            alias: Alias::Link(select.joins.len() as u16 + 1),
        };
        let (link_near, here_key) = near.columns();
        let (link_far, there_key) = far.columns();
        push(
            select,
            kind,
            link,
            Node::tie(link, link_near, here, here_key),
        );
        push(
            select,
            kind,
            there,
            with_own_condition(Node::tie(there, there_key, link, link_far), info, there),
        );
    } else {
        let (here_columns, there_columns) = info.columns();
        push(
            select,
            kind,
            there,
            with_own_condition(
                Node::tie(there, there_columns, here, here_columns),
                info,
                there,
            ),
        );
    }
}
