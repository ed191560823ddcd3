//! What can stand where: [`Expression`] is anything with a value, [`AsExpr`] anything that an operator takes on its
//! right, [`Condition`] anything that is true or false.

use std::fmt;
use std::marker::PhantomData;

use super::{Column, Node, Of, Selectable};
use crate::types::{Param, SqlType};

/// Anything with a value in SQL: a column, or an [`Expr`] made of others.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::expr::{Expr, Expression};
///
/// fn longer_than_ten<E: Expression<Type = String>>(text: E) -> Expr<bool, (E::Uses, ())> {
///     func::length(text).gt(10)
/// }
/// let q = Tag::query().filter(longer_than_ten(Tag::WORD)).select(Tag::ID);
/// assert_eq!(q.to_sql(), "SELECT tags.id FROM tags WHERE length(tags.word) > $1");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an SQL expression",
    label = "expected a column, or an expression made of columns",
    note = "a plain value becomes one with `value(..)`"
)]
pub trait Expression: Sized {
    /// The type of the value.
    type Type: SqlType;
    /// The tables that it uses.
    type Uses;

    /// The expression without its types.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// use orm_core::expr::{Expression, Node};
    ///
    /// assert!(matches!(Tag::WORD.into_node(), Node::Column(_, 1)));
    /// assert!(matches!(Tag::WORD.eq("new").into_node(), Node::Infix(_, "=", _)));
    /// ```
    fn into_node(self) -> Node;
}

/// An expression made of others.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::expr::{Expr, Of};
///
/// // What a function returns: a `bool`, of the table of products alone.
/// fn sold_out() -> Expr<bool, Of<Product>> {
///     Product::STOCK.eq(0).of_model()
/// }
/// let q = Product::query().filter(sold_out().and(Product::PRICE.gt(100))).select(Product::ID);
/// assert!(q.to_sql().ends_with("WHERE products.stock = $1 AND products.price > $2"));
/// ```
pub struct Expr<T, Uses> {
    node: Node,
    types: PhantomData<fn() -> (T, Uses)>,
}

impl<T, Uses> Expr<T, Uses> {
    pub(crate) fn new(node: Node) -> Self {
        Expr {
            node,
            types: PhantomData,
        }
    }

    /// The expression without its types, whatever they are.
    pub(crate) fn into_untyped(self) -> Node {
        self.node
    }
}

impl<T, Uses> Clone for Expr<T, Uses> {
    fn clone(&self) -> Self {
        Expr::new(self.node.clone())
    }
}

impl<T, Uses> fmt::Debug for Expr<T, Uses> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.node.fmt(f)
    }
}

impl<T: SqlType, Uses> Expression for Expr<T, Uses> {
    type Type = T;
    type Uses = Uses;

    fn into_node(self) -> Node {
        self.node
    }
}

impl<S: Selectable, T: SqlType> Expression for Column<S, T> {
    type Type = T;
    type Uses = Of<S>;

    fn into_node(self) -> Node {
        self.node()
    }
}

/// A plain value as an expression: in a select list, among a function's arguments, or on the left of an operator.
/// SQLAlchemy: `literal(..)`.
///
/// ```
/// use orm_core::prelude::*;
///
/// # #[derive(Model, Clone)] #[orm(table = "users")]
/// # struct User { #[orm(primary_key)] id: i32 }
/// let q = User::query().select((User::ID, value("here")));
/// assert_eq!(q.to_sql(), "SELECT users.id, $1 FROM users");
/// ```
///
/// The server takes the type of text from where it stands; where nothing says it (`func::call` of a function that takes
/// anything), say it with `func::cast::<String, _>(value(..))`.
pub fn value<V: Literal>(value: V) -> Expr<V::Type, ()> {
    Expr::new(Node::Param(Param::new(&value.into_value())))
}

/// What [`value`] takes: anything that a column can hold, and `&str`.
///
/// ```
/// use orm_core::expr::Literal;
///
/// let word: String = "new".into_value(); // a `&str` is text
/// let number: i32 = 7.into_value();
/// # assert_eq!((word.as_str(), number), ("new", 7));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a value that PostgreSQL can be given",
    label = "no PostgreSQL type is known for `{Self}`"
)]
pub trait Literal {
    /// The type of the expression.
    type Type: SqlType;

    /// The value.
    fn into_value(self) -> Self::Type;
}

#[diagnostic::do_not_recommend]
impl<T: SqlType> Literal for T {
    type Type = T;

    fn into_value(self) -> T {
        self
    }
}

#[diagnostic::do_not_recommend]
impl Literal for &str {
    type Type = String;

    fn into_value(self) -> String {
        self.to_owned()
    }
}

/// What stands where any type may: a value, a column or an expression, which brings its type along.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::expr::{Node, Operand};
///
/// assert!(matches!("new".into_any(), Node::Param(_)));
/// assert!(matches!(Tag::WORD.into_any(), Node::Column(..)));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither a value, nor a column or an expression",
    label = "no PostgreSQL type is known for `{Self}`"
)]
pub trait Operand {
    /// The type of its value.
    type Type: SqlType;
    /// The tables that it uses.
    type Uses;

    /// The operand without its types.
    fn into_any(self) -> Node;
}

#[diagnostic::do_not_recommend]
impl<T: SqlType> Operand for T {
    type Type = T;
    type Uses = ();

    fn into_any(self) -> Node {
        Node::Param(Param::new(&self))
    }
}

#[diagnostic::do_not_recommend]
impl Operand for &str {
    type Type = String;
    type Uses = ();

    fn into_any(self) -> Node {
        Node::Param(Param::new(&self.to_owned()))
    }
}

#[diagnostic::do_not_recommend]
impl<S: Selectable, T: SqlType> Operand for Column<S, T> {
    type Type = T;
    type Uses = Of<S>;

    fn into_any(self) -> Node {
        self.node()
    }
}

#[diagnostic::do_not_recommend]
impl<T: SqlType, Uses> Operand for Expr<T, Uses> {
    type Type = T;
    type Uses = Uses;

    fn into_any(self) -> Node {
        self.node
    }
}

/// What an operator takes on its right, where its left is a `T`: a value, a column or an expression of that type.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::expr::{AsExpr, Node};
///
/// fn node(right: impl AsExpr<i32>) -> Node { right.into_operand() }
/// assert!(matches!(node(100), Node::Param(_)));
/// assert!(matches!(node(Product::PRICE), Node::Column(..)));
/// assert!(matches!(node(Product::PRICE + 100), Node::Infix(_, "+", _)));
/// ```
#[diagnostic::on_unimplemented(
    message = "expected a value, a column or an expression of type `{T}`",
    label = "a `{T}` cannot be compared or combined with `{Self}`"
)]
pub trait AsExpr<T> {
    /// `T`, or `Option<T>` for a column that can be NULL.
    type Type: SqlType;
    /// The tables that it uses.
    type Uses;

    /// The operand without its types.
    fn into_operand(self) -> Node;
}

#[diagnostic::do_not_recommend]
impl<T: SqlType<Base = T>> AsExpr<T> for T {
    type Type = T;
    type Uses = ();

    fn into_operand(self) -> Node {
        Node::Param(Param::new(&self))
    }
}

/// A column or an expression that can or cannot be NULL. One impl for each of the two, since an impl for `T::Base` would
/// be reported as a type mismatch in rustc's words, not in ours.
macro_rules! operands {
    ($($ty:ty),*) => { $(
        #[diagnostic::do_not_recommend]
        impl<S: Selectable, T: SqlType<Base = T>> AsExpr<T> for Column<S, $ty> {
            type Type = $ty;
            type Uses = Of<S>;

            fn into_operand(self) -> Node {
                self.node()
            }
        }

        #[diagnostic::do_not_recommend]
        impl<T: SqlType<Base = T>, Uses> AsExpr<T> for Expr<$ty, Uses> {
            type Type = $ty;
            type Uses = Uses;

            fn into_operand(self) -> Node {
                self.node
            }
        }
    )* };
}

operands!(T, Option<T>);

macro_rules! text {
    ($($from:ty),*) => { $(
        #[diagnostic::do_not_recommend]
        impl AsExpr<String> for $from {
            type Type = String;
            type Uses = ();

            fn into_operand(self) -> Node {
                Node::Param(Param::new(&String::from(self)))
            }
        }
    )* };
}

text!(&str, &String, std::borrow::Cow<'_, str>);

/// Narrow columns and expressions beside wide ones, as PostgreSQL takes them: `PRICE * QUANTITY`, a `Decimal` and an
/// `i32`. The wide one stands on the left. Values are not widened, except literals beside a `Decimal`.
macro_rules! widened {
    ($($narrow:ty => $wide:ty),*) => { $(
        widened!(@ $narrow, $wide);
        widened!(@ Option<$narrow>, Option<$wide>);
    )* };
    (@ $narrow:ty, $wide:ty) => {
        #[diagnostic::do_not_recommend]
        impl<S: Selectable> AsExpr<<$wide as SqlType>::Base> for Column<S, $narrow> {
            type Type = $wide;
            type Uses = Of<S>;

            fn into_operand(self) -> Node {
                self.node()
            }
        }

        #[diagnostic::do_not_recommend]
        impl<Uses> AsExpr<<$wide as SqlType>::Base> for Expr<$narrow, Uses> {
            type Type = $wide;
            type Uses = Uses;

            fn into_operand(self) -> Node {
                self.node
            }
        }
    };
}

widened!(i16 => i32, i16 => i64, i32 => i64, f32 => f64);

#[cfg(feature = "decimal")]
mod decimal {
    use rust_decimal::Decimal;

    use super::*;

    widened!(i16 => Decimal, i32 => Decimal, i64 => Decimal);

    #[diagnostic::do_not_recommend]
    impl AsExpr<Decimal> for i32 {
        type Type = Decimal;
        type Uses = ();

        fn into_operand(self) -> Node {
            Node::Param(Param::new(&Decimal::from(self)))
        }
    }
}

/// The type of nothing. Because everything fits where it is expected, rustc does not take the only type where something
/// does fit for the one that is expected: it waits until that is known, and reports in our words what does not fit.
#[derive(Debug)]
pub enum Undecided {}

#[diagnostic::do_not_recommend]
impl<E> AsExpr<Undecided> for E {
    type Type = bool;
    type Uses = ();

    fn into_operand(self) -> Node {
        Node::Word("NULL")
    }
}

/// Implemented by nothing: it carries the message for `eq(None)`. It is asked of `()`, since of the `Option` itself rustc would
/// show the message of [`AsExpr`].
#[diagnostic::on_unimplemented(
    message = "an `Option` cannot be compared or calculated with: in SQL nothing is equal to NULL",
    label = "this may be `None`; found `{V}`",
    note = "for NULL: `.is_null()`; for a value that may be NULL: `.is_not_distinct_from(..)`; for one that may be left out: `q.filter_some(option.map(|value| ..))`"
)]
pub trait NeverNull<V> {}

impl<T, V> AsExpr<T> for Option<V>
where
    T: SqlType,
    (): NeverNull<Option<V>>,
{
    type Type = T;
    type Uses = ();

    fn into_operand(self) -> Node {
        Node::Word("NULL")
    }
}

/// An expression that is true, false, or NULL: what `filter`, `having` and `on` take.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// fn is_condition(_: impl Condition) {}
/// is_condition(User::ACTIVE); // a column of `bool`
/// is_condition(User::NAME.eq("ann"));
/// is_condition(Product::CATEGORY_ID.gt(7)); // true, false or NULL
/// ```
#[diagnostic::on_unimplemented(
    message = "this is not a condition",
    label = "expected something true or false, found `{Self}`",
    note = "compare it: `.eq(..)`, `.gt(..)`, `.is_null()`"
)]
pub trait Condition: Expression {}

#[diagnostic::do_not_recommend]
impl<S: Selectable> Condition for Column<S, bool> {}
#[diagnostic::do_not_recommend]
impl<S: Selectable> Condition for Column<S, Option<bool>> {}
#[diagnostic::do_not_recommend]
impl<Uses> Condition for Expr<bool, Uses> {}
#[diagnostic::do_not_recommend]
impl<Uses> Condition for Expr<Option<bool>, Uses> {}
