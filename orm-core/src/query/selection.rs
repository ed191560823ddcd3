//! What a select list reads: [`SelectList`] is the list as written, checked against the query's scope; [`Selection`] is
//! the type that it reads rows into.

use std::marker::PhantomData;

use super::Executor;
use crate::error::Result;
use crate::expr::{
    All, Bool, Column, Expr, Expression, Has, InScope, Item, MaybeWhole, Of, Whole, table_ref,
};
use crate::model::{Model, RowReader, Source};
use crate::types::SqlType;

/// What a row of a query is read into.
pub trait Selection {
    /// The row's type: a `Handle<M>` for a whole entity on a session, a value for an expression, a tuple of these.
    type Row<X: Executor>: Send;

    /// Reads the row, from left to right.
    ///
    /// # Errors
    /// [`Error::Decode`](crate::Error::Decode).
    fn read<X: Executor>(on: &mut X, row: &mut RowReader<'_>) -> Result<Self::Row<X>>;
}

impl<M: Model> Selection for Whole<M> {
    type Row<X: Executor> = X::Entity<M>;

    fn read<X: Executor>(on: &mut X, row: &mut RowReader<'_>) -> Result<Self::Row<X>> {
        on.entity::<M>(row)
    }
}

impl<M: Model> Selection for MaybeWhole<M> {
    type Row<X: Executor> = Option<X::Entity<M>>;

    fn read<X: Executor>(on: &mut X, row: &mut RowReader<'_>) -> Result<Self::Row<X>> {
        let table = M::TABLE;
        if table
            .primary_key
            .iter()
            .any(|key| row.is_null(*key as usize))
        {
            row.skip(table.columns.len());
            return Ok(None);
        }
        on.entity::<M>(row).map(Some)
    }
}

/// The value of an expression.
#[derive(Debug)]
pub struct Value<T>(PhantomData<fn() -> T>);

impl<T: SqlType> Selection for Value<T> {
    type Row<X: Executor> = T;

    fn read<X: Executor>(_: &mut X, row: &mut RowReader<'_>) -> Result<T> {
        row.value()
    }
}

/// What `select` takes: a column, an expression, `User::ALL`, or a tuple of up to 16 of these.
///
/// In a query with a LEFT JOIN, what uses the joined table becomes an `Option`.
#[diagnostic::on_unimplemented(
    message = "this cannot be selected",
    label = "expected columns, expressions or `Model::ALL`, or a tuple of up to 16 of these; found `{Self}`",
    note = "a plain value is selected with `value(..)`, related rows are loaded with `.with(..)`"
)]
pub trait SelectList<Scope, I> {
    /// What it reads rows into.
    type Selection: Selection;
    /// The tables that it uses.
    type Uses;

    /// Appends the parts.
    fn push_to(self, items: &mut Vec<Item>);
}

impl<Scope, I, S: Source, T: SqlType> SelectList<Scope, I> for Column<S, T>
where
    Scope: Has<S, I>,
{
    type Selection = Value<<Scope::Null as Bool>::Wrap<T>>;
    type Uses = Of<S>;

    fn push_to(self, items: &mut Vec<Item>) {
        items.push(Item::Expr(self.into_node()));
    }
}

impl<Scope, I, T: SqlType, Uses> SelectList<Scope, I> for Expr<T, Uses>
where
    Uses: InScope<Scope, I>,
{
    type Selection = Value<<Uses::Null as Bool>::Wrap<T>>;
    type Uses = Uses;

    fn push_to(self, items: &mut Vec<Item>) {
        items.push(Item::Expr(self.into_node()));
    }
}

impl<Scope, I, S: Source> SelectList<Scope, I> for All<S>
where
    Scope: Has<S, I>,
    <Scope::Null as Bool>::Entity<S::Model>: Selection,
{
    type Selection = <Scope::Null as Bool>::Entity<S::Model>;
    type Uses = Of<S>;

    fn push_to(self, items: &mut Vec<Item>) {
        items.push(Item::Whole(table_ref::<S>()));
    }
}

macro_rules! uses {
    ($last:ident) => { $last::Uses };
    ($first:ident $($rest:ident)+) => { ($first::Uses, uses!($($rest)+)) };
}

macro_rules! tuples {
    ($($name:ident $index:ident),*) => {
        impl<Scope, $($name, $index),*> SelectList<Scope, ($($index,)*)> for ($($name,)*)
        where
            $($name: SelectList<Scope, $index>),*
        {
            type Selection = ($($name::Selection,)*);
            type Uses = uses!($($name)*);

            #[allow(non_snake_case)]
            fn push_to(self, items: &mut Vec<Item>) {
                let ($($name,)*) = self;
                $($name.push_to(items);)*
            }
        }

        impl<$($name: Selection),*> Selection for ($($name,)*) {
            type Row<X: Executor> = ($($name::Row<X>,)*);

            fn read<X: Executor>(on: &mut X, row: &mut RowReader<'_>) -> Result<Self::Row<X>> {
                Ok(($($name::read(on, row)?,)*))
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
tuples!(A IA, B IB, C IC, D ID, E IE, F IF, G IG, H IH, J IJ, K IK, L IL, M IM, N IN);
tuples!(A IA, B IB, C IC, D ID, E IE, F IF, G IG, H IH, J IJ, K IK, L IL, M IM, N IN, O IO);
tuples!(A IA, B IB, C IC, D ID, E IE, F IF, G IG, H IH, J IJ, K IK, L IL, M IM, N IN, O IO, P IP);
tuples!(A IA, B IB, C IC, D ID, E IE, F IF, G IG, H IH, J IJ, K IK, L IL, M IM, N IN, O IO, P IP, Q IQ);
