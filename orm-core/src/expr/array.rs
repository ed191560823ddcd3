//! Lists: [`ArrayOperators`] and the functions of arrays. The method that asks whether a value is in a list is
//! [`ArrayOperators::eq_any`].

use super::operator::{Base, Like, operators};
use super::{AsExpr, Expr, Expression, Node};
use crate::types::{Element, SqlType};

/// A list column's type: `Vec<T>`.
///
/// ```
/// use orm_core::expr::Array;
///
/// fn holds<L: Array<Item = i32>>() {}
/// holds::<Vec<i32>>();
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a list",
    label = "expected a `Vec` column or expression"
)]
pub trait Array: SqlType<Base = Self> {
    /// The type of the elements.
    type Item: Element;
}

impl<T: Element> Array for Vec<T> {
    type Item = T;
}

operators! {
    /// The operators of lists. In the prelude.
    ///
    /// ```
    /// use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "posts")]
    /// # struct Post { #[orm(primary_key)] id: i32, tags: Vec<String> }
    /// let tags = vec!["rust".to_owned(), "sql".to_owned()];
    /// let q = Post::query().filter(Post::TAGS.array_contains(tags)).select(Post::TAGS.at(1));
    /// assert_eq!(q.to_sql(), "SELECT (posts.tags)[$1] FROM posts WHERE posts.tags @> $2");
    ///
    /// let q = Post::query().filter(value("rust").eq_any(Post::TAGS)).select(Post::ID);
    /// assert_eq!(q.to_sql(), "SELECT posts.id FROM posts WHERE $1 = ANY(posts.tags)");
    ///
    /// let sql = |condition: Filter<Post>| {
    ///     let text = Post::query().filter(condition).select(Post::ID).to_sql();
    ///     text.split_once("WHERE ").unwrap().1.to_owned()
    /// };
    /// let tags = || vec!["rust".to_owned()];
    /// assert_eq!(sql(Post::TAGS.array_contained_by(tags()).for_model()), "posts.tags <@ $1");
    /// assert_eq!(sql(Post::TAGS.array_overlaps(tags()).for_model()), "posts.tags && $1");
    /// assert_eq!(sql(Post::TAGS.array_concat(tags()).eq(tags()).for_model()), "posts.tags || $1 = $2");
    /// assert_eq!(sql(value("rust").ne_all(Post::TAGS).for_model()), "$1 <> ALL(posts.tags)");
    /// ```
    pub trait ArrayOperators where Array;
    /// `@>`: whether it has all elements of the other list. SQLAlchemy: `contains`.
    fn array_contains "@>" Base<Self> => bool;
    /// `<@`: whether the other list has all elements of this one. SQLAlchemy: `contained_by`.
    fn array_contained_by "<@" Base<Self> => bool;
    /// `&&`: whether the two have an element in common. SQLAlchemy: `overlap`.
    fn array_overlaps "&&" Base<Self> => bool;
    /// `||`: the two lists one after the other. SQLAlchemy: `+`.
    fn array_concat "||" Base<Self> => Base<Self>;
}

/// An element of a list, and a value in a list. In the prelude.
pub trait ElementOperators: Expression {
    /// `list[number]`: the element of this number, the first being 1; NULL where there is none. SQLAlchemy: `column[1]`.
    ///
    /// ```
    /// # use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "posts")]
    /// # struct Post { #[orm(primary_key)] id: i32, tags: Vec<String> }
    /// assert_eq!(Post::query().select(Post::TAGS.at(1)).to_sql(), "SELECT (posts.tags)[$1] FROM posts");
    /// ```
    fn at<R>(self, number: R) -> Expr<Option<ItemBase<Self>>, (Self::Uses, R::Uses)>
    where
        Base<Self>: Array,
        R: AsExpr<i32>,
    {
        let operands = vec![self.into_node(), number.into_operand()];
        Expr::new(Node::Template("(?)[?]", operands))
    }

    /// `= ANY(list)`: whether the value is in a list that is a column or an expression. For a list of values there is
    /// [`in_`](super::Operators::in_). SQLAlchemy: `x == any_(list)`.
    ///
    /// ```
    /// # use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "posts")]
    /// # struct Post { #[orm(primary_key)] id: i32, tags: Vec<String> }
    /// let q = Post::query().filter(value("rust").eq_any(Post::TAGS)).select(Post::ID);
    /// assert!(q.to_sql().ends_with("WHERE $1 = ANY(posts.tags)"));
    /// ```
    fn eq_any<L>(self, list: L) -> Expr<Like<Self, Like<L, bool>>, (Self::Uses, L::Uses)>
    where
        L: Expression,
        Base<Self>: ElementOf<Base<L>>,
    {
        let any = Node::Quantified("ANY", Box::new(list.into_node()));
        Expr::new(Node::infix(self.into_node(), "=", any))
    }

    /// `<> ALL(list)`: whether the value is not in a list that is a column or an expression. SQLAlchemy: `x != all_(list)`.
    ///
    /// ```
    /// # use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "posts")]
    /// # struct Post { #[orm(primary_key)] id: i32, tags: Vec<String> }
    /// let q = Post::query().filter(value("rust").ne_all(Post::TAGS)).select(Post::ID);
    /// assert!(q.to_sql().ends_with("WHERE $1 <> ALL(posts.tags)"));
    /// ```
    fn ne_all<L>(self, list: L) -> Expr<Like<Self, Like<L, bool>>, (Self::Uses, L::Uses)>
    where
        L: Expression,
        Base<Self>: ElementOf<Base<L>>,
    {
        let all = Node::Quantified("ALL", Box::new(list.into_node()));
        Expr::new(Node::infix(self.into_node(), "<>", all))
    }
}

impl<E: Expression> ElementOperators for E {}

type ItemBase<E> = <<Base<E> as Array>::Item as SqlType>::Base;

/// A type that the elements of a list `L` have.
///
/// ```
/// use orm_core::expr::ElementOf;
///
/// fn in_a_list<T: ElementOf<L>, L>() {}
/// in_a_list::<i32, Vec<Option<i32>>>();
/// ```
#[diagnostic::on_unimplemented(
    message = "a `{Self}` is no element of a `{L}`",
    label = "expected a list of `{Self}`, found `{L}`"
)]
pub trait ElementOf<L> {}
#[diagnostic::do_not_recommend]
impl<T: Element> ElementOf<Vec<T>> for T {}
#[diagnostic::do_not_recommend]
impl<T: Element> ElementOf<Vec<Option<T>>> for T {}

/// `cardinality(list)`: the number of elements. SQLAlchemy: `func.cardinality(x)`.
///
/// ```
/// # use orm_core::prelude::*;
/// # #[derive(Model, Clone)] #[orm(table = "posts")]
/// # struct Post { #[orm(primary_key)] id: i32, tags: Vec<String> }
/// assert_eq!(Post::query().select(func::cardinality(Post::TAGS)).to_sql(), "SELECT cardinality(posts.tags) FROM posts");
/// ```
pub fn cardinality<E: Expression>(list: E) -> Expr<Like<E, i32>, E::Uses>
where
    Base<E>: Array,
{
    Expr::new(Node::call("cardinality", vec![list.into_node()]))
}

/// `array_position(list, element)`: the number of the first such element, the first of all being 1; NULL where there is none.
/// SQLAlchemy: `func.array_position(..)`.
///
/// ```
/// # use orm_core::prelude::*;
/// # #[derive(Model, Clone)] #[orm(table = "posts")]
/// # struct Post { #[orm(primary_key)] id: i32, tags: Vec<String> }
/// let q = Post::query().select(func::array_position(Post::TAGS, "sql"));
/// assert_eq!(q.to_sql(), "SELECT array_position(posts.tags, $1) FROM posts");
/// ```
pub fn array_position<E, R>(list: E, element: R) -> Expr<Option<i32>, (E::Uses, R::Uses)>
where
    E: Expression,
    Base<E>: Array,
    R: AsExpr<ItemBase<E>>,
{
    Expr::new(Node::call("array_position", with_element(list, element)))
}

macro_rules! changed {
    ($($name:ident $doc:literal)*) => { $(
        #[doc = concat!($doc, " SQLAlchemy: `func.", stringify!($name), "(..)`.")]
        ///
        /// ```
        /// # use orm_core::prelude::*;
        /// # #[derive(Model, Clone)] #[orm(table = "posts")]
        /// # struct Post { #[orm(primary_key)] id: i32, tags: Vec<String> }
        #[doc = concat!(
            "let q = Post::query().update(Post::TAGS.set(func::", stringify!($name), "(Post::TAGS, \"new\")));\n",
            "# let _ = q;\n",
            "let q = Post::query().select(func::", stringify!($name), "(Post::TAGS, \"new\"));\n",
            "assert_eq!(q.to_sql(), \"SELECT ", stringify!($name), "(posts.tags, $1) FROM posts\");"
        )]
        /// ```
        pub fn $name<E, R>(list: E, element: R) -> Expr<E::Type, (E::Uses, R::Uses)>
        where
            E: Expression,
            Base<E>: Array,
            R: AsExpr<ItemBase<E>>,
        {
            Expr::new(Node::call(stringify!($name), with_element(list, element)))
        }
    )* };
}

changed! {
    array_append "`array_append(list, element)`: with the element at the end."
    array_remove "`array_remove(list, element)`: without the elements that are equal to it."
}

/// `array_prepend(element, list)`: with the element at the beginning. SQLAlchemy: `func.array_prepend(..)`.
///
/// ```
/// use orm_core::prelude::*;
/// # #[derive(Model, Clone)] #[orm(table = "posts")]
/// # struct Post { #[orm(primary_key)] id: i32, tags: Vec<String> }
/// let q = Post::query().select(func::array_prepend("new", Post::TAGS));
/// assert_eq!(q.to_sql(), "SELECT array_prepend($1, posts.tags) FROM posts");
/// ```
pub fn array_prepend<E, R>(element: R, list: E) -> Expr<E::Type, (R::Uses, E::Uses)>
where
    E: Expression,
    Base<E>: Array,
    R: AsExpr<ItemBase<E>>,
{
    let arguments = vec![element.into_operand(), list.into_node()];
    Expr::new(Node::call("array_prepend", arguments))
}

fn with_element<T, R: AsExpr<T>>(list: impl Expression, element: R) -> Vec<Node> {
    vec![list.into_node(), element.into_operand()]
}

/// `unnest(list)`: in a select list, a row for each element. SQLAlchemy: `func.unnest(..)`.
///
/// ```
/// # use orm_core::prelude::*;
/// # #[derive(Model, Clone)] #[orm(table = "posts")]
/// # struct Post { #[orm(primary_key)] id: i32, tags: Vec<String> }
/// let q = Post::query().distinct().select(func::unnest(Post::TAGS));
/// assert_eq!(q.to_sql(), "SELECT DISTINCT unnest(posts.tags) FROM posts");
/// ```
pub fn unnest<E: Expression>(list: E) -> Expr<<Base<E> as Array>::Item, super::Solid<E::Uses>>
where
    Base<E>: Array,
{
    Expr::new(Node::call("unnest", vec![list.into_node()]))
}
