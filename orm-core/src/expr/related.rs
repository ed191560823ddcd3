//! `User::ORDERS.any(..)`, `Product::CATEGORY.has(..)`: filters by a related table without a join, so that they may be
//! added or left out at run time and never multiply rows.

use bytes::BytesMut;

use super::{
    Alias, Condition, Expr, Item, Join, JoinKind, Node, Of, PerRow, Select, Selectable, Solid,
    TableRef, Within, own_condition,
};
use crate::model::{Joinable, Model, Relation, RelationKind, Source, Target, ToMany, ToOne};
use crate::types::Param;

/// `EXISTS (SELECT 1 FROM related WHERE it belongs to this row AND condition)`.
fn exists<R: Joinable>(relation: &R, condition: Option<Node>) -> Node {
    let one = Node::Word("1");
    Node::Exists(Box::new(select_related(relation, one, condition)))
}

/// `SELECT what FROM related WHERE it belongs to this row AND condition`.
pub(super) fn select_related<R: Joinable>(
    relation: &R,
    what: Node,
    condition: Option<Node>,
) -> Select {
    let info = relation.relation();
    let here = R::From::table_ref();
    let there = R::To::table_ref();
    let (here_columns, there_columns) = info.columns();
    let mut select = Select::from(there);
    select.items.push(Item::Expr(what));
    match &info.kind {
        RelationKind::ManyToMany { near, far } => {
            let link = TableRef {
                table: near.from,
                alias: Alias::Link(0),
            };
            let (link_far, there_key) = far.columns();
            let (link_near, here_key) = near.columns();
            select.joins.push(Join {
                kind: JoinKind::Inner,
                table: link,
                on: Node::tie(link, link_far, there, there_key),
            });
            select
                .filters
                .push(Node::tie(link, link_near, here, here_key));
        }
        _ => select
            .filters
            .push(Node::tie(there, there_columns, here, here_columns)),
    }
    select.filters.extend(own_condition(info, there));
    select.filters.extend(condition);
    select
}

/// What a condition on the related rows may use: theirs, and the row's own.
pub(super) type Related<R> = (<R as Joinable>::To, (<R as Joinable>::From, ()));

impl<From: Source, To, Shape> Relation<From, To, Shape> {
    /// Whether one of the related rows meets the condition. SQLAlchemy: `User.orders.any(..)`.
    ///
    /// ```
    /// use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "users", has_many(orders: Order, via = user))]
    /// # struct User { #[orm(primary_key)] id: i32 }
    /// # #[derive(Model, Clone)] #[orm(table = "orders")]
    /// # struct Order { #[orm(primary_key)] id: i32, total: i32, #[orm(belongs_to(user: User))] user_id: i32 }
    /// let q = User::query().filter(User::ORDERS.any(Order::TOTAL.gt(100)));
    /// assert_eq!(
    ///     q.to_sql(),
    ///     "SELECT users.id FROM users WHERE EXISTS \
    ///      (SELECT 1 FROM orders WHERE orders.user_id = users.id AND orders.total > $1)"
    /// );
    /// ```
    pub fn any<E, I>(self, condition: E) -> Expr<bool, Solid<Of<From>>>
    where
        Shape: ToMany,
        Self: Joinable,
        E: Condition + Within<Related<Self>, I> + PerRow,
    {
        Expr::new(exists(&self, Some(condition.into_node())))
    }

    /// Whether there is a related row at all. SQLAlchemy: `User.orders.any()`.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let buyers = User::query().filter(User::ORDERS.exists()).count(&mut db).await?;
    /// assert_eq!(buyers, 2);
    /// # Ok(())
    /// # }
    /// ```
    pub fn exists(self) -> Expr<bool, Solid<Of<From>>>
    where
        Shape: ToMany,
        Self: Joinable,
    {
        Expr::new(exists(&self, None))
    }

    /// Whether none of the related rows meets the condition. SQLAlchemy: `~User.orders.any(..)`.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let without = User::query().filter(User::ORDERS.none(Order::STATUS.eq(OrderStatus::Open)));
    /// assert_eq!(without.count(&mut db).await?, 2); // also those who have no order at all
    /// # Ok(())
    /// # }
    /// ```
    pub fn none<E, I>(self, condition: E) -> Expr<bool, Solid<Of<From>>>
    where
        Shape: ToMany,
        Self: Joinable,
        E: Condition + Within<Related<Self>, I> + PerRow,
    {
        !self.any(condition)
    }
}

impl<From: Source, To, Shape> Relation<From, To, Shape> {
    /// Whether there is a related row, and it meets the condition. SQLAlchemy: `Product.category.has(..)`.
    ///
    /// ```
    /// use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "users")]
    /// # struct User { #[orm(primary_key)] id: i32, name: String }
    /// # #[derive(Model, Clone)] #[orm(table = "orders")]
    /// # struct Order { #[orm(primary_key)] id: i32, #[orm(belongs_to(user: User))] user_id: i32 }
    /// let q = Order::query().filter(Order::USER.has(User::NAME.eq("ann"))).select(Order::ID);
    /// assert_eq!(
    ///     q.to_sql(),
    ///     "SELECT orders.id FROM orders WHERE EXISTS \
    ///      (SELECT 1 FROM users WHERE users.id = orders.user_id AND users.name = $1)"
    /// );
    /// ```
    pub fn has<E, I>(self, condition: E) -> Expr<bool, Solid<Of<From>>>
    where
        Shape: ToOne,
        Self: Joinable,
        E: Condition + Within<Related<Self>, I> + PerRow,
    {
        Expr::new(exists(&self, Some(condition.into_node())))
    }
}

impl<From: Source, To: Target, Shape> Relation<From, To, Shape> {
    /// Whether a row is one that this relationship of `parent` leads to: a filter by the parent's key, without a join. The
    /// values are taken from the row at once: `db[handle]` on a session. SQLAlchemy: `with_parent(parent, User.orders)`.
    ///
    /// ```
    /// use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "users", has_many(orders: Order, via = user))]
    /// # struct User { #[orm(primary_key)] id: i32 }
    /// # #[derive(Model, Clone)] #[orm(table = "orders")]
    /// # struct Order { #[orm(primary_key)] id: i32, total: i32, #[orm(belongs_to(user: User))] user_id: i32 }
    /// fn large_ones(user: &User) -> EntityQuery<Order> {
    ///     Order::query().filter(User::ORDERS.with_parent(user)).filter(Order::TOTAL.gt(100))
    /// }
    /// assert_eq!(
    ///     large_ones(&User { id: 7 }).select(Order::ID).to_sql(),
    ///     "SELECT orders.id FROM orders WHERE orders.user_id = $1 AND orders.total > $2"
    /// );
    /// ```
    pub fn with_parent(self, parent: &From::Model) -> Expr<bool, Solid<Of<To::Source>>> {
        let there = To::Source::table_ref();
        let key = |column: u16| {
            let mut bytes = BytesMut::new();
            let present = parent.encode(column, &mut bytes);
            let ty = From::Model::TABLE.columns[column as usize].ty;
            Node::Param(Param::from_bytes(ty, present.then(|| bytes.freeze())))
        };
        let is_keys = |table, columns: &[u16], keys: &[u16]| {
            let pairs = columns.iter().zip(keys);
            let equal = pairs.map(|(a, b)| Node::infix(Node::Column(table, *a), "=", key(*b)));
            Node::all(equal).unwrap_or(Node::Word("TRUE"))
        };
        let info = self.info();
        let RelationKind::ManyToMany { near, far } = &info.kind else {
            let (here, columns) = info.columns();
            return Expr::new(is_keys(there, columns, here));
        };
        let link = TableRef {
            table: near.from,
            alias: Alias::Link(0),
        };
        let (link_far, there_key) = far.columns();
        let (link_near, here_key) = near.columns();
        let mut select = Select::from(link);
        select.items.push(Item::Expr(Node::Word("1")));
        select
            .filters
            .push(Node::tie(link, link_far, there, there_key));
        select.filters.push(is_keys(link, link_near, here_key));
        Expr::new(Node::Exists(Box::new(select)))
    }
}
