//! Row locks: FOR UPDATE and its relatives; and what cannot be locked, which is refused before anything is sent.

use super::{Query, render};
use crate::error::{Error, Result};
use crate::expr::{
    All, Has, Item, JoinKind, Lock, LockStrength, LockWait, No, Node, Select, Selectable, TableRef,
    Visit,
};
use crate::model::Source;

/// A row of a query with a lock has to be a row of a table. So DISTINCT, GROUP BY, aggregates, window functions and set
/// operations are refused beside one when the query runs, with [`Error::Invalid`], and so are tables that may have no row.
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
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let q = Product::query().for_share().select(Product::ID);
    /// assert_eq!(q.to_sql(), "SELECT products.id FROM products FOR SHARE OF products");
    /// ```
    pub fn for_share(self) -> Self {
        self.locked(LockStrength::Share)
    }

    /// Locks the rows, and leaves alone those who only refer to them by a foreign key: FOR NO KEY UPDATE.
    /// SQLAlchemy: `with_for_update(key_share=True)`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let q = User::query().for_no_key_update().select(User::ID);
    /// assert_eq!(q.to_sql(), "SELECT users.id FROM users FOR NO KEY UPDATE OF users");
    /// ```
    pub fn for_no_key_update(self) -> Self {
        self.locked(LockStrength::NoKeyUpdate)
    }

    /// Locks the rows' keys against changes, as a foreign key does: FOR KEY SHARE.
    /// SQLAlchemy: `with_for_update(read=True, key_share=True)`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let q = User::query().for_key_share().select(User::ID);
    /// assert_eq!(q.to_sql(), "SELECT users.id FROM users FOR KEY SHARE OF users");
    /// ```
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
        <Scope as Has<S, I>>::Null: Lockable,
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
    /// for. SQLAlchemy: `with_for_update(skip_locked=True)`.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let mut other = engine.session();
    /// let open = || Order::query().filter(Order::STATUS.eq(OrderStatus::Open)).skip_locked();
    /// assert!(open().first(&mut db).await?.is_some());
    /// assert!(open().first(&mut other).await?.is_none()); // taken
    /// # Ok(())
    /// # }
    /// ```
    pub fn skip_locked(self) -> Self {
        self.waiting(LockWait::Skip)
    }

    /// Fails on rows that are locked by others, instead of waiting: NOWAIT. Locks FOR UPDATE if no lock was asked for.
    /// SQLAlchemy: `with_for_update(nowait=True)`.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let mut other = engine.session();
    /// let air = || Product::query().filter(Product::ID.eq(1)).nowait();
    /// air().one(&mut db).await?;
    /// assert!(matches!(air().one(&mut other).await, Err(orm_core::Error::Timeout { .. })));
    /// # Ok(())
    /// # }
    /// ```
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

/// Whether a table always has a row to be locked.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// let q = Product::query().join(Product::CATEGORY).for_update().of(Category::ALL); // of a left-joined one it does not compile
/// assert!(q.to_sql().ends_with(" FOR UPDATE OF categories"));
/// ```
#[diagnostic::on_unimplemented(
    message = "a left-joined table cannot be locked: it may have no row",
    label = "this table may have no row in the query",
    note = "join it with `.join(..)`, or lock its rows by a query of their own"
)]
pub trait Lockable {}

#[diagnostic::do_not_recommend]
impl Lockable for No {}

/// Refuses a lock where PostgreSQL does: its message says the clause and not what to do.
///
/// # Errors
/// [`Error::Invalid`].
pub(super) fn check(select: &Select) -> Result<()> {
    let Some(lock) = &select.lock else {
        return Ok(());
    };
    let clause = if select.set.is_some() {
        "a set operation"
    } else if select.distinct || !select.distinct_on.is_empty() {
        "DISTINCT"
    } else if !select.group_by.is_empty() || !select.having.is_empty() {
        "GROUP BY"
    } else if let Some(what) = many_for_one(&select.items) {
        what
    } else {
        let first = [select.from];
        let locked = if lock.of.is_empty() {
            &first[..]
        } else {
            &lock.of
        };
        return match locked.iter().find(|table| may_be_missing(select, table)) {
            Some(table) => Err(Error::invalid(format!(
                "{} cannot lock `{}`, which is on the side of an outer join that may have no row; name the table to lock \
                 with `.of(..)`, or use `.join(..)`",
                render::lock_words(lock.strength),
                table.table.name
            ))),
            None => Ok(()),
        };
    };
    Err(Error::invalid(format!(
        "{} locks rows of a table, and the rows of a query with {clause} are none; lock the rows by a query of their own, \
         or put this one into it with `.in_query(..)`",
        render::lock_words(lock.strength)
    )))
}

/// What in a select list gives one row for many, or looks at many.
fn many_for_one(items: &[Item]) -> Option<&'static str> {
    #[derive(Default)]
    struct Find(Option<&'static str>);

    impl Visit for Find {
        fn node(&mut self, node: &mut Node) {
            match node {
                Node::Over(..) => self.0 = Some("a window function"),
                Node::Aggregate(_) => self.0 = Some("an aggregate"),
                _ => node.walk(self),
            }
        }

        // A subquery's rows are its own.
        fn select(&mut self, _: &mut Select) {}
    }

    let mut find = Find::default();
    for item in items {
        if let Item::Expr(node) = item {
            find.node(&mut node.clone());
        }
    }
    find.0
}

/// Whether a table stands on the side of an outer join whose rows may be missing.
fn may_be_missing(select: &Select, table: &TableRef) -> bool {
    let mut here = select.from.same(table);
    let mut missing = false;
    for join in &select.joins {
        let this = join.table.same(table);
        missing |= match join.kind {
            JoinKind::Inner | JoinKind::Cross => false,
            JoinKind::Left => this,
            JoinKind::Right => here,
            JoinKind::Full => here || this,
        };
        here |= this;
    }
    missing
}
