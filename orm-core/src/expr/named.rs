//! Whether a table has a name in a query that another one has already, asked of types: [`Without`], the check of every join.
//!
//! That two types differ is nothing that Rust can ask. So what stands in FROM has its SQL name as a type, eight hexadecimal
//! digits of a hash, which the derives write; and two names are [`Apart`] at the first digit in which they differ, mostly the
//! first of all. The name of an alias is [`Numbered`]: its number, and the name of what it is an alias of.
//!
//! Without this check a model that is joined twice would be found by rustc alone, where a column of it is used, as «type
//! annotations needed»: the search for the column's table has two ends.

use std::marker::PhantomData;

use super::Selectable;
use super::scope::{Maybe, Nullable, Nulled, Outer};

/// What has a name in FROM: a table, or one that may have no row.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::expr::*;
/// # use orm_core::prelude::*;
/// fn named<A: InFrom<Name = Name>, B: InFrom<Name = Name>, Name>() {}
/// named::<Tag, Maybe<Tag>, _>();
/// ```
pub trait InFrom {
    /// The name.
    type Name;
}

impl<S: Selectable> InFrom for S {
    type Name = S::Name;
}

impl<S: Selectable> InFrom for Maybe<S> {
    type Name = S::Name;
}

/// Whether a scope has no table of the name of `S` yet, so that `S` can be joined to it.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::expr::*;
/// # use orm_core::prelude::*;
/// fn can_join<Scope: Without<S>, S>() {}
/// can_join::<(Product, ()), Category>();
/// can_join::<(User, ()), Aliased<User, 1>>(); // `<(User, ()), User>` does not compile
/// ```
#[diagnostic::on_unimplemented(
    message = "this table is part of the query already",
    label = "`{S}` once more",
    note = "a second one needs a name of its own: declare `type Other = Aliased<Model, 1>;`, with a number that no other in this query has, and join that: `.join(RELATIONSHIP.to::<Other>())`"
)]
pub trait Without<S> {}

#[diagnostic::do_not_recommend]
impl<S> Without<S> for () {}

#[diagnostic::do_not_recommend]
impl<S, Table, Rest> Without<S> for (Table, Rest)
where
    S: Selectable,
    Table: InFrom,
    S::Name: Apart<Table::Name>,
    Rest: Without<S>,
{
}

#[diagnostic::do_not_recommend]
impl<S, Scope: Without<S>> Without<S> for Nullable<Scope> {}

#[diagnostic::do_not_recommend]
impl<S, Scope: Without<S>> Without<S> for Nulled<Scope> {}

#[diagnostic::do_not_recommend]
impl<S, Table, Rest> Without<S> for Outer<Table, Rest>
where
    S: Selectable,
    Table: InFrom,
    S::Name: Apart<Table::Name>,
    Rest: Without<S>,
{
}

/// [`Without`], asked of the table: what a query is `correlate`d with.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::expr::*;
/// # use orm_core::prelude::*;
/// fn can_correlate<S: NotIn<Scope>, Scope>() {}
/// can_correlate::<User, (Order, ())>();
/// ```
pub trait NotIn<Scope> {}

impl<S, Scope: Without<S>> NotIn<Scope> for S {}

/// Whether two names differ.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::expr::*;
/// # use orm_core::prelude::*;
/// fn apart<A: Selectable<Name: Apart<B::Name>>, B: Selectable>() {}
/// apart::<User, Order>();
/// ```
pub trait Apart<Name> {}

/// The name of an alias: its number, and the name of what it stands for.
#[derive(Debug)]
pub struct Numbered<const N: u8, Name>(PhantomData<Name>);

#[diagnostic::do_not_recommend]
impl<const N: u8, Name, Digit, Rest> Apart<(Digit, Rest)> for Numbered<N, Name> {}

#[diagnostic::do_not_recommend]
impl<const N: u8, Name, Digit, Rest> Apart<Numbered<N, Name>> for (Digit, Rest) {}

#[diagnostic::do_not_recommend]
impl<const N: u8, A, const M: u8, B> Apart<Numbered<M, B>> for Numbered<N, A>
where
    Numbered<N, A>: Spelt,
    Numbered<M, B>: Spelt,
    <Numbered<N, A> as Spelt>::Digits: Apart<<Numbered<M, B> as Spelt>::Digits>,
{
}

/// A numbered name as digits: two for the number, which types can compare then, and those of the name.
pub trait Spelt {
    /// The digits.
    type Digits;
}

macro_rules! digits {
    ($($digit:ident)*) => {
        $(
            /// A digit of a name.
            #[derive(Debug)]
            pub struct $digit;

            #[diagnostic::do_not_recommend]
            impl<A: Apart<B>, B> Apart<($digit, B)> for ($digit, A) {}
        )*
        digits!(@each [$($digit)*] [$($digit)*]);
    };
    (@each [] $all:tt) => {};
    (@each [$digit:ident $($more:ident)*] [$($all:ident)*]) => {
        $(digits!(@pair $digit $all);)*
        digits!(@each [$($more)*] [$($all)*]);
    };
    (@pair D0 D0) => {}; (@pair D1 D1) => {}; (@pair D2 D2) => {}; (@pair D3 D3) => {};
    (@pair D4 D4) => {}; (@pair D5 D5) => {}; (@pair D6 D6) => {}; (@pair D7 D7) => {};
    (@pair D8 D8) => {}; (@pair D9 D9) => {}; (@pair DA DA) => {}; (@pair DB DB) => {};
    (@pair DC DC) => {}; (@pair DD DD) => {}; (@pair DE DE) => {}; (@pair DF DF) => {};
    (@pair $one:ident $other:ident) => {
        #[diagnostic::do_not_recommend]
        impl<A, B> Apart<($other, B)> for ($one, A) {}
    };
}

digits!(D0 D1 D2 D3 D4 D5 D6 D7 D8 D9 DA DB DC DD DE DF);

/// Each number of an alias, in two digits.
macro_rules! spelt {
    ($($high:literal $digit:ident)*) => { $(
        spelt!(@low $high $digit 0 D0 1 D1 2 D2 3 D3 4 D4 5 D5 6 D6 7 D7);
        spelt!(@low $high $digit 8 D8 9 D9 10 DA 11 DB 12 DC 13 DD 14 DE 15 DF);
    )* };
    (@low $high:literal $digit:ident $($low:literal $second:ident)*) => { $(
        impl<Name> Spelt for Numbered<{ 16 * $high + $low }, Name> {
            type Digits = ($digit, ($second, Name));
        }
    )* };
}

spelt!(0 D0 1 D1 2 D2 3 D3 4 D4 5 D5 6 D6 7 D7 8 D8 9 D9 10 DA 11 DB 12 DC 13 DD 14 DE 15 DF);
