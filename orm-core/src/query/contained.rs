//! `with_joined`: a relationship is loaded out of a join that the query has anyhow.

use super::{GivesEntities, Query, StartsAt, Strategy, merge_step};
use crate::expr::{Has, Selectable};
use crate::model::Joinable;

impl<Sel, Scope, G> Query<Sel, Scope, G> {
    /// Takes a relationship's rows out of a join that the query has, instead of joining or asking for them once more: for
    /// queries that filter or order by what they load. SQLAlchemy: `contains_eager`.
    ///
    /// ```
    #[doc = include_str!("../session/example_shop.txt")]
    /// let of_ann = Order::query().join(Order::USER).filter(User::NAME.eq("Ann")).with_joined(Order::USER);
    /// for order in of_ann.all(&mut db).await? { // one statement, with one join
    ///     assert_eq!(db.view(order).related(Order::USER)?.unwrap().name, "Ann");
    /// }
    ///
    /// // A collection is what the query's conditions leave of it: here the users who have a dear order, each with these.
    /// let dear = User::query().join(User::ORDERS).filter(Order::TOTAL.gt(15)).with_joined(User::ORDERS);
    /// let users = dear.all(&mut db).await?;
    /// assert_eq!(users.len(), 1); // each once
    /// assert_eq!(db.related(users[0], User::ORDERS)?.len(), 2);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    /// The join must be one along this relationship: `.join(Order::USER)` or `.left_join(..)`. Under another name, name that:
    /// `.join(Employee::MANAGER.to::<Boss>()).with_joined(Employee::MANAGER.to::<Boss>())`. More behind it is loaded by
    /// `.with(Order::USER.then(..))`.
    ///
    /// LIMIT and OFFSET count joined rows here, as they do in the SQL. In a query with GROUP BY the relationship is loaded by
    /// a statement of its own, whole.
    pub fn with_joined<R, I>(mut self, relationship: R) -> Self
    where
        Self: GivesEntities,
        R: Joinable + StartsAt<<Self as GivesEntities>::Model>,
        Scope: Has<<R as Joinable>::To, I>,
    {
        let mut step = relationship.into_steps();
        step.strategy = Some(Strategy::Joined);
        step.taken_from = Some(<R as Joinable>::To::table_ref().alias);
        merge_step(&mut self.loads, step);
        self
    }
}
