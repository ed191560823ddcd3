//! Row locks: FOR UPDATE and its relatives.

use super::Query;
use crate::expr::{All, Has, Lock, LockStrength, LockWait, Selectable};
use crate::model::Source;

impl<Sel, Scope, G> Query<Sel, Scope, G> {
    /// Locks the rows until the transaction ends: FOR UPDATE. SQLAlchemy: `with_for_update()`.
    ///
    /// ```
    /// # use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "users")]
    /// # struct User { #[orm(primary_key)] id: i32, name: String, age: Option<i32> }
    /// let q = User::query().limit(1).skip_locked().select(User::ID);
    /// assert_eq!(q.to_sql(), "SELECT users.id FROM users LIMIT $1 FOR UPDATE OF users SKIP LOCKED");
    /// ```
    pub fn for_update(self) -> Self {
        self.locked(LockStrength::Update)
    }

    /// Locks the rows against changes: FOR SHARE. SQLAlchemy: `with_for_update(read=True)`.
    pub fn for_share(self) -> Self {
        self.locked(LockStrength::Share)
    }

    /// Locks the rows, and leaves alone those who only refer to them by a foreign key: FOR NO KEY UPDATE.
    /// SQLAlchemy: `with_for_update(key_share=True)`.
    pub fn for_no_key_update(self) -> Self {
        self.locked(LockStrength::NoKeyUpdate)
    }

    /// Locks the rows' keys against changes, as a foreign key does: FOR KEY SHARE.
    /// SQLAlchemy: `with_for_update(read=True, key_share=True)`.
    pub fn for_key_share(self) -> Self {
        self.locked(LockStrength::KeyShare)
    }

    /// Locks the rows of this table, and of others that `of` names, instead of those of the query's first table. Locks
    /// FOR UPDATE if no lock was asked for. SQLAlchemy: `with_for_update(of=Order)`.
    ///
    /// ```
    /// # use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "users", has_many(orders: Order, via = user))]
    /// # struct User { #[orm(primary_key)] id: i32, name: String }
    /// # #[derive(Model, Clone)] #[orm(table = "orders")]
    /// # struct Order { #[orm(primary_key)] id: i32, total: i32, #[orm(belongs_to(user: User))] user_id: i32 }
    /// let q = User::query().join(User::ORDERS).for_share().of(Order::ALL).nowait().select(User::ID);
    /// assert!(q.to_sql().ends_with("FOR SHARE OF orders NOWAIT"));
    /// ```
    pub fn of<S, I>(self, table: All<S>) -> Self
    where
        S: Source,
        Scope: Has<S, I>,
    {
        let _ = table;
        self.with_lock(|lock| lock.of.push(S::table_ref()))
    }

    fn locked(mut self, strength: LockStrength) -> Self {
        self.select.lock = Some(Lock {
            strength,
            wait: LockWait::Wait,
            of: Vec::new(),
        });
        self
    }

    /// Leaves out rows that are locked by others, instead of waiting: SKIP LOCKED. Locks FOR UPDATE if no lock was asked
    /// for.
    pub fn skip_locked(self) -> Self {
        self.waiting(LockWait::Skip)
    }

    /// Fails on rows that are locked by others, instead of waiting: NOWAIT. Locks FOR UPDATE if no lock was asked for.
    pub fn nowait(self) -> Self {
        self.waiting(LockWait::Fail)
    }

    fn waiting(self, wait: LockWait) -> Self {
        self.with_lock(|lock| lock.wait = wait)
    }

    fn with_lock(self, change: impl FnOnce(&mut Lock)) -> Self {
        let mut query = match self.select.lock {
            None => self.for_update(),
            Some(_) => self,
        };
        query.select.lock.as_mut().map(change);
        query
    }
}
