//! `CASE`: [`case`] with conditions, [`case_of`] with values. SQLAlchemy: `case(..)`.

use std::fmt;
use std::marker::PhantomData;

use super::{AsExpr, CaseNode, Condition, Expr, Expression, Node, Operand, Solid};
use crate::types::SqlType;

/// `CASE WHEN condition THEN value ..`: the value of the first condition that is true. Ends with
/// [`otherwise`](Case::otherwise), or with [`end`](Case::end), which gives an `Option`. SQLAlchemy: `case((cond, value), ..)`.
///
/// The first value says the type, and the others have to fit it. It is an `Option` if any of the values can be NULL.
///
/// ```
/// use orm_core::prelude::*;
/// # #[derive(Model, Clone)] #[orm(table = "users")]
/// # struct User { #[orm(primary_key)] id: i32, name: String, age: Option<i32> }
/// let group = case()
///     .when(User::AGE.lt(18), "child")
///     .when(User::AGE.lt(65), "adult")
///     .otherwise("senior");
/// let q = User::query().order_by(User::ID).select((User::ID, group));
/// assert_eq!(
///     q.to_sql(),
///     "SELECT users.id, CASE WHEN users.age < $1 THEN $2 WHEN users.age < $3 THEN $4 ELSE $5 END \
///      FROM users ORDER BY users.id"
/// );
/// # async fn typed(db: &mut Session) -> orm_core::Result<()> {
/// # let group = case().when(User::AGE.lt(18), "child").otherwise("senior");
/// # let q = User::query().select((User::ID, group));
/// let rows: Vec<(i32, String)> = q.all(db).await?;
/// # Ok(())
/// # }
/// ```
pub fn case() -> CaseStart<Searched> {
    CaseStart::new(None)
}

/// `CASE operand WHEN value THEN value ..`: what is said for the first value that the operand equals. NULL equals nothing.
/// SQLAlchemy: `case({..}, value=x)`.
///
/// ```
/// use orm_core::prelude::*;
/// # #[derive(Model, Clone)] #[orm(table = "users")]
/// # struct User { #[orm(primary_key)] id: i32, name: String, age: Option<i32> }
/// let rank = case_of(User::NAME).when("ann", 1).when("bob", 2).end();
/// let q = User::query().order_by(rank.asc().nulls_last()).select(User::ID);
/// assert_eq!(
///     q.to_sql(),
///     "SELECT users.id FROM users ORDER BY CASE users.name WHEN $1 THEN $2 WHEN $3 THEN $4 END NULLS LAST"
/// );
/// ```
pub fn case_of<E: Expression>(
    operand: E,
) -> CaseStart<Simple<<E::Type as SqlType>::Base>, Solid<E::Uses>> {
    CaseStart::new(Some(operand.into_node()))
}

/// What follows WHEN is a condition.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::expr::{CaseStart, Searched};
///
/// let start: CaseStart<Searched> = case();
/// # let _ = start.when(Product::STOCK.eq(0), 1);
/// ```
#[derive(Debug)]
pub struct Searched;
/// What follows WHEN is a value of type `T`.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::expr::{CaseStart, Simple};
///
/// let start: CaseStart<Simple<i32>, _> = case_of(Product::STOCK);
/// # let _ = start.when(0, 1);
/// ```
#[derive(Debug)]
pub struct Simple<T>(PhantomData<fn() -> T>);

/// What `when` takes first: a condition behind [`case`], a value to compare with behind [`case_of`].
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::expr::{Node, Searched, Simple, When};
///
/// fn node<Kind>(when: impl When<Kind>) -> Node { when.into_when() }
/// assert!(matches!(node::<Searched>(Product::STOCK.eq(0)), Node::Infix(_, "=", _)));
/// assert!(matches!(node::<Simple<i32>>(0), Node::Param(_)));
/// ```
#[diagnostic::on_unimplemented(
    message = "`when` takes a condition behind `case()`, and a value of the operand's type behind `case_of(..)`",
    label = "found `{Self}`"
)]
pub trait When<Kind> {
    /// The tables that it uses.
    type Uses;

    /// It without its types.
    fn into_when(self) -> Node;
}

#[diagnostic::do_not_recommend]
impl<C: Condition> When<Searched> for C {
    type Uses = C::Uses;

    fn into_when(self) -> Node {
        self.into_node()
    }
}

#[diagnostic::do_not_recommend]
impl<T, R: AsExpr<T>> When<Simple<T>> for R {
    type Uses = R::Uses;

    fn into_when(self) -> Node {
        self.into_operand()
    }
}

/// A CASE without a branch.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// let start = case(); // a `CaseStart`: it has `when`, and no end yet
/// let q = Product::query().select(start.when(Product::STOCK.eq(0), "sold out").end());
/// assert_eq!(q.to_sql(), "SELECT CASE WHEN products.stock = $1 THEN $2 END FROM products");
/// ```
#[must_use = "a CASE needs a `.when(..)`"]
pub struct CaseStart<Kind, Uses = ()> {
    operand: Option<Node>,
    types: PhantomData<fn() -> (Kind, Uses)>,
}

/// A CASE whose value has the type `T` so far.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// let hint = case().when(Product::STOCK.eq(0), "sold out"); // a `Case`: it goes on, or ends
/// let q = Product::query().select(hint.otherwise(Product::NAME));
/// assert_eq!(q.to_sql(), "SELECT CASE WHEN products.stock = $1 THEN $2 ELSE products.name END FROM products");
/// ```
#[must_use = "a CASE ends with `.otherwise(..)` or `.end()`"]
pub struct Case<Kind, T, Uses> {
    node: CaseNode,
    types: PhantomData<fn() -> (Kind, T, Uses)>,
}

impl<Kind, Uses> CaseStart<Kind, Uses> {
    fn new(operand: Option<Node>) -> Self {
        CaseStart {
            operand,
            types: PhantomData,
        }
    }

    /// When, and what then. The value's type is that of the CASE. SQLAlchemy: a pair of `case((condition, value))`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let hint = case().when(Product::STOCK.eq(0), "sold out").end(); // text, or NULL
    /// assert_eq!(Product::query().select(hint).to_sql(), "SELECT CASE WHEN products.stock = $1 THEN $2 END FROM products");
    /// ```
    pub fn when<W, V>(
        self,
        when: W,
        then: V,
    ) -> Case<Kind, V::Type, (Uses, (Solid<W::Uses>, V::Uses))>
    where
        W: When<Kind>,
        V: Operand,
    {
        Case {
            node: CaseNode {
                operand: self.operand,
                branches: vec![(when.into_when(), then.into_any().typed(false))],
                otherwise: None,
            },
            types: PhantomData,
        }
    }
}

/// The type of a CASE of type `T` with a value of type `V` more.
type With<T, V> = <T as SqlType>::Nullify<<V as SqlType>::Nullify<<T as SqlType>::Base>>;

// The value's type and tables are parameters, and no projections, so that a value that does not fit is reported as such.
impl<Kind, T: SqlType<Base = B>, B: SqlType<Base = B>, Uses> Case<Kind, T, Uses> {
    /// When, and what then. SQLAlchemy: another pair of `case((condition, value), ..)`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let hint = case().when(Product::STOCK.eq(0), "sold out").when(Product::STOCK.lt(5), "few").otherwise("");
    /// let q = Product::query().select(hint);
    /// assert!(q.to_sql().contains("CASE WHEN products.stock = $1 THEN $2 WHEN products.stock < $3 THEN $4 ELSE $5 END"));
    /// ```
    pub fn when<W, R, V, U>(
        mut self,
        when: W,
        then: R,
    ) -> Case<Kind, With<T, V>, (Uses, (Solid<W::Uses>, U))>
    where
        W: When<Kind>,
        R: AsExpr<B, Type = V, Uses = U>,
        V: SqlType,
    {
        let branch = (when.into_when(), then.into_operand().typed(false));
        self.node.branches.push(branch);
        Case {
            node: self.node,
            types: PhantomData,
        }
    }

    /// `ELSE value END`. SQLAlchemy: `case(.., else_=value)`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let size = case().when(Product::PRICE.lt(5_000), "small").otherwise("large");
    /// let q = Product::query().select(size);
    /// assert_eq!(q.to_sql(), "SELECT CASE WHEN products.price < $1 THEN $2 ELSE $3 END FROM products");
    /// ```
    pub fn otherwise<R, V, U>(mut self, value: R) -> Expr<With<T, V>, (Uses, U)>
    where
        R: AsExpr<B, Type = V, Uses = U>,
        V: SqlType,
    {
        self.node.otherwise = Some(value.into_operand().typed(false));
        Expr::new(Node::Case(Box::new(self.node)))
    }

    /// `END`: NULL where nothing fits. SQLAlchemy: `case(..)` without `else_`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let size = case().when(Product::PRICE.lt(5_000), "small").end(); // NULL where it isn't
    /// let q = Product::query().select(size);
    /// assert_eq!(q.to_sql(), "SELECT CASE WHEN products.price < $1 THEN $2 END FROM products");
    /// ```
    pub fn end(self) -> Expr<Option<B>, Uses> {
        Expr::new(Node::Case(Box::new(self.node)))
    }
}

impl<Kind, Uses> fmt::Debug for CaseStart<Kind, Uses> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.operand.fmt(f)
    }
}

impl<Kind, T, Uses> fmt::Debug for Case<Kind, T, Uses> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.node.fmt(f)
    }
}
