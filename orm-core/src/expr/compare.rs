//! [`Operators`]: what every expression can be asked. In the prelude.

use super::{AsExpr, Condition, Expr, Expression, Node, Nulls, OrderNode, Ordered, Solid};
use crate::expr::{Of, PerRow, Within};
use crate::model::Source;
use crate::types::{ArrayWriter, Element, SqlType};

/// The type of a comparison: `bool`, or `Option<bool>` where an operand can be NULL.
type Truth<E, T> = <<E as Expression>::Type as SqlType>::Nullify<<T as SqlType>::Nullify<bool>>;
type Base<E> = <<E as Expression>::Type as SqlType>::Base;
/// The type of a comparison with two others.
type Ranged<E, L, H> = <<E as Expression>::Type as SqlType>::Nullify<
    <<L as AsExpr<Base<E>>>::Type as SqlType>::Nullify<
        <<H as AsExpr<Base<E>>>::Type as SqlType>::Nullify<bool>,
    >,
>;
type Both<E, R> = (<E as Expression>::Uses, <R as AsExpr<Base<E>>>::Uses);

/// The operators of every expression: `User::NAME.eq("ann")`.
///
/// ```
/// use orm_core::prelude::*;
///
/// # #[derive(Model, Clone)] #[orm(table = "users")]
/// # struct User { #[orm(primary_key)] id: i32, name: String, age: Option<i32> }
/// let q = User::query().filter(User::AGE.ge(18).and(User::NAME.ne("ann")));
/// assert_eq!(
///     q.to_sql(),
///     "SELECT users.id, users.name, users.age FROM users WHERE users.age >= $1 AND users.name <> $2"
/// );
/// ```
#[allow(clippy::wrong_self_convention, clippy::type_complexity)] // `is_null` is SQL's word, and consumes as all do
pub trait Operators: Expression {
    // Written out and not by a macro, because rustc shows the macro in every message about a comparison.
    /// `=`. A comparison with NULL is never true: use [`is_null`](Operators::is_null). SQLAlchemy: `==`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let q = Product::query().filter(Product::PRICE.eq(100)).select(Product::ID);
    /// assert!(q.to_sql().ends_with("WHERE products.price = $1"));
    /// ```
    fn eq<R, T, Uses>(self, other: R) -> Expr<Truth<Self, T>, (Self::Uses, Uses)>
    where
        R: AsExpr<Base<Self>, Type = T, Uses = Uses>,
        T: SqlType,
    {
        compared(self.into_node(), "=", other.into_operand())
    }

    /// `<>`. SQLAlchemy: `!=`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let q = Product::query().filter(Product::PRICE.ne(100)).select(Product::ID);
    /// assert!(q.to_sql().ends_with("WHERE products.price <> $1"));
    /// ```
    fn ne<R, T, Uses>(self, other: R) -> Expr<Truth<Self, T>, (Self::Uses, Uses)>
    where
        R: AsExpr<Base<Self>, Type = T, Uses = Uses>,
        T: SqlType,
    {
        compared(self.into_node(), "<>", other.into_operand())
    }

    /// `<`. SQLAlchemy: `<`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let q = Product::query().filter(Product::PRICE.lt(100)).select(Product::ID);
    /// assert!(q.to_sql().ends_with("WHERE products.price < $1"));
    /// ```
    fn lt<R, T, Uses>(self, other: R) -> Expr<Truth<Self, T>, (Self::Uses, Uses)>
    where
        R: AsExpr<Base<Self>, Type = T, Uses = Uses>,
        T: SqlType,
    {
        compared(self.into_node(), "<", other.into_operand())
    }

    /// `<=`. SQLAlchemy: `<=`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let q = Product::query().filter(Product::PRICE.le(100)).select(Product::ID);
    /// assert!(q.to_sql().ends_with("WHERE products.price <= $1"));
    /// ```
    fn le<R, T, Uses>(self, other: R) -> Expr<Truth<Self, T>, (Self::Uses, Uses)>
    where
        R: AsExpr<Base<Self>, Type = T, Uses = Uses>,
        T: SqlType,
    {
        compared(self.into_node(), "<=", other.into_operand())
    }

    /// `>`. SQLAlchemy: `>`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let q = Product::query().filter(Product::PRICE.gt(100)).select(Product::ID);
    /// assert!(q.to_sql().ends_with("WHERE products.price > $1"));
    /// ```
    fn gt<R, T, Uses>(self, other: R) -> Expr<Truth<Self, T>, (Self::Uses, Uses)>
    where
        R: AsExpr<Base<Self>, Type = T, Uses = Uses>,
        T: SqlType,
    {
        compared(self.into_node(), ">", other.into_operand())
    }

    /// `>=`. SQLAlchemy: `>=`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let q = Product::query().filter(Product::PRICE.ge(100)).select(Product::ID);
    /// assert!(q.to_sql().ends_with("WHERE products.price >= $1"));
    /// ```
    fn ge<R, T, Uses>(self, other: R) -> Expr<Truth<Self, T>, (Self::Uses, Uses)>
    where
        R: AsExpr<Base<Self>, Type = T, Uses = Uses>,
        T: SqlType,
    {
        compared(self.into_node(), ">=", other.into_operand())
    }

    /// `IS NOT DISTINCT FROM`: equal, where NULL equals NULL. Takes an `Option` as well as a value.
    /// SQLAlchemy: `is_not_distinct_from`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let q = Product::query().filter(Product::CATEGORY_ID.is_not_distinct_from(7)).select(Product::ID);
    /// assert!(q.to_sql().ends_with("WHERE products.category_id IS NOT DISTINCT FROM $1"));
    /// ```
    fn is_not_distinct_from<R>(self, other: R) -> Expr<bool, Solid<(Self::Uses, R::Uses)>>
    where
        R: super::AssignTo<Option<Base<Self>>>,
    {
        Expr::new(Node::infix(
            self.into_node(),
            "IS NOT DISTINCT FROM",
            other.into_value(),
        ))
    }

    /// `IS DISTINCT FROM`: not equal, where NULL equals NULL. Takes an `Option` as well as a value.
    /// SQLAlchemy: `is_distinct_from`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let q = Product::query().filter(Product::CATEGORY_ID.is_distinct_from(7)).select(Product::ID);
    /// assert!(q.to_sql().ends_with("WHERE products.category_id IS DISTINCT FROM $1"));
    /// ```
    fn is_distinct_from<R>(self, other: R) -> Expr<bool, Solid<(Self::Uses, R::Uses)>>
    where
        R: super::AssignTo<Option<Base<Self>>>,
    {
        Expr::new(Node::infix(
            self.into_node(),
            "IS DISTINCT FROM",
            other.into_value(),
        ))
    }

    /// `IS NULL`. SQLAlchemy: `is_(None)`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let q = Product::query().filter(Product::CATEGORY_ID.is_null()).select(Product::ID);
    /// assert!(q.to_sql().ends_with("WHERE products.category_id IS NULL"));
    /// ```
    fn is_null(self) -> Expr<bool, Solid<Self::Uses>> {
        Expr::new(Node::postfix(self.into_node(), "IS NULL"))
    }

    /// `IS NOT NULL`. SQLAlchemy: `is_not(None)`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let q = Product::query().filter(Product::CATEGORY_ID.is_not_null()).select(Product::ID);
    /// assert!(q.to_sql().ends_with("WHERE products.category_id IS NOT NULL"));
    /// ```
    fn is_not_null(self) -> Expr<bool, Solid<Self::Uses>> {
        Expr::new(Node::postfix(self.into_node(), "IS NOT NULL"))
    }

    /// `BETWEEN low AND high`, both included. SQLAlchemy: `between(low, high)`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let q = Product::query().filter(Product::PRICE.between(100, 200)).select(Product::ID);
    /// assert!(q.to_sql().ends_with("WHERE products.price BETWEEN $1 AND $2"));
    /// ```
    fn between<L, H>(self, low: L, high: H) -> Expr<Ranged<Self, L, H>, (Both<Self, L>, H::Uses)>
    where
        L: AsExpr<Base<Self>>,
        H: AsExpr<Base<Self>>,
    {
        Expr::new(Node::Between(
            Box::new(self.into_node()),
            Box::new(low.into_operand()),
            Box::new(high.into_operand()),
        ))
    }

    /// Whether the value is in the list. The list travels as one array parameter (`= ANY($1)`), so its length changes
    /// neither the statement nor the number of parameters; an empty list is in order, and nothing is in it.
    /// SQLAlchemy: `in_`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let q = Product::query().filter(Product::NAME.in_(["Air", "Pro"])).select(Product::ID);
    /// assert!(q.to_sql().ends_with("WHERE products.name = ANY($1)"));
    /// ```
    fn in_<L>(self, list: L) -> Expr<<Self::Type as SqlType>::Nullify<bool>, Self::Uses>
    where
        L: ListOf<Base<Self>>,
        Base<Self>: Element,
    {
        let any = Node::Quantified("ANY", Box::new(list_param(list)));
        Expr::new(Node::infix(self.into_node(), "=", any))
    }

    /// Whether the value is not in the list (`<> ALL($1)`). Everything but NULL is not in an empty list.
    /// SQLAlchemy: `not_in`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let q = Product::query().filter(Product::NAME.not_in(["Air", "Pro"])).select(Product::ID);
    /// assert!(q.to_sql().ends_with("WHERE products.name <> ALL($1)"));
    /// ```
    fn not_in<L>(self, list: L) -> Expr<<Self::Type as SqlType>::Nullify<bool>, Self::Uses>
    where
        L: ListOf<Base<Self>>,
        Base<Self>: Element,
    {
        let all = Node::Quantified("ALL", Box::new(list_param(list)));
        Expr::new(Node::infix(self.into_node(), "<>", all))
    }

    /// Both hold. SQLAlchemy: `and_(..)`, `&`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let q = Product::query().filter(Product::PRICE.gt(100).and(Product::STOCK.gt(0))).select(Product::ID);
    /// assert!(q.to_sql().ends_with("WHERE products.price > $1 AND products.stock > $2"));
    /// ```
    fn and<R: Condition>(self, other: R) -> Expr<Joint<Self, R>, (Self::Uses, R::Uses)>
    where
        Self: Condition,
    {
        Expr::new(Node::junction(self.into_node(), "AND", other.into_node()))
    }

    /// One of them holds, or both. SQLAlchemy: `or_(..)`, `|`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let q = Product::query().filter(Product::PRICE.lt(100).or(Product::STOCK.gt(50))).select(Product::ID);
    /// assert!(q.to_sql().ends_with("WHERE products.price < $1 OR products.stock > $2"));
    /// ```
    fn or<R: Condition>(self, other: R) -> Expr<Joint<Self, R>, (Self::Uses, R::Uses)>
    where
        Self: Condition,
    {
        Expr::new(Node::junction(self.into_node(), "OR", other.into_node()))
    }

    /// Forgets which way a condition was put together: all conditions of one model become one type, for the arms of an
    /// `if`, the elements of a `Vec`, or what a function returns.
    ///
    /// ```
    /// use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "users")]
    /// # struct User { #[orm(primary_key)] id: i32, name: String, age: Option<i32> }
    /// fn grown_up(known: bool) -> Filter<User> {
    ///     if known { User::AGE.ge(18).for_model() } else { User::AGE.is_null().for_model() }
    /// }
    /// let q = User::query().filter(grown_up(true)).select(User::ID);
    /// assert_eq!(q.to_sql(), "SELECT users.id FROM users WHERE users.age >= $1");
    /// ```
    fn for_model<S, I>(self) -> Filter<S>
    where
        S: Source,
        Self: Condition + Within<(S, ()), I> + PerRow,
    {
        Expr::new(self.into_node())
    }

    /// As [`for_model`](Operators::for_model), for any expression: what a function returns that computes something of a
    /// model. SQLAlchemy: a hybrid property's expression.
    ///
    /// ```
    /// use orm_core::expr::{Expr, Of};
    /// use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "items")]
    /// # struct Item { #[orm(primary_key)] id: i32, price: i64, quantity: i32 }
    /// impl Item {
    ///     fn total() -> Expr<i64, Of<Item>> {
    ///         (Item::PRICE * Item::QUANTITY).of_model()
    ///     }
    /// }
    /// let q = Item::query().filter(Item::total().gt(100)).select(Item::ID);
    /// assert_eq!(q.to_sql(), "SELECT items.id FROM items WHERE items.price * items.quantity > $1");
    /// ```
    fn of_model<S, I>(self) -> Expr<Self::Type, Of<S>>
    where
        S: Source,
        Self: Within<(S, ()), I> + PerRow,
    {
        Expr::new(self.into_node())
    }

    /// In ascending order. SQLAlchemy: `asc()`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let q = Product::query().order_by(Product::PRICE.asc()).select(Product::ID);
    /// assert!(q.to_sql().ends_with("ORDER BY products.price"));
    /// ```
    fn asc(self) -> Ordered<Self::Uses> {
        ordered::<Self>(self, false)
    }

    /// In descending order. SQLAlchemy: `desc()`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let q = Product::query().order_by(Product::PRICE.desc()).select(Product::ID);
    /// assert!(q.to_sql().ends_with("ORDER BY products.price DESC"));
    /// ```
    fn desc(self) -> Ordered<Self::Uses> {
        ordered::<Self>(self, true)
    }

    /// In ascending order, NULLs at the given end. SQLAlchemy: `asc().nulls_first()`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let q = Product::query().order_by(Product::CATEGORY_ID.asc_nulls(Nulls::First)).select(Product::ID);
    /// assert!(q.to_sql().ends_with("ORDER BY products.category_id NULLS FIRST"));
    /// ```
    fn asc_nulls(self, nulls: Nulls) -> Ordered<Self::Uses> {
        self.asc().nulls(nulls)
    }

    /// In descending order, NULLs at the given end. SQLAlchemy: `desc().nulls_last()`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let q = Product::query().order_by(Product::CATEGORY_ID.desc_nulls(Nulls::Last)).select(Product::ID);
    /// assert!(q.to_sql().ends_with("ORDER BY products.category_id DESC NULLS LAST"));
    /// ```
    fn desc_nulls(self, nulls: Nulls) -> Ordered<Self::Uses> {
        self.desc().nulls(nulls)
    }
}

impl<E: Expression> Operators for E {}

/// A condition of one model, whatever it is made of: what [`Operators::for_model`] gives.
pub type Filter<M> = Expr<Option<bool>, Of<M>>;

/// Whether all of the conditions hold; true of none. SQLAlchemy: `and_(*conditions)`.
///
/// ```
/// use orm_core::prelude::*;
/// # #[derive(Model, Clone)] #[orm(table = "users")]
/// # struct User { #[orm(primary_key)] id: i32, name: String }
/// let words = ["ann", "lee"].map(|word| User::NAME.icontains(word));
/// let q = User::query().filter(all_of(words)).select(User::ID);
/// assert_eq!(q.to_sql(), "SELECT users.id FROM users WHERE users.name ILIKE $1 AND users.name ILIKE $2");
/// ```
pub fn all_of<T, Uses>(conditions: impl IntoIterator<Item = Expr<T, Uses>>) -> Expr<T, Uses>
where
    T: SqlType,
    Expr<T, Uses>: Condition,
{
    joined(conditions, "AND", "TRUE")
}

/// Whether one of the conditions holds; false of none. SQLAlchemy: `or_(*conditions)`.
///
/// ```
/// use orm_core::prelude::*;
/// # #[derive(Model, Clone)] #[orm(table = "users")]
/// # struct User { #[orm(primary_key)] id: i32, name: String, login: String }
/// let word = "ann";
/// let q = User::query()
///     .filter(any_of([User::NAME.icontains(word), User::LOGIN.icontains(word)]))
///     .select(User::ID);
/// assert_eq!(q.to_sql(), "SELECT users.id FROM users WHERE users.name ILIKE $1 OR users.login ILIKE $2");
/// ```
pub fn any_of<T, Uses>(conditions: impl IntoIterator<Item = Expr<T, Uses>>) -> Expr<T, Uses>
where
    T: SqlType,
    Expr<T, Uses>: Condition,
{
    joined(conditions, "OR", "FALSE")
}

fn joined<T: SqlType, Uses>(
    conditions: impl IntoIterator<Item = Expr<T, Uses>>,
    word: &'static str,
    of_none: &'static str,
) -> Expr<T, Uses> {
    let nodes = conditions.into_iter().map(Expression::into_node);
    let joined = nodes.reduce(|all, next| Node::junction(all, word, next));
    Expr::new(joined.unwrap_or(Node::Word(of_none)))
}

fn compared<T: SqlType, Uses>(left: Node, operator: &'static str, right: Node) -> Expr<T, Uses> {
    Expr::new(Node::infix(left, operator, right))
}

/// The type of two conditions together.
type Joint<E, R> = <<E as Expression>::Type as SqlType>::Nullify<
    <<R as Expression>::Type as SqlType>::Nullify<bool>,
>;

fn ordered<E: Expression>(expression: E, descending: bool) -> Ordered<E::Uses> {
    Ordered::new(OrderNode {
        node: expression.into_node(),
        ty: Some(E::Type::TYPE),
        descending,
        nulls_first: None,
    })
}

fn list_param<T, L>(list: L) -> Node
where
    T: Element,
    L: ListOf<T>,
{
    let mut array = ArrayWriter::new();
    list.push_all_to(&mut array);
    Node::Param(array.into_param(T::ARRAY))
}

/// What `in_` and `not_in` take: whatever gives values that can be compared with a `T`, one after the other.
#[diagnostic::on_unimplemented(
    message = "this is no list of `{T}`",
    label = "expected an array, a slice or a `Vec` of `{T}`; found `{Self}`",
    note = "one value is compared with `.eq(..)`; the rows of a query are looked into with `.in_query(..)`"
)]
pub trait ListOf<T> {
    /// Appends the elements to an array.
    ///
    /// ```
    /// use orm_core::expr::ListOf;
    /// use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "users")]
    /// # struct User { #[orm(primary_key)] id: i32, name: String }
    /// // A function of your own can take whatever `in_` takes.
    /// fn named(names: impl ListOf<String>) -> EntityQuery<User> {
    ///     User::query().filter(User::NAME.in_(names))
    /// }
    ///
    /// assert!(named(["ann", "bob"]).select(User::ID).to_sql().ends_with("WHERE users.name = ANY($1)"));
    /// ```
    fn push_all_to(self, array: &mut ArrayWriter);
}

#[diagnostic::do_not_recommend]
impl<T, L: IntoIterator> ListOf<T> for L
where
    L::Item: ListItem<T>,
{
    fn push_all_to(self, array: &mut ArrayWriter) {
        for item in self {
            item.push_to(array);
        }
    }
}

/// An element of a list that is compared with a `T`: a `T`, a `&T`, for text a `&str`.
#[diagnostic::on_unimplemented(
    message = "the list is compared with `{T}` and holds `{Self}`",
    label = "expected elements of type `{T}`"
)]
pub trait ListItem<T> {
    /// Appends the element to an array.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// use orm_core::expr::ListItem;
    /// use orm_core::types::{ArrayWriter, SqlType};
    ///
    /// let mut names = ArrayWriter::new();
    /// ListItem::<String>::push_to("Air", &mut names);
    /// assert_eq!(names.into_param(Vec::<String>::TYPE).show(), "{Air}");
    /// ```
    fn push_to(self, array: &mut ArrayWriter);
}

#[diagnostic::do_not_recommend]
impl<T: SqlType<Base = T>> ListItem<T> for T {
    fn push_to(self, array: &mut ArrayWriter) {
        array.push(&self);
    }
}

#[diagnostic::do_not_recommend]
impl<T: SqlType<Base = T>> ListItem<T> for &T {
    fn push_to(self, array: &mut ArrayWriter) {
        array.push(self);
    }
}

#[diagnostic::do_not_recommend]
impl ListItem<String> for &str {
    fn push_to(self, array: &mut ArrayWriter) {
        array.push_bytes(Some(self.as_bytes()));
    }
}

#[diagnostic::do_not_recommend]
impl ListItem<String> for &&str {
    fn push_to(self, array: &mut ArrayWriter) {
        array.push_bytes(Some(self.as_bytes()));
    }
}
