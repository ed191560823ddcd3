//! `count_of`, `aggregate`, `load_as`: what is asked of related rows without making entities of them. One statement for all
//! parents, as loaders send.

use std::panic::Location;

use super::hash::FastMap;
use super::key::KeyBytes;
use super::load_sql::Wanted;
use super::singles::Single;
use super::{Loadable, Session};
use crate::error::{Error, Result};
use crate::expr::{Expression, KindOf, Node, OneForMany, Within, count_all};
use crate::model::{ColumnNames, FromRow, Handle, Model, RawHandle, RelationInfo};
use crate::query::{LoadPath, LoadStep, Running, StartsAt};
use crate::types::SqlType;

impl Session {
    /// How many related rows each of some entities has, counted by the server: nothing is loaded. The numbers stand in the
    /// order of the handles. One statement for all of them. SQLAlchemy: a GROUP BY by hand.
    ///
    /// ```
    #[doc = include_str!("example_shop.txt")]
    /// let users = User::query().order_by(User::ID).all(&mut db).await?;
    /// assert_eq!(db.count_of(&users, User::ORDERS).await?, [3, 0]);
    /// assert_eq!(db.count_of(&users, User::ORDERS.filter(Order::TOTAL.gt(15))).await?, [2, 0]);
    /// assert!(db.related(users[0], User::ORDERS).is_err()); // nothing was loaded
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    /// # Errors
    /// As [`aggregate`](Session::aggregate).
    #[track_caller]
    pub fn count_of<M: Model, P: StartsAt<M>>(
        &mut self,
        handles: impl Loadable<M>,
        relationship: P,
    ) -> Running<'_, Vec<i64>> {
        self.aggregate(handles, relationship, count_all())
    }

    /// An aggregate over the related rows of each of some entities, computed by the server: nothing is loaded. The values
    /// stand in the order of the handles; an entity without related rows has what the aggregate is of no rows, which is
    /// NULL for `sum` and 0 for `count`.
    ///
    /// A `filter` on the relationship leaves rows out. Inside a query the same is an expression of the row:
    /// [`User::ORDERS.aggregate(..)`](crate::model::Relation::aggregate).
    ///
    /// ```
    #[doc = include_str!("example_shop.txt")]
    /// let users = User::query().order_by(User::ID).all(&mut db).await?;
    /// let totals: Vec<Option<i64>> = db.aggregate(&users, User::ORDERS, sum(Order::TOTAL)).await?;
    /// assert_eq!(totals, [Some(60), None]);
    ///
    /// // Over two levels: the sum of each order's number of items.
    /// let items = db.aggregate(&users, User::ORDERS, sum(Order::ITEMS.sum(OrderItem::QUANTITY))).await;
    /// # let items: Vec<Option<rust_decimal::Decimal>> = items?;
    /// assert_eq!(items[0], Some(6.into()));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    /// Sends `SELECT orders.user_id, sum(orders.total) FROM orders WHERE orders.user_id = ANY($1) GROUP BY orders.user_id`
    /// and, in the same statement, asks for the value of no rows. Flushes first, if anything is pending.
    ///
    /// # Errors
    /// [`Error::Invalid`] where the relationship has an order or a limit, or goes on with `then`; [`Error::Detached`],
    /// [`Error::Pending`] where autoflush is off, what the server refuses.
    #[track_caller]
    pub fn aggregate<M, P, E, T, I, K>(
        &mut self,
        handles: impl Loadable<M>,
        relationship: P,
        aggregate: E,
    ) -> Running<'_, Vec<T>>
    where
        M: Model,
        P: StartsAt<M>,
        E: Expression<Type = T> + Within<(<P as LoadPath>::End, ()), I>,
        E::Uses: KindOf<Kind = K>,
        T: SqlType,
        K: OneForMany,
    {
        // An aggregate is made again for the type: the node knows none.
        let node = aggregate.into_node();
        let (handles, step, at) = (
            handles.handles(),
            relationship.into_steps(),
            Location::caller(),
        );
        Running::new(self.aggregated(handles, step, node, at))
    }

    async fn aggregated<M: Model, T: SqlType>(
        &mut self,
        handles: Vec<Handle<M>>,
        step: LoadStep,
        aggregate: Node,
        at: &'static Location<'static>,
    ) -> Result<Vec<T>> {
        let relation = step.relation;
        if step.limit.is_some() || !step.order_by.is_empty() {
            return Err(Error::invalid(format!(
                "an aggregate over `{}` is over all of its rows: it takes a `filter`, and no `order_by` or `limit`",
                relation.path()
            )));
        }
        no_further(&step, "`db.aggregate(..)`")?;
        let roots = self.rows_of(handles).await?;
        if roots.is_empty() {
            return Ok(Vec::new());
        }
        let keys = ParentKeys::of(self, &roots, relation);
        let statement = self.select_aggregate(relation, step.filters, &keys.different, aggregate);
        let rows = self.send(&statement).await?;
        if roots.len() == 1 {
            self.note_single(Single::Aggregate(relation), at);
        }
        let parts = relation.columns().0.len();
        let row_of: FastMap<Option<KeyBytes>, usize> = rows
            .iter()
            .enumerate()
            .map(|(at, row)| (KeyBytes::in_front_of(row, parts), at))
            .collect();
        let of_none = row_of.get(&None).copied();
        keys.of_parents
            .iter()
            .map(|key| {
                let own = key.as_ref().and_then(|_| row_of.get(key).copied());
                let at = own.or(of_none).ok_or_else(|| {
                    Error::invalid("the server gave no value for an aggregate of no rows")
                })?;
                rows[at].get(parts)
            })
            .collect()
    }

    /// Reads some columns of related rows into structs of your own, for each of some entities: a list of lists, in the
    /// order of the handles. The structs are `#[derive(FromRow)]`, and their fields say which columns are read. No entities
    /// are made, and the session knows nothing of these rows afterwards. SQLAlchemy: `load_only`, without the objects that
    /// are only half there: entities are always whole here.
    ///
    /// `filter`, `order_by` and `limit` apply to each parent's rows.
    ///
    /// ```
    #[doc = include_str!("example_shop.txt")]
    /// #[derive(FromRow, Debug, PartialEq)]
    /// struct Line {
    ///     product: String,
    ///     #[orm(column = "quantity")]
    ///     pieces: i32,
    /// }
    /// let orders = Order::query().order_by(Order::ID).all(&mut db).await?;
    /// let lines: Vec<Vec<Line>> = db.load_as(&orders, Order::ITEMS.order_by(OrderItem::ID)).await?;
    /// assert_eq!(lines[0], [Line { product: "tea".to_owned(), pieces: 2 }]);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    /// Sends one statement, `SELECT order_items.product, order_items.quantity, order_items.order_id FROM order_items WHERE
    /// order_items.order_id = ANY($1)`. Flushes first, if anything is pending.
    ///
    /// # Errors
    /// [`Error::Invalid`] where a field has no column in the related table, or the relationship goes on with `then`;
    /// [`Error::Detached`], [`Error::Pending`] where autoflush is off, what the server refuses.
    #[track_caller]
    pub fn load_as<R: FromRow + Send, M: Model, P: StartsAt<M>>(
        &mut self,
        handles: impl Loadable<M>,
        relationship: P,
    ) -> Running<'_, Vec<Vec<R>>> {
        let (handles, step, at) = (
            handles.handles(),
            relationship.into_steps(),
            Location::caller(),
        );
        Running::new(self.loaded_as(handles, step, at))
    }

    async fn loaded_as<R: FromRow + Send, M: Model>(
        &mut self,
        handles: Vec<Handle<M>>,
        step: LoadStep,
        at: &'static Location<'static>,
    ) -> Result<Vec<Vec<R>>> {
        let relation = step.relation;
        no_further(&step, "`db.load_as(..)`")?;
        let columns = columns_of::<R>(relation)?;
        let roots = self.rows_of(handles).await?;
        let keys = ParentKeys::of(self, &roots, relation);
        let mut parents_of: FastMap<&KeyBytes, Vec<usize>> = FastMap::default();
        for (at, key) in keys.of_parents.iter().enumerate() {
            if let Some(key) = key {
                parents_of.entry(key).or_default().push(at);
            }
        }
        let mut found: Vec<Vec<R>> = roots.iter().map(|_| Vec::new()).collect();
        if parents_of.is_empty() {
            return Ok(found);
        }
        let wanted = Wanted::Columns(&columns);
        let (statement, _) = self.select_members(step, &keys.different, wanted);
        let positions: Vec<usize> = (0..columns.len()).collect();
        let rows = self.send(&statement).await?;
        if roots.len() == 1 {
            self.note_single(Single::LoadAs(relation), at);
        }
        for row in &rows {
            let key = KeyBytes::at(row, columns.len(), relation.columns().0.len());
            for at in key
                .and_then(|key| parents_of.get(&key))
                .into_iter()
                .flatten()
            {
                found[*at].push(R::from_row(row, &positions)?);
            }
        }
        Ok(found)
    }
}

/// The keys of some parents along a relationship.
struct ParentKeys {
    /// One for each parent; `None` has a NULL in it and leads nowhere.
    of_parents: Vec<Option<KeyBytes>>,
    /// Each once.
    different: Vec<KeyBytes>,
}

impl ParentKeys {
    fn of(db: &Session, parents: &[RawHandle], relation: &'static RelationInfo) -> Self {
        let columns = relation.columns().0;
        let keys = parents.iter();
        let keys = keys.map(|parent| db.key_before_at(*parent, columns));
        let of_parents: Vec<_> = keys.collect();
        let mut different: Vec<_> = of_parents.iter().flatten().cloned().collect();
        different.sort();
        different.dedup();
        ParentKeys {
            of_parents,
            different,
        }
    }
}

/// A path of one relationship is all that can be computed of or read into structs.
fn no_further(step: &LoadStep, call: &str) -> Result<()> {
    match step.then.first() {
        None => Ok(()),
        Some(next) => Err(Error::invalid(format!(
            "{call} takes one relationship, and this path goes on from `{}` to `{}`",
            step.relation.path(),
            next.relation.path()
        ))),
    }
}

/// The columns of the related table that a struct has fields for, in the order of the fields.
fn columns_of<R: FromRow>(relation: &RelationInfo) -> Result<Vec<u16>> {
    let names: Vec<_> = relation
        .to
        .columns
        .iter()
        .map(|column| column.name)
        .collect();
    let positions = R::positions(&ColumnNames::new(&names))
        .map_err(|error| Error::invalid(format!("the rows of `{}`: {error}", relation.path())))?;
    Ok(positions.into_iter().map(|at| at as u16).collect())
}
