//! [`Assignment`]: `Product::STOCK.set(Product::STOCK + 1)`, what a bulk update is made of.

use std::fmt;
use std::marker::PhantomData;

use super::{Column, Expr, Expression, InScope, Node, Of, RowLevel};
use crate::model::Source;
use crate::types::{Param, SqlType};

/// A column and its new value.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::expr::Assignment;
///
/// let dearer: Assignment<Product, _> = Product::PRICE.set(Product::PRICE + 100);
/// assert_eq!(Product::query().update(dearer).to_sql()?, "UPDATE products SET price = products.price + $1");
/// # Ok::<(), orm_core::Error>(())
/// ```
pub struct Assignment<S, Uses> {
    column: u16,
    value: Node,
    types: PhantomData<fn() -> (S, Uses)>,
}

impl<S, Uses> fmt::Debug for Assignment<S, Uses> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{} = {:?}", self.column, self.value)
    }
}

impl<S: Source, T: SqlType> Column<S, T> {
    /// This column's new value in a bulk update: a value (for a nullable column also `None`) or an expression.
    /// SQLAlchemy: `update(..).values(stock=..)`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let q = Product::query().update((Product::CATEGORY_ID.set(None), Product::STOCK.set(Product::STOCK - 1)));
    /// assert_eq!(q.to_sql()?, "UPDATE products SET category_id = $1, stock = products.stock - $2");
    /// # Ok::<(), orm_core::Error>(())
    /// ```
    pub fn set<R: AssignTo<T>>(self, value: R) -> Assignment<S, R::Uses> {
        Assignment {
            column: self.position(),
            value: value.into_value(),
            types: PhantomData,
        }
    }
}

/// What a column of type `T` can be set to: a `T`, for a nullable column also the value without its `Option`, a column
/// or an expression of that type.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::expr::{AssignTo, Node};
///
/// fn node<T>(value: impl AssignTo<T>) -> Node { value.into_value() }
/// assert!(matches!(node::<Option<i32>>(7), Node::Param(_))); // the value without its `Option`
/// assert!(matches!(node::<i32>(Product::PRICE), Node::Column(..)));
/// ```
#[diagnostic::on_unimplemented(
    message = "expected a value or an expression of type `{T}`",
    label = "a column of type `{T}` cannot be set to `{Self}`"
)]
pub trait AssignTo<T> {
    /// The tables that it uses.
    type Uses;

    /// The value without its types.
    fn into_value(self) -> Node;
}

#[diagnostic::do_not_recommend]
impl<T: SqlType> AssignTo<T> for T {
    type Uses = ();

    fn into_value(self) -> Node {
        Node::Param(Param::new(&self))
    }
}

#[diagnostic::do_not_recommend]
impl<T: SqlType<Base = T>> AssignTo<Option<T>> for T {
    type Uses = ();

    fn into_value(self) -> Node {
        Node::Param(Param::new(&self))
    }
}

#[diagnostic::do_not_recommend]
impl AssignTo<String> for &str {
    type Uses = ();

    fn into_value(self) -> Node {
        Node::Param(Param::new(&self.to_owned()))
    }
}

#[diagnostic::do_not_recommend]
impl AssignTo<Option<String>> for &str {
    type Uses = ();

    fn into_value(self) -> Node {
        Node::Param(Param::new(&self.to_owned()))
    }
}

/// Columns and expressions, whichever side can be NULL: whether it is, is the server's to check.
macro_rules! sources {
    ($($from:ty => $to:ty),*) => { $(
        #[diagnostic::do_not_recommend]
        impl<S: Source, T: SqlType> AssignTo<$to> for Column<S, $from>
        where
            $from: SqlType,
        {
            type Uses = Of<S>;

            fn into_value(self) -> Node {
                self.into_node()
            }
        }

        #[diagnostic::do_not_recommend]
        impl<T: SqlType, Uses> AssignTo<$to> for Expr<$from, Uses>
        where
            $from: SqlType,
        {
            type Uses = Uses;

            fn into_value(self) -> Node {
                self.into_node()
            }
        }
    )* };
}

sources!(T => T, T => Option<T>, Option<T> => T);

/// A literal for a `Decimal` column: `PRICE.set(10)`.
#[cfg(feature = "decimal")]
mod decimal {
    use rust_decimal::Decimal;

    use super::*;

    #[diagnostic::do_not_recommend]
    impl AssignTo<Decimal> for i32 {
        type Uses = ();

        fn into_value(self) -> Node {
            Node::Param(Param::new(&Decimal::from(self)))
        }
    }
}

/// What `update` and `do_update` take. It is [`Assignments`], asked in one step: with [`Assignments`] itself as the bound,
/// rustc would list its implementations below every mistake. Both have the message: rustc shows this one's, and for a part of
/// a tuple the other's.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// # use orm_core::expr::Assigns;
/// fn assigns<I>(_: impl Assigns<Tag, (Tag, ()), I>) {}
/// assigns(Tag::WORD.set("used"));
/// ```
#[diagnostic::on_unimplemented(
    message = "this is not an assignment to a column of `{S}`",
    label = "expected `{S}::COLUMN.set(..)`, or a tuple of these; found `{Self}`"
)]
pub trait Assigns<S, Scope, I>: Assignments<S, Scope, I> {}

impl<S, Scope, I, A: Assignments<S, Scope, I>> Assigns<S, Scope, I> for A {}

/// What `update` and `do_update` take: one [`Assignment`], a tuple of up to 12, or a `Vec` of those with plain values.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::expr::Assignments;
///
/// fn columns<I>(list: impl Assignments<Product, (Product, ()), I>) -> usize {
///     let mut nodes = Vec::new();
///     list.push_to(&mut nodes); // a column's position, and its new value
///     nodes.len()
/// }
/// assert_eq!(columns((Product::PRICE.set(100), Product::STOCK.set(Product::STOCK + 1))), 2);
/// ```
#[diagnostic::on_unimplemented(
    message = "this is not an assignment to a column of `{S}`",
    label = "expected `{S}::COLUMN.set(..)`, or a tuple of these; found `{Self}`"
)]
pub trait Assignments<S, Scope, I> {
    /// Appends the columns and their values.
    fn push_to(self, assignments: &mut Vec<(u16, Node)>);
}

impl<S, Scope, Target, Uses, I> Assignments<S, Scope, I> for Assignment<Target, Uses>
where
    Target: Updated<S>,
    Uses: InScope<Scope, I> + RowLevel,
{
    fn push_to(self, assignments: &mut Vec<(u16, Node)>) {
        assignments.push((self.column, self.value));
    }
}

/// The model that an update changes: `S` itself.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// # use orm_core::expr::Updated;
/// fn updated<Column: Updated<Update>, Update>() {}
/// updated::<Tag, Tag>(); // with `<User, Tag>` it does not compile
/// ```
#[diagnostic::on_unimplemented(
    message = "an update of `{S}` cannot set a column of `{Self}`",
    label = "this sets a column of `{Self}`",
    note = "write one `update` for each model"
)]
pub trait Updated<S> {}

#[diagnostic::do_not_recommend]
impl<S> Updated<S> for S {}

/// Assignments that are put together at run time. They have one type if their values are all plain values.
impl<S, Scope, I, A: Assignments<S, Scope, I>> Assignments<S, Scope, (I,)> for Vec<A> {
    fn push_to(self, assignments: &mut Vec<(u16, Node)>) {
        for assignment in self {
            assignment.push_to(assignments);
        }
    }
}

macro_rules! tuples {
    ($($name:ident $index:ident),*) => {
        impl<S, Scope, $($name, $index),*> Assignments<S, Scope, ($($index,)*)> for ($($name,)*)
        where
            $($name: Assignments<S, Scope, $index>),*
        {
            #[allow(non_snake_case)]
            fn push_to(self, assignments: &mut Vec<(u16, Node)>) {
                let ($($name,)*) = self;
                $($name.push_to(assignments);)*
            }
        }
    };
}

tuples!(A IA);
tuples!(A IA, B IB);
tuples!(A IA, B IB, C IC);
tuples!(A IA, B IB, C IC, D ID);
tuples!(A IA, B IB, C IC, D ID, E IE);
tuples!(A IA, B IB, C IC, D ID, E IE, F IF);
tuples!(A IA, B IB, C IC, D ID, E IE, F IF, G IG);
tuples!(A IA, B IB, C IC, D ID, E IE, F IF, G IG, H IH);
tuples!(A IA, B IB, C IC, D ID, E IE, F IF, G IG, H IH, J IJ);
tuples!(A IA, B IB, C IC, D ID, E IE, F IF, G IG, H IH, J IJ, K IK);
tuples!(A IA, B IB, C IC, D ID, E IE, F IF, G IG, H IH, J IJ, K IK, L IL);
tuples!(A IA, B IB, C IC, D ID, E IE, F IF, G IG, H IH, J IJ, K IK, L IL, M IM);
