//! Joins: along relationships, or on a condition.

use super::Query;
use crate::expr::{
    Alias, All, Condition, Has, Join, JoinKind, Maybe, Node, PerRow, Select, TableRef, Within,
    table_ref, with_own_condition,
};
use crate::model::{Joinable, RelationKind, Source};

/// A relationship of a table that a scope has.
pub trait StartsIn<Scope, I> {}
impl<R, Scope, I> StartsIn<Scope, I> for R
where
    R: Joinable,
    Scope: Has<R::From, I>,
{
}

impl<Sel, Scope, G> Query<Sel, Scope, G> {
    /// Joins along a relationship: rows without a partner are left out, and a to-many gives a row for each partner.
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

    /// Joins a table on a condition: `join_on(Payment::ALL, Payment::ORDER_ID.eq(Order::ID))`.
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
    pub fn join_on<S, E, I>(mut self, table: All<S>, on: E) -> Query<Sel, (S, Scope), G>
    where
        S: Source,
        E: Condition + Within<(S, Scope), I> + PerRow,
    {
        let _ = table;
        push(
            &mut self.select,
            JoinKind::Inner,
            table_ref::<S>(),
            on.into_node(),
        );
        self.retyped()
    }

    /// Joins a table on a condition; rows without a partner stay.
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
    pub fn left_join_on<S, E, I>(mut self, table: All<S>, on: E) -> Query<Sel, (Maybe<S>, Scope), G>
    where
        S: Source,
        E: Condition + Within<(S, Scope), I> + PerRow,
    {
        let _ = table;
        push(
            &mut self.select,
            JoinKind::Left,
            table_ref::<S>(),
            on.into_node(),
        );
        self.retyped()
    }
}

fn push(select: &mut Select, kind: JoinKind, table: TableRef, on: Node) {
    select.joins.push(Join { kind, table, on });
}

fn along<R: Joinable>(select: &mut Select, kind: JoinKind, relation: &R) {
    let info = relation.relation();
    let here = table_ref::<R::From>();
    let there = table_ref::<R::To>();
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
