//! ANY and ALL: the right side of a comparison that holds for one, or for all, of a list's or a query's values.

use std::marker::PhantomData;

use super::operator::{Base, Like};
use super::{Array, AsExpr, Expression, Node};
use crate::types::SqlType;

/// ANY or ALL of some values: what [`ListOperators::as_any`] and [`Query::as_any`](crate::query::Query::as_any) give, for the
/// right side of any comparison.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// let prices = Product::query().filter(Product::STOCK.eq(0)).select(Product::PRICE);
/// let q = Product::query().filter(Product::PRICE.gt(prices.as_all())).select(Product::ID);
/// assert!(q.to_sql().ends_with("WHERE products.price > ALL (SELECT products.price FROM products WHERE products.stock = $1)"));
/// ```
#[derive(Debug, Clone)]
pub struct Quantified<T, Uses> {
    node: Node,
    types: PhantomData<fn() -> (T, Uses)>,
}

impl<T, Uses> Quantified<T, Uses> {
    pub(crate) fn new(word: &'static str, values: Node) -> Self {
        Quantified {
            node: Node::Quantified(word, Box::new(values)),
            types: PhantomData,
        }
    }
}

// One impl for values that cannot be NULL and one for values that can, as for columns and expressions.
#[diagnostic::do_not_recommend]
impl<T: SqlType<Base = T>, Uses> AsExpr<T> for Quantified<T, Uses> {
    type Type = T;
    type Uses = Uses;

    fn into_operand(self) -> Node {
        self.node
    }
}

#[diagnostic::do_not_recommend]
impl<T: SqlType<Base = T>, Uses> AsExpr<T> for Quantified<Option<T>, Uses> {
    type Type = Option<T>;
    type Uses = Uses;

    fn into_operand(self) -> Node {
        self.node
    }
}

/// What is compared with a list: one of its elements, or NULL where the list or an element may be.
type Item<E> = Like<E, <Base<E> as Array>::Item>;

/// A list on the right side of a comparison. In the prelude.
pub trait ListOperators: Expression {
    /// The list's elements, one of which a comparison must hold for. SQLAlchemy: `any_(..)`.
    ///
    /// ```
    /// use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "posts")]
    /// # struct Post { #[orm(primary_key)] id: i32, title: String, scores: Vec<i32> }
    /// let q = Post::query().filter(Post::ID.lt(Post::SCORES.as_any())).select(Post::ID);
    /// assert_eq!(q.to_sql(), "SELECT posts.id FROM posts WHERE posts.id < ANY(posts.scores)");
    ///
    /// let words = value(vec!["%rust%".to_owned(), "%sql%".to_owned()]);
    /// let q = Post::query().filter(Post::TITLE.ilike(words.as_any())).select(Post::ID);
    /// assert_eq!(q.to_sql(), "SELECT posts.id FROM posts WHERE posts.title ILIKE ANY($1)");
    /// ```
    fn as_any(self) -> Quantified<Item<Self>, Self::Uses>
    where
        Base<Self>: Array,
    {
        Quantified::new("ANY", self.into_node())
    }

    /// The list's elements, all of which a comparison must hold for; it holds for an empty list, too.
    /// SQLAlchemy: `all_(..)`.
    ///
    /// ```
    /// # use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "posts")]
    /// # struct Post { #[orm(primary_key)] id: i32, scores: Vec<i32> }
    /// let q = Post::query().filter(Post::ID.lt(Post::SCORES.as_all())).select(Post::ID);
    /// assert_eq!(q.to_sql(), "SELECT posts.id FROM posts WHERE posts.id < ALL(posts.scores)");
    /// ```
    fn as_all(self) -> Quantified<Item<Self>, Self::Uses>
    where
        Base<Self>: Array,
    {
        Quantified::new("ALL", self.into_node())
    }
}

impl<E: Expression> ListOperators for E {}
