//! [`TruthOperators`]: three-valued logic. In the prelude.

use super::{AsExpr, Condition, Expr, Expression, Node, Solid};
use crate::types::SqlType;

type Base<E> = <<E as Expression>::Type as SqlType>::Base;

/// The type of two conditions together.
type Joint<E, R> = <<E as Expression>::Type as SqlType>::Nullify<
    <<R as Expression>::Type as SqlType>::Nullify<bool>,
>;

/// The type of a comparison with two others.
type Ranged<E, L, H> = <<E as Expression>::Type as SqlType>::Nullify<
    <<L as AsExpr<Base<E>>>::Type as SqlType>::Nullify<
        <<H as AsExpr<Base<E>>>::Type as SqlType>::Nullify<bool>,
    >,
>;

/// What can be asked of a condition, whose third value is NULL ("unknown"): these answers are never NULL themselves.
///
/// ```
/// use orm_core::prelude::*;
/// # #[derive(Model, Clone)] #[orm(table = "users")]
/// # struct User { #[orm(primary_key)] id: i32, active: Option<bool>, age: Option<i32> }
/// // `NOT (age < 18)` leaves out those whose age nobody knows; this does not.
/// let q = User::query().filter(User::AGE.lt(18).is_not_true()).select(User::ID);
/// assert_eq!(q.to_sql(), "SELECT users.id FROM users WHERE users.age < $1 IS NOT TRUE");
///
/// let q = User::query().filter(User::ACTIVE.is_true().xor(User::AGE.is_null())).select(User::ID);
/// assert_eq!(
///     q.to_sql(),
///     "SELECT users.id FROM users WHERE (users.active IS TRUE) <> (users.age IS NULL)"
/// );
///
/// let q = User::query().select((
///     User::ACTIVE.is_false(),
///     User::ACTIVE.is_not_false(),
///     User::ACTIVE.is_unknown(),
///     User::ACTIVE.is_not_unknown(),
/// ));
/// assert_eq!(
///     q.to_sql(),
///     "SELECT users.active IS FALSE, users.active IS NOT FALSE, users.active IS UNKNOWN, \
///      users.active IS NOT UNKNOWN FROM users"
/// );
/// ```
#[allow(clippy::wrong_self_convention)]
pub trait TruthOperators: Expression {
    /// `IS TRUE`. SQLAlchemy: `is_(True)`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let q = User::query().filter(User::ACTIVE.is_true()).select(User::ID);
    /// assert!(q.to_sql().ends_with("WHERE users.active IS TRUE"));
    /// ```
    fn is_true(self) -> Expr<bool, Solid<Self::Uses>>
    where
        Self: Condition,
    {
        asked(self, "IS TRUE")
    }

    /// `IS NOT TRUE`: false, or unknown. SQLAlchemy: `is_not(True)`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let q = User::query().filter(User::ACTIVE.is_not_true()).select(User::ID);
    /// assert!(q.to_sql().ends_with("WHERE users.active IS NOT TRUE"));
    /// ```
    fn is_not_true(self) -> Expr<bool, Solid<Self::Uses>>
    where
        Self: Condition,
    {
        asked(self, "IS NOT TRUE")
    }

    /// `IS FALSE`. SQLAlchemy: `is_(False)`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let q = User::query().filter(User::ACTIVE.is_false()).select(User::ID);
    /// assert!(q.to_sql().ends_with("WHERE users.active IS FALSE"));
    /// ```
    fn is_false(self) -> Expr<bool, Solid<Self::Uses>>
    where
        Self: Condition,
    {
        asked(self, "IS FALSE")
    }

    /// `IS NOT FALSE`: true, or unknown. SQLAlchemy: `is_not(False)`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let q = User::query().filter(User::ACTIVE.is_not_false()).select(User::ID);
    /// assert!(q.to_sql().ends_with("WHERE users.active IS NOT FALSE"));
    /// ```
    fn is_not_false(self) -> Expr<bool, Solid<Self::Uses>>
    where
        Self: Condition,
    {
        asked(self, "IS NOT FALSE")
    }

    /// `IS UNKNOWN`: neither true nor false. SQLAlchemy: `is_(None)`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let q = User::query().filter(User::ACTIVE.is_unknown()).select(User::ID);
    /// assert!(q.to_sql().ends_with("WHERE users.active IS UNKNOWN"));
    /// ```
    fn is_unknown(self) -> Expr<bool, Solid<Self::Uses>>
    where
        Self: Condition,
    {
        asked(self, "IS UNKNOWN")
    }

    /// `IS NOT UNKNOWN`: true or false. SQLAlchemy: `is_not(None)`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let q = User::query().filter(User::ACTIVE.is_not_unknown()).select(User::ID);
    /// assert!(q.to_sql().ends_with("WHERE users.active IS NOT UNKNOWN"));
    /// ```
    fn is_not_unknown(self) -> Expr<bool, Solid<Self::Uses>>
    where
        Self: Condition,
    {
        asked(self, "IS NOT UNKNOWN")
    }

    /// One of them holds, and not both: `<>`, since SQL has no word for it.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let q = User::query().filter(User::ACTIVE.xor(User::ID.lt(10))).select(User::ID);
    /// assert!(q.to_sql().ends_with("WHERE users.active <> (users.id < $1)"));
    /// ```
    fn xor<R: Condition>(self, other: R) -> Expr<Joint<Self, R>, (Self::Uses, R::Uses)>
    where
        Self: Condition,
    {
        Expr::new(Node::infix(self.into_node(), "<>", other.into_node()))
    }

    /// `BETWEEN SYMMETRIC a AND b`, both included, whichever is the greater. SQLAlchemy: `between(a, b, symmetric=True)`.
    ///
    /// ```
    /// use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "users")]
    /// # struct User { #[orm(primary_key)] id: i32, age: i32 }
    /// let q = User::query().filter(User::AGE.between_symmetric(65, 18)).select(User::ID);
    /// assert_eq!(
    ///     q.to_sql(),
    ///     "SELECT users.id FROM users WHERE users.age BETWEEN SYMMETRIC $1 AND $2"
    /// );
    /// ```
    #[allow(clippy::type_complexity)]
    fn between_symmetric<L, H>(
        self,
        one: L,
        other: H,
    ) -> Expr<Ranged<Self, L, H>, (Self::Uses, (L::Uses, H::Uses))>
    where
        L: AsExpr<Base<Self>>,
        H: AsExpr<Base<Self>>,
    {
        Expr::new(Node::Template(
            "? BETWEEN SYMMETRIC ? AND ?",
            vec![self.into_node(), one.into_operand(), other.into_operand()],
        ))
    }
}

impl<E: Expression> TruthOperators for E {}

fn asked<C: Condition>(condition: C, question: &'static str) -> Expr<bool, Solid<C::Uses>> {
    Expr::new(Node::postfix(condition.into_node(), question))
}
