//! `User::ORDERS.count()`, `User::ORDERS.sum(Order::TOTAL)`: aggregates of the related rows as values of the row itself.
//!
//! Each is a subquery in brackets, so it stands wherever a column of the row can stand (select list, filter, order), and
//! several of them beside one another never multiply rows, as joins would. Of rows that are in a session already the same
//! is asked with `db.aggregate(..)`, in one grouped statement.

use super::related::{Related, select_related};
use super::{
    Averaged, Condition, Expr, Expression, KindOf, Node, Of, OneForMany, PerRow, Solid, Summed,
    Within, count_all,
};
use crate::model::{Joinable, Relation, Source, ToMany};
use crate::types::SqlType;

/// An aggregate of the related rows. Nothing of the row itself may stand in its argument: PostgreSQL takes an aggregate
/// of outer columns alone for one of the outer query.
fn subquery<R: Joinable, T>(
    relation: &R,
    aggregate: Node,
    condition: Option<Node>,
) -> Expr<T, Solid<Of<R::From>>> {
    let select = select_related(relation, aggregate, condition);
    Expr::new(Node::Subquery(Box::new(select)))
}

fn function<R: Joinable, T>(
    relation: &R,
    name: &'static str,
    argument: impl Expression,
) -> Expr<T, Solid<Of<R::From>>> {
    let aggregate = Node::call(name, vec![argument.into_node()]);
    subquery(relation, aggregate, None)
}

impl<From: Source, To, Shape> Relation<From, To, Shape> {
    /// The number of related rows, as a value of the row: 0 where there are none. SQLAlchemy: a `column_property` of
    /// `select(func.count(..)).where(..).scalar_subquery()`.
    ///
    /// ```
    /// use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "users", has_many(orders: Order, via = user))]
    /// # struct User { #[orm(primary_key)] id: i32, name: String }
    /// # #[derive(Model, Clone)] #[orm(table = "orders")]
    /// # struct Order { #[orm(primary_key)] id: i32, total: i32, #[orm(belongs_to(user: User))] user_id: i32 }
    /// let q = User::query().order_by(User::ORDERS.count().desc()).select((User::NAME, User::ORDERS.count()));
    /// assert_eq!(
    ///     q.to_sql(),
    ///     "SELECT users.name, (SELECT count(*) FROM orders WHERE orders.user_id = users.id) FROM users \
    ///      ORDER BY (SELECT count(*) FROM orders WHERE orders.user_id = users.id) DESC"
    /// );
    /// ```
    pub fn count(self) -> Expr<i64, Solid<Of<From>>>
    where
        Shape: ToMany,
        Self: Joinable<From = From>,
    {
        subquery(&self, count_all().into_node(), None)
    }

    /// The number of related rows for which a condition is true.
    /// SQLAlchemy: as [`count`](Relation::count), with another `where`.
    ///
    /// ```
    /// use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "users", has_many(orders: Order, via = user))]
    /// # struct User { #[orm(primary_key)] id: i32 }
    /// # #[derive(Model, Clone)] #[orm(table = "orders")]
    /// # struct Order { #[orm(primary_key)] id: i32, total: i32, #[orm(belongs_to(user: User))] user_id: i32 }
    /// let q = User::query().filter(User::ORDERS.count_if(Order::TOTAL.gt(100)).ge(3));
    /// assert_eq!(
    ///     q.to_sql(),
    ///     "SELECT users.id FROM users WHERE \
    ///      (SELECT count(*) FROM orders WHERE orders.user_id = users.id AND orders.total > $1) >= $2"
    /// );
    /// ```
    pub fn count_if<E, I>(self, condition: E) -> Expr<i64, Solid<Of<From>>>
    where
        Shape: ToMany,
        Self: Joinable<From = From>,
        E: Condition + Within<Related<Self>, I> + PerRow,
    {
        subquery(&self, count_all().into_node(), Some(condition.into_node()))
    }

    /// The sum of an expression over the related rows; NULL where there are none: `func::coalesce(.., 0)` makes it 0.
    /// SQLAlchemy: `select(func.sum(..)).where(..).scalar_subquery()`.
    ///
    /// ```
    /// use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "users", has_many(orders: Order, via = user))]
    /// # struct User { #[orm(primary_key)] id: i32 }
    /// # #[derive(Model, Clone)] #[orm(table = "orders")]
    /// # struct Order { #[orm(primary_key)] id: i32, total: i32, #[orm(belongs_to(user: User))] user_id: i32 }
    /// let q = User::query().filter(User::ORDERS.sum(Order::TOTAL).gt(1000_i64));
    /// assert_eq!(
    ///     q.to_sql(),
    ///     "SELECT users.id FROM users WHERE \
    ///      (SELECT sum(orders.total) FROM orders WHERE orders.user_id = users.id) > $1"
    /// );
    /// ```
    pub fn sum<E, T, I>(self, expression: E) -> Expr<Option<T>, Solid<Of<From>>>
    where
        Shape: ToMany,
        Self: Joinable<From = From>,
        E: Expression + Within<(<Self as Joinable>::To, ()), I> + PerRow,
        <E::Type as SqlType>::Base: Summed<Sum = T>,
        T: SqlType,
    {
        function(&self, "sum", expression)
    }

    /// The average of an expression over the related rows; NULL where there are none.
    /// SQLAlchemy: `select(func.avg(..)).where(..).scalar_subquery()`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let q = User::query().filter(User::ORDERS.avg(Order::VERSION).gt(1)).select(User::ID);
    /// assert!(q.to_sql().contains("(SELECT avg(orders.version) FROM orders WHERE orders.user_id = users.id) > $1"));
    /// ```
    pub fn avg<E, T, I>(self, expression: E) -> Expr<Option<T>, Solid<Of<From>>>
    where
        Shape: ToMany,
        Self: Joinable<From = From>,
        E: Expression + Within<(<Self as Joinable>::To, ()), I> + PerRow,
        <E::Type as SqlType>::Base: Averaged<Average = T>,
        T: SqlType,
    {
        function(&self, "avg", expression)
    }

    /// The least value of an expression among the related rows; NULL where there are none.
    /// SQLAlchemy: `select(func.min(..)).where(..).scalar_subquery()`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let q = Category::query().select((Category::NAME, Category::PRODUCTS.min(Product::PRICE)));
    /// assert!(q.to_sql().contains("(SELECT min(products.price) FROM products "));
    /// ```
    pub fn min<E, I>(
        self,
        expression: E,
    ) -> Expr<Option<<E::Type as SqlType>::Base>, Solid<Of<From>>>
    where
        Shape: ToMany,
        Self: Joinable<From = From>,
        E: Expression + Within<(<Self as Joinable>::To, ()), I> + PerRow,
    {
        function(&self, "min", expression)
    }

    /// The greatest value of an expression among the related rows; NULL where there are none.
    /// SQLAlchemy: `select(func.max(..)).where(..).scalar_subquery()`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let q = Category::query().order_by(Category::PRODUCTS.max(Product::PRICE).desc().nulls_last());
    /// assert!(q.to_sql().contains("ORDER BY (SELECT max(products.price) FROM products "));
    /// ```
    pub fn max<E, I>(
        self,
        expression: E,
    ) -> Expr<Option<<E::Type as SqlType>::Base>, Solid<Of<From>>>
    where
        Shape: ToMany,
        Self: Joinable<From = From>,
        E: Expression + Within<(<Self as Joinable>::To, ()), I> + PerRow,
    {
        function(&self, "max", expression)
    }

    /// Any aggregate of the related rows: an expression made of `sum`, `count` and the like. It may use the related table
    /// alone.
    ///
    /// ```
    /// use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "users", has_many(orders: Order, via = user))]
    /// # struct User { #[orm(primary_key)] id: i32 }
    /// # #[derive(Model, Clone)] #[orm(table = "orders")]
    /// # struct Order { #[orm(primary_key)] id: i32, total: i32, #[orm(belongs_to(user: User))] user_id: i32 }
    /// let spread = User::ORDERS.aggregate(max(Order::TOTAL) - min(Order::TOTAL));
    /// assert_eq!(
    ///     User::query().select(spread).to_sql(),
    ///     "SELECT (SELECT max(orders.total) - min(orders.total) FROM orders WHERE orders.user_id = users.id) FROM users"
    /// );
    /// ```
    pub fn aggregate<E, I, K>(self, aggregate: E) -> Expr<E::Type, Solid<Of<From>>>
    where
        Shape: ToMany,
        Self: Joinable<From = From>,
        E: Expression + Within<(<Self as Joinable>::To, ()), I>,
        E::Uses: KindOf<Kind = K>,
        K: OneForMany,
    {
        subquery(&self, aggregate.into_node(), None)
    }

    /// As [`aggregate`](Relation::aggregate), of the related rows for which a condition is true.
    ///
    /// ```
    /// use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "users", has_many(orders: Order, via = user))]
    /// # struct User { #[orm(primary_key)] id: i32 }
    /// # #[derive(Model, Clone)] #[orm(table = "orders")]
    /// # struct Order { #[orm(primary_key)] id: i32, total: i32, paid: bool, #[orm(belongs_to(user: User))] user_id: i32 }
    /// let open = User::ORDERS.aggregate_if(sum(Order::TOTAL), !Order::PAID);
    /// assert_eq!(
    ///     User::query().select(open).to_sql(),
    ///     "SELECT (SELECT sum(orders.total) FROM orders WHERE orders.user_id = users.id AND NOT orders.paid) FROM users"
    /// );
    /// ```
    pub fn aggregate_if<E, I, K, C, IC>(
        self,
        aggregate: E,
        condition: C,
    ) -> Expr<E::Type, Solid<Of<From>>>
    where
        Shape: ToMany,
        Self: Joinable<From = From>,
        E: Expression + Within<(<Self as Joinable>::To, ()), I>,
        E::Uses: KindOf<Kind = K>,
        K: OneForMany,
        C: Condition + Within<Related<Self>, IC> + PerRow,
    {
        subquery(&self, aggregate.into_node(), Some(condition.into_node()))
    }
}
