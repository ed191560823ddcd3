//! Joins: along relationships, or on a condition.

use super::Query;
use crate::expr::{
    Alias, All, Condition, Has, Join, JoinKind, Maybe, Node, PerRow, Select, TableRef, Within,
    table_ref,
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
    pub fn join<R, To, I>(mut self, relation: R) -> Query<Sel, (To, Scope), G>
    where
        R: Joinable<To = To> + StartsIn<Scope, I>,
    {
        along(&mut self.select, JoinKind::Inner, &relation);
        self.retyped()
    }

    /// Joins along a relationship; rows without a partner stay, and what is selected of the joined table becomes an
    /// `Option`. SQLAlchemy: `outerjoin(User.orders)`.
    pub fn left_join<R, To, I>(mut self, relation: R) -> Query<Sel, (Maybe<To>, Scope), G>
    where
        R: Joinable<To = To> + StartsIn<Scope, I>,
    {
        along(&mut self.select, JoinKind::Left, &relation);
        self.retyped()
    }

    /// Joins a table on a condition: `join_on(Payment::ALL, Payment::ORDER_ID.eq(Order::ID))`.
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
            Node::tie(there, there_key, link, link_far),
        );
    } else {
        let (here_columns, there_columns) = info.columns();
        push(
            select,
            kind,
            there,
            Node::tie(there, there_columns, here, here_columns),
        );
    }
}
