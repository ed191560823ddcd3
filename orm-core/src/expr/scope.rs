//! Which tables an expression uses, and whether a query has them: the scope check.
//!
//! A query's scope is a list of types, `(Order, (User, ()))`; a left-joined table stands in it as [`Maybe<Order>`]. What
//! an expression uses is a tree with [`Of<M>`] leaves: the tree grows as expressions are combined, and nobody has to
//! flatten it. [`InScope`] walks the tree; at each leaf [`Has`] walks the list. The walk's turns are type parameters
//! that the compiler infers, so a table that isn't there is an unsatisfied `Has` at one leaf, and that is the only place
//! with a message: with messages higher up, rustc would report the whole tree.

use std::marker::PhantomData;

use super::{Expression, Selectable};
use crate::types::SqlType;

/// A leaf of what an expression uses: the table of `S`.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::expr::*;
/// # use orm_core::prelude::*;
/// fn has<Scope, Uses: InScope<Scope, I>, I>() {}
/// has::<(Order, (User, ())), (Of<User>, Of<Order>), _>(); // an expression of both, in a query of both
/// ```
#[derive(Debug)]
pub struct Of<S>(PhantomData<fn() -> S>);

/// What an aggregate uses. It is never NULL for want of a partner in a LEFT JOIN.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::expr::{Agg, Expr, Of};
///
/// let total: Expr<Option<i64>, Agg<Of<Product>>> = sum(Product::STOCK);
/// ```
#[derive(Debug)]
pub struct Agg<U>(PhantomData<fn() -> U>);

/// What an expression uses that is never NULL whatever its operands are: `x IS NULL`, `coalesce(x, 0)`.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::expr::{Expr, Of, Solid};
///
/// let loose: Expr<bool, Solid<Of<Product>>> = Product::CATEGORY_ID.is_null(); // and no `Option<bool>`
/// ```
#[derive(Debug)]
pub struct Solid<U>(PhantomData<fn() -> U>);

/// A table in a scope that may have no row: the right side of a LEFT JOIN.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::expr::{Maybe, Whole};
/// use orm_core::query::Query;
///
/// let q: Query<Whole<Product>, (Maybe<Category>, (Product, ()))> = Product::query().left_join(Product::CATEGORY);
/// ```
#[derive(Debug)]
pub struct Maybe<S>(PhantomData<fn() -> S>);

/// What a window function uses. It has a value in each row that is left after WHERE, GROUP BY and HAVING, so it cannot
/// stand in these.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::expr::{Expr, Windowed};
///
/// let place: Expr<i64, Windowed<((), ())>> = row_number().over(window());
/// ```
#[derive(Debug)]
pub struct Windowed<U>(PhantomData<fn() -> U>);

/// The end of a subquery's scope: a table of the query around it, and more of these. What `correlate` adds.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::expr::{Outer, Whole};
/// use orm_core::query::Query;
///
/// let q: Query<Whole<Order>, (Order, Outer<User, ()>)> = Order::query().correlate::<User>();
/// ```
#[derive(Debug)]
pub struct Outer<S, Rest>(PhantomData<fn() -> (S, Rest)>);

/// Tables all of which may have no row: those before a RIGHT or FULL JOIN.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::expr::*;
/// # use orm_core::prelude::*;
/// fn null<Scope: Has<S, I, Null = Yes>, S, I>() {}
/// null::<(Category, Nullable<(Product, ())>), Product, _>(); // what was there before `right_join_on`
/// ```
#[derive(Debug)]
pub struct Nullable<Scope>(PhantomData<fn() -> Scope>);

/// The walk's step into [`Nullable`].
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::expr::*;
/// # use orm_core::prelude::*;
/// fn found<Scope: Has<S, I>, S, I>() {}
/// found::<Nullable<(Tag, ())>, Tag, InNullable<Here>>();
/// ```
#[derive(Debug)]
pub struct InNullable<I>(PhantomData<fn() -> I>);

/// A scope in which every column may be NULL, whatever its table says: that of `group_by_rollup` and its relatives, where
/// the rows of subtotals have NULL in place of what they do not group by.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::expr::*;
/// # use orm_core::prelude::*;
/// fn null<Scope: Has<S, I, Null = Yes>, S, I>() {}
/// null::<Nulled<(Product, ())>, Product, _>();
/// ```
#[derive(Debug)]
pub struct Nulled<Scope>(PhantomData<fn() -> Scope>);

/// What an expression uses to whose text values can still be bound: what [`raw`](super::raw) gives.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::expr::{Expr, Of, Open};
///
/// let length: Expr<i32, Open<((), Of<Tag>)>> = raw::<i32>("octet_length(?)").bind(Tag::WORD);
/// ```
#[derive(Debug)]
pub struct Open<U>(PhantomData<fn() -> U>);

/// What an aggregate uses that keeps its values as they are, NULLs too, in a list of `T`s: `array_agg`.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::expr::{Agg, Each, Expr, Of};
///
/// let words: Expr<Option<Vec<String>>, Agg<Each<Of<Tag>, String>>> = func::array_agg(Tag::WORD);
/// ```
#[derive(Debug)]
pub struct Each<U, T>(PhantomData<fn() -> (U, T)>);

/// Whether a list of `T`s has room for what may be NULL for want of a partner in a LEFT JOIN.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::expr::*;
/// # use orm_core::prelude::*;
/// fn fits<Null: HoldsNull<T>, T>() {}
/// fits::<No, String>();
/// fits::<Yes, Option<String>>(); // `<Yes, String>` does not compile
/// ```
#[diagnostic::on_unimplemented(
    message = "`array_agg` of a table that may have no row puts NULLs into a list of `{T}`",
    label = "uses a left-joined table",
    note = "`func::array_agg_not_null(..)` leaves the missing rows out"
)]
pub trait HoldsNull<T> {}

#[diagnostic::do_not_recommend]
impl<T> HoldsNull<T> for No {}
#[diagnostic::do_not_recommend]
impl<T: SqlType<Base = T>> HoldsNull<Option<T>> for Yes {}

/// The walk's end: the first table of the list.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::expr::*;
/// # use orm_core::prelude::*;
/// fn found<Scope: Has<S, I>, S, I>() {}
/// found::<(Order, (User, ())), Order, Here>();
/// ```
#[derive(Debug)]
pub struct Here;
/// The walk's end at a table that may have no row.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::expr::*;
/// # use orm_core::prelude::*;
/// fn found<Scope: Has<S, I>, S, I>() {}
/// found::<(Maybe<Category>, (Product, ())), Category, HereMaybe>();
/// ```
#[derive(Debug)]
pub struct HereMaybe;
/// One step further along the list.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::expr::*;
/// # use orm_core::prelude::*;
/// fn found<Scope: Has<S, I>, S, I>() {}
/// found::<(Order, (User, ())), User, Next<Here>>();
/// ```
#[derive(Debug)]
pub struct Next<I>(PhantomData<fn() -> I>);

/// A whole entity in a select list.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::{expr::Whole, query::Query};
///
/// let q: Query<Whole<Tag>, (Tag, ())> = Tag::query();
/// ```
#[derive(Debug)]
pub struct Whole<M>(PhantomData<fn() -> M>);
/// A whole entity in a select list, of a table that may have no row.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::{expr::MaybeWhole, query::Selection};
///
/// fn row<Sel: Selection<PlainRow = R>, R>() {}
/// row::<MaybeWhole<Tag>, Option<Tag>>(); // `Tag::ALL` behind a LEFT JOIN
/// ```
#[derive(Debug)]
pub struct MaybeWhole<M>(PhantomData<fn() -> M>);

/// Whether something is NULL for want of a partner in a LEFT JOIN, as a type.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::expr::*;
/// # use orm_core::prelude::*;
/// fn wraps<Null: Bool<Wrap<i32> = T>, T>() {}
/// wraps::<<No as Bool>::Or<Yes>, Option<i32>>();
/// ```
pub trait Bool {
    /// Whether either is.
    type Or<B: Bool>: Bool;
    /// `T`, or an `Option` of it.
    type Wrap<T: SqlType>: SqlType;
    /// How a whole entity is selected: [`Whole`] or [`MaybeWhole`].
    type Entity<S: Selectable>;
}

/// It may be: a [`Bool`].
#[derive(Debug)]
pub struct Yes;
/// It is not: a [`Bool`].
#[derive(Debug)]
pub struct No;

impl Bool for Yes {
    type Or<B: Bool> = Yes;
    type Wrap<T: SqlType> = Option<T::Base>;
    type Entity<S: Selectable> = S::MaybeWhole;
}

impl Bool for No {
    type Or<B: Bool> = B;
    type Wrap<T: SqlType> = T;
    type Entity<S: Selectable> = S::Whole;
}

/// Whether a scope has the table of `S`.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::expr::*;
/// # use orm_core::prelude::*;
/// fn has<Scope: Has<S, I, Null = Null>, S, I, Null>() {}
/// has::<(Maybe<Category>, (Product, ())), Product, _, No>();
/// has::<(Maybe<Category>, (Product, ())), Category, _, Yes>();
/// ```
#[diagnostic::on_unimplemented(
    message = "this uses a table that is not part of the query",
    label = "`{S}` is not in FROM",
    note = "join it first: `.join(..)` or `.left_join(..)`"
)]
pub trait Has<S, I> {
    /// Whether it may have no row.
    type Null: Bool;
}

#[diagnostic::do_not_recommend]
impl<S, Rest> Has<S, Here> for (S, Rest) {
    type Null = No;
}

#[diagnostic::do_not_recommend]
impl<S, Rest> Has<S, HereMaybe> for (Maybe<S>, Rest) {
    type Null = Yes;
}

#[diagnostic::do_not_recommend]
impl<S, Other, Rest, I> Has<S, Next<I>> for (Other, Rest)
where
    Rest: Has<S, I>,
{
    type Null = Rest::Null;
}

#[diagnostic::do_not_recommend]
impl<S, Scope, I> Has<S, I> for Nulled<Scope>
where
    Scope: Has<S, I>,
{
    type Null = Yes;
}

#[diagnostic::do_not_recommend]
impl<S, Rest> Has<S, Here> for Outer<S, Rest> {
    type Null = No;
}

#[diagnostic::do_not_recommend]
impl<S, Other, Rest, I> Has<S, Next<I>> for Outer<Other, Rest>
where
    Rest: Has<S, I>,
{
    type Null = Rest::Null;
}

#[diagnostic::do_not_recommend]
impl<S, Scope, I> Has<S, InNullable<I>> for Nullable<Scope>
where
    Scope: Has<S, I>,
{
    type Null = Yes;
}

/// A scope with a table of the query around it added at its end.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::expr::*;
/// # use orm_core::prelude::*;
/// fn longer<Scope: Correlate<S, With = Longer>, S, Longer>() {}
/// longer::<(Order, ()), User, (Order, Outer<User, ()>)>();
/// ```
pub trait Correlate<S> {
    /// The longer scope.
    type With;
}

impl<S> Correlate<S> for () {
    type With = Outer<S, ()>;
}

impl<S, Table, Rest: Correlate<S>> Correlate<S> for (Table, Rest) {
    type With = (Table, Rest::With);
}

impl<S, Table, Rest: Correlate<S>> Correlate<S> for Outer<Table, Rest> {
    type With = Outer<Table, Rest::With>;
}

impl<S, Scope: Correlate<S>> Correlate<S> for Nullable<Scope> {
    type With = Nullable<Scope::With>;
}

impl<S, Scope: Correlate<S>> Correlate<S> for Nulled<Scope> {
    type With = Nulled<Scope::With>;
}

/// What a query with this scope uses of the query that it stands in: the tables that were `correlate`d.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::expr::*;
/// # use orm_core::prelude::*;
/// assert!(<(Order, Outer<User, ()>)>::CORRELATED);
/// assert!(!<(Order, (User, ()))>::CORRELATED);
/// ```
pub trait Inside {
    /// The tables, as a tree of uses.
    type Uses;
    /// Whether there are any.
    const CORRELATED: bool;
}

impl Inside for () {
    type Uses = ();
    const CORRELATED: bool = false;
}

impl<Table, Rest: Inside> Inside for (Table, Rest) {
    type Uses = Rest::Uses;
    const CORRELATED: bool = Rest::CORRELATED;
}

impl<S, Rest: Inside> Inside for Outer<S, Rest> {
    type Uses = (Of<S>, Rest::Uses);
    const CORRELATED: bool = true;
}

impl<Scope: Inside> Inside for Nullable<Scope> {
    type Uses = Scope::Uses;
    const CORRELATED: bool = Scope::CORRELATED;
}

impl<Scope: Inside> Inside for Nulled<Scope> {
    type Uses = Scope::Uses;
    const CORRELATED: bool = Scope::CORRELATED;
}

/// A scope of a query that can run by itself: it uses nothing of a query around it.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::expr::*;
/// # use orm_core::prelude::*;
/// fn runs<Scope: Standalone>() {}
/// runs::<(Order, (User, ()))>(); // `(Order, Outer<User, ()>)` does not compile
/// ```
pub trait Standalone {}

impl Standalone for () {}
impl<Table, Rest: Standalone> Standalone for (Table, Rest) {}
impl<Scope: Standalone> Standalone for Nullable<Scope> {}
impl<Scope: Standalone> Standalone for Nulled<Scope> {}
impl<S: NotOuter, Rest> Standalone for Outer<S, Rest> {}

/// Implemented by nothing: it carries the message for a correlated query that is run by itself.
#[diagnostic::on_unimplemented(
    message = "this query was correlated with `{Self}`, which stands in the query around it, so it cannot run by itself",
    label = "uses `{Self}` of a query around it",
    note = "use it as a subquery: `exists(query)`, `query.as_scalar()`, `.in_query(query)`, `.join_lateral(query)`"
)]
pub trait NotOuter {}

/// Whether a scope has all tables of a tree.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::expr::*;
/// # use orm_core::prelude::*;
/// fn has<Scope, Uses: InScope<Scope, I, Null = Null>, I, Null>() {}
/// has::<(Maybe<Category>, (Product, ())), (Of<Product>, Of<Category>), _, Yes>();
/// ```
pub trait InScope<Scope, I> {
    /// Whether any of them may have no row.
    type Null: Bool;
}

/// Whether a scope has all tables that an expression uses. It is [`InScope`] asked of the expression, so that a mistake is
/// reported where the expression stands, and of nothing before the expression's type is known.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::expr::{Expr, Expression, Within};
///
/// // Something of a query of products, whatever it is joined with.
/// fn shown<Scope, I>(expression: impl Expression<Type = String> + Within<Scope, I>) {}
/// shown::<(Category, (Product, ())), _>(Category::NAME.concat(Product::NAME));
/// ```
pub trait Within<Scope, I> {}

impl<Scope, I, E> Within<Scope, I> for E
where
    E: Expression,
    E::Uses: InScope<Scope, I>,
{
}

impl<Scope> InScope<Scope, ()> for () {
    type Null = No;
}

impl<Scope, S, I> InScope<Scope, I> for Of<S>
where
    Scope: Has<S, I>,
{
    type Null = Scope::Null;
}

impl<Scope, U, I> InScope<Scope, I> for Agg<U>
where
    U: InScope<Scope, I>,
{
    type Null = No;
}

impl<Scope, U, T, I> InScope<Scope, I> for Each<U, T>
where
    U: InScope<Scope, I>,
    U::Null: HoldsNull<T>,
{
    type Null = No;
}

impl<Scope, U, I> InScope<Scope, I> for Solid<U>
where
    Scope: Subtotals,
    U: InScope<Scope, I>,
{
    type Null = Scope::Null;
}

/// Whether a scope has rows of subtotals, in which even what is never NULL is, because it is not grouped by.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::expr::*;
/// # use orm_core::prelude::*;
/// fn subtotals<Scope: Subtotals<Null = Null>, Null>() {}
/// subtotals::<Nulled<(Product, ())>, Yes>();
/// subtotals::<(Product, ()), No>();
/// ```
pub trait Subtotals {
    /// Whether it has.
    type Null: Bool;
}

impl Subtotals for () {
    type Null = No;
}

impl<S, Rest: Subtotals> Subtotals for (S, Rest) {
    type Null = Rest::Null;
}

impl<Scope> Subtotals for Nulled<Scope> {
    type Null = Yes;
}

impl<S, Rest> Subtotals for Outer<S, Rest> {
    type Null = No;
}

impl<Scope: Subtotals> Subtotals for Nullable<Scope> {
    type Null = Scope::Null;
}

impl<Scope, U, I> InScope<Scope, I> for Open<U>
where
    U: InScope<Scope, I>,
{
    type Null = U::Null;
}

impl<Scope, U, I> InScope<Scope, I> for Windowed<U>
where
    U: InScope<Scope, I>,
{
    type Null = No;
}

impl<Scope, A, B, IA, IB> InScope<Scope, (IA, IB)> for (A, B)
where
    A: InScope<Scope, IA>,
    B: InScope<Scope, IB>,
{
    type Null = <A::Null as Bool>::Or<B::Null>;
}
