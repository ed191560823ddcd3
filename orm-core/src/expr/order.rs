//! [`Ordered`]: what ORDER BY takes.

use std::fmt;
use std::marker::PhantomData;

use super::{
    BesideRows, BesideTotals, Column, Expr, Expression, InScope, KindOf, NamedColumn, Node, Of,
    OrderNode, Plain, Selectable, Ungrouped,
};
use crate::types::SqlType;

/// An expression with a direction: `User::NAME.desc()`.
pub struct Ordered<Uses> {
    node: OrderNode,
    uses: PhantomData<fn() -> Uses>,
}

/// Where NULLs stand in an order.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// let q = Product::query().order_by(Product::CATEGORY_ID.desc_nulls(Nulls::Last)).select(Product::ID);
/// assert!(q.to_sql().ends_with("ORDER BY products.category_id DESC NULLS LAST"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nulls {
    /// Before everything else: `NULLS FIRST`.
    First,
    /// Behind everything else: `NULLS LAST`.
    Last,
}

impl<Uses> Ordered<Uses> {
    pub(crate) fn new(node: OrderNode) -> Self {
        Ordered {
            node,
            uses: PhantomData,
        }
    }

    /// Says where NULLs stand. Without it they are last in ascending order and first in descending order.
    /// SQLAlchemy: `nulls_first()`, `nulls_last()`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let q = Product::query().order_by(Product::CATEGORY_ID.desc().nulls(Nulls::Last)).select(Product::ID);
    /// assert!(q.to_sql().ends_with("ORDER BY products.category_id DESC NULLS LAST"));
    /// ```
    #[must_use]
    pub fn nulls(mut self, nulls: Nulls) -> Self {
        self.node.nulls_first = Some(nulls == Nulls::First);
        self
    }

    /// `NULLS FIRST`. SQLAlchemy: `nulls_first()`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let q = Product::query().order_by(Product::CATEGORY_ID.asc().nulls_first()).select(Product::ID);
    /// assert!(q.to_sql().ends_with("ORDER BY products.category_id NULLS FIRST"));
    /// ```
    #[must_use]
    pub fn nulls_first(self) -> Self {
        self.nulls(Nulls::First)
    }

    /// `NULLS LAST`. SQLAlchemy: `nulls_last()`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let q = Product::query().order_by(Product::CATEGORY_ID.desc().nulls_last()).select(Product::ID);
    /// assert!(q.to_sql().ends_with("ORDER BY products.category_id DESC NULLS LAST"));
    /// ```
    #[must_use]
    pub fn nulls_last(self) -> Self {
        self.nulls(Nulls::Last)
    }
}

impl<Uses> fmt::Debug for Ordered<Uses> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.node.fmt(f)
    }
}

/// What a query's `order_by` takes. It is [`OrderBy`], asked in one step: with [`OrderBy`] itself as the bound, rustc would
/// list all its implementations below every mistake.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// # use orm_core::expr::{OrdersBy, Ungrouped};
/// fn orders<I>(_: impl OrdersBy<(Tag, ()), I, Ungrouped>) {}
/// orders((Tag::WORD.desc(), Tag::ID));
/// ```
#[diagnostic::on_unimplemented(
    message = "a query cannot be ordered by this",
    label = "expected a column or an expression, with or without `.asc()` or `.desc()`; found `{Self}`",
    note = "for a name that is known only at run time: `Model::column(name)?`"
)]
pub trait OrdersBy<Scope, I, G>: OrderBy<Scope, I, G> {}

impl<Scope, I, G, O: OrderBy<Scope, I, G>> OrdersBy<Scope, I, G> for O {}

/// What can stand in the ORDER BY of a query that is grouped as `G` says.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::expr::{Agg, Grouped, Of, OrderKind};
///
/// fn orders<Uses: OrderKind<G>, G>() {}
/// orders::<Agg<Of<Tag>>, Grouped>(); // an aggregate, in a query with GROUP BY
/// ```
pub trait OrderKind<G> {}

impl<G, Uses: KindOf> OrderKind<G> for Uses where
    G: BesideTotals<Uses::Kind> + BesideRows<Uses::Kind>
{
}

/// What `order_by` takes: `User::NAME`, `User::NAME.desc()`, `User::column("name")?`, or a tuple of these.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::expr::OrderBy;
///
/// fn parts<I>(by: impl OrderBy<(Tag, ()), I>) -> usize {
///     let mut order = Vec::new();
///     by.push_to(&mut order);
///     order.len()
/// }
/// assert_eq!(parts((Tag::WORD.desc(), Tag::ID)), 2);
/// ```
#[diagnostic::on_unimplemented(
    message = "a query cannot be ordered by this",
    label = "expected a column or an expression, with or without `.asc()` or `.desc()`; found `{Self}`",
    note = "for a name that is known only at run time: `Model::column(name)?`"
)]
pub trait OrderBy<Scope, I, G = Ungrouped> {
    /// Appends the parts.
    fn push_to(self, order: &mut Vec<OrderNode>);
}

fn ascending<T: SqlType>(node: Node) -> OrderNode {
    OrderNode {
        node,
        ty: Some(T::TYPE),
        descending: false,
        nulls_first: None,
    }
}

impl<Scope, I, G, Uses> OrderBy<Scope, I, G> for Ordered<Uses>
where
    Uses: InScope<Scope, I> + OrderKind<G>,
{
    fn push_to(self, order: &mut Vec<OrderNode>) {
        order.push(self.node);
    }
}

impl<Scope, I, G, S: Selectable, T: SqlType> OrderBy<Scope, I, G> for Column<S, T>
where
    Of<S>: InScope<Scope, I>,
    G: BesideTotals<Plain>,
{
    fn push_to(self, order: &mut Vec<OrderNode>) {
        order.push(ascending::<T>(self.into_node()));
    }
}

impl<Scope, I, G, T: SqlType, Uses> OrderBy<Scope, I, G> for Expr<T, Uses>
where
    Uses: InScope<Scope, I> + OrderKind<G>,
{
    fn push_to(self, order: &mut Vec<OrderNode>) {
        order.push(ascending::<T>(self.into_node()));
    }
}

impl<Scope, I, G, S: crate::model::Source> OrderBy<Scope, I, G> for NamedColumn<S>
where
    Of<S>: InScope<Scope, I>,
    G: BesideTotals<Plain>,
{
    fn push_to(self, order: &mut Vec<OrderNode>) {
        order.push(self.asc().into_order_node());
    }
}

impl<Uses> Ordered<Uses> {
    pub(crate) fn into_order_node(self) -> OrderNode {
        self.node
    }
}

/// What an aggregate's `order_by` takes, which knows no query yet: a column, an expression, `.asc()` or `.desc()` of one, or a
/// tuple of up to 4 of these.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::expr::OrderList;
///
/// let mut order = Vec::new();
/// (Tag::WORD.desc(), Tag::ID).push_list(&mut order);
/// assert!(order[0].descending && !order[1].descending);
/// ```
#[diagnostic::on_unimplemented(
    message = "an aggregate or a window cannot be ordered by this",
    label = "expected a column or an expression, with or without `.asc()` or `.desc()`; found `{Self}`"
)]
pub trait OrderList {
    /// The tables that it uses.
    type Uses;

    /// Appends the parts.
    fn push_list(self, order: &mut Vec<OrderNode>);
}

impl<Uses> OrderList for Ordered<Uses> {
    type Uses = Uses;

    fn push_list(self, order: &mut Vec<OrderNode>) {
        order.push(self.node);
    }
}

impl<S: Selectable, T: SqlType> OrderList for Column<S, T> {
    type Uses = Of<S>;

    fn push_list(self, order: &mut Vec<OrderNode>) {
        order.push(ascending::<T>(self.into_node()));
    }
}

impl<T: SqlType, Uses> OrderList for Expr<T, Uses> {
    type Uses = Uses;

    fn push_list(self, order: &mut Vec<OrderNode>) {
        order.push(ascending::<T>(self.into_node()));
    }
}

macro_rules! lists {
    ($($name:ident),* => $uses:ty) => {
        impl<$($name: OrderList),*> OrderList for ($($name,)*) {
            type Uses = $uses;

            #[allow(non_snake_case)]
            fn push_list(self, order: &mut Vec<OrderNode>) {
                let ($($name,)*) = self;
                $($name.push_list(order);)*
            }
        }
    };
}

lists!(A => A::Uses);
lists!(A, B => (A::Uses, B::Uses));
lists!(A, B, C => (A::Uses, (B::Uses, C::Uses)));
lists!(A, B, C, D => (A::Uses, (B::Uses, (C::Uses, D::Uses))));

macro_rules! tuples {
    ($($name:ident $index:ident),*) => {
        impl<Scope, Group, $($name, $index),*> OrderBy<Scope, ($($index,)*), Group> for ($($name,)*)
        where
            $($name: OrderBy<Scope, $index, Group>),*
        {
            #[allow(non_snake_case)]
            fn push_to(self, order: &mut Vec<OrderNode>) {
                let ($($name,)*) = self;
                $($name.push_to(order);)*
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
