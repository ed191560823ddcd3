//! What a select list reads: [`SelectList`] is the list as written, checked against the query's scope; [`Selection`] is
//! the type that it reads rows into.

use std::marker::PhantomData;

use super::{Executor, OrNothing, Plain};
use crate::error::Result;
use crate::expr::{
    All, Bool, Column, Expr, Expression, Has, InScope, Item, MaybeWhole, Of, Selectable, Whole,
};
use crate::model::{Model, RowReader};
use crate::types::SqlType;

/// What a row of a query is read into.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::expr::Whole;
/// use orm_core::query::{Selection, Value};
///
/// fn plain<S: Selection<PlainRow = Row>, Row>() {}
/// plain::<Whole<Tag>, Tag>(); // an entity is a `Handle<Tag>` on a session, and a `Tag` on a connection
/// plain::<(Value<i32>, Value<String>), (i32, String)>();
/// ```
pub trait Selection: 'static {
    /// The row's type: a `Handle<M>` for a whole entity on a session, a value for an expression, a tuple of these.
    type Row<X: Executor>: Send;

    /// The same with entities as plain rows.
    type PlainRow: Send;

    /// What reads such rows on whatever there is: [`Query::plain`](super::Query::plain).
    type Plain: Selection;

    /// Whether entities of it are plain rows wherever it is read.
    const IS_PLAIN: bool = false;

    /// Reads the row, from left to right.
    ///
    /// # Errors
    /// [`Error::Decode`](crate::Error::Decode).
    fn read<X: Executor>(on: &mut X, row: &mut RowReader<'_>) -> Result<Self::Row<X>>;

    /// Lets what keeps entities make room for those of so many rows.
    fn make_room<X: Executor>(on: &mut X, rows: usize) {
        let _ = (on, rows);
    }

    /// Reads the row with entities as plain rows, which needs nothing to keep them.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// use orm_core::expr::Whole;
    /// use orm_core::model::RowReader;
    /// use orm_core::query::{Executor, Selection, Statement};
    ///
    /// let rows = db.fetch(Statement::plain("SELECT id, word FROM tags ORDER BY id")).await?;
    /// <Whole<Tag> as Selection>::make_room(&mut db, rows.len());
    /// let tag: Handle<Tag> = <Whole<Tag> as Selection>::read(&mut db, &mut RowReader::new(&rows[0]))?;
    /// let row: Tag = <Whole<Tag> as Selection>::read_plain(&mut RowReader::new(&rows[0]))?;
    /// assert_eq!(db[tag], row);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Decode`](crate::Error::Decode).
    fn read_plain(row: &mut RowReader<'_>) -> Result<Self::PlainRow>;
}

impl<M: Model> Selection for Whole<M> {
    type Row<X: Executor> = X::Entity<M>;
    type PlainRow = M;
    type Plain = Plain<Self>;

    fn read_plain(row: &mut RowReader<'_>) -> Result<M> {
        M::read(row)
    }

    fn read<X: Executor>(on: &mut X, row: &mut RowReader<'_>) -> Result<Self::Row<X>> {
        on.entity::<M>(row)
    }

    fn make_room<X: Executor>(on: &mut X, rows: usize) {
        on.make_room::<M>(rows);
    }
}

impl<M: Model> Selection for MaybeWhole<M> {
    type Row<X: Executor> = Option<X::Entity<M>>;
    type PlainRow = Option<M>;
    type Plain = Plain<Self>;

    fn read<X: Executor>(on: &mut X, row: &mut RowReader<'_>) -> Result<Self::Row<X>> {
        match is_missing::<M>(row) {
            true => Ok(None),
            false => on.entity::<M>(row).map(Some),
        }
    }

    fn read_plain(row: &mut RowReader<'_>) -> Result<Option<M>> {
        match is_missing::<M>(row) {
            true => Ok(None),
            false => M::read(row).map(Some),
        }
    }

    fn make_room<X: Executor>(on: &mut X, rows: usize) {
        on.make_room::<M>(rows);
    }
}

/// Whether an outer join found no row, whose columns are passed over then.
fn is_missing<M: Model>(row: &mut RowReader<'_>) -> bool {
    let table = M::TABLE;
    let mut key = table.primary_key.iter();
    let missing = key.any(|key| row.is_null(*key as usize));
    if missing {
        row.skip(table.columns.len());
    }
    missing
}

impl<M> OrNothing for Whole<M> {
    type Row = MaybeWhole<M>;
}

impl<M> OrNothing for MaybeWhole<M> {
    type Row = MaybeWhole<M>;
}

impl<T: SqlType> OrNothing for Value<T> {
    type Row = Value<Option<T::Base>>;
}

/// The value of an expression.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::query::{Query, Value};
///
/// fn words() -> Query<Value<String>, (Tag, ())> {
///     Tag::query().select(Tag::WORD)
/// }
/// assert_eq!(words().to_sql(), "SELECT tags.word FROM tags");
/// ```
#[derive(Debug)]
pub struct Value<T>(PhantomData<fn() -> T>);

impl<T: SqlType> Selection for Value<T> {
    type Row<X: Executor> = T;
    type PlainRow = T;
    type Plain = Self;

    fn read_plain(row: &mut RowReader<'_>) -> Result<T> {
        row.value()
    }

    fn read<X: Executor>(_: &mut X, row: &mut RowReader<'_>) -> Result<T> {
        row.value()
    }
}

/// What `select` and `returning` take. It is [`SelectList`], asked in one step: with [`SelectList`] itself as the bound, rustc
/// would list its implementations below every mistake. Both have the message: rustc shows this one's, and for a part of a
/// tuple the other's.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// let q = Product::query().select((Product::ALL, Product::PRICE * Product::STOCK, value("in cents")));
/// assert!(q.to_sql().ends_with(", products.price * products.stock, $1 FROM products"));
/// ```
#[diagnostic::on_unimplemented(
    message = "this cannot be selected",
    label = "expected columns, expressions or `Model::ALL`, or a tuple of up to 16 of these; found `{Self}`",
    note = "a plain value is selected with `value(..)`, related rows are loaded with `.with(..)`"
)]
pub trait Selects<Scope, I, Row, Uses>: SelectList<Scope, I, Row, Uses> {}

impl<Scope, I, Row, Uses, L: SelectList<Scope, I, Row, Uses>> Selects<Scope, I, Row, Uses> for L {}

/// What `select` takes: a column, an expression, `User::ALL`, or a tuple of up to 16 of these.
///
/// In a query with a LEFT JOIN, what uses the joined table becomes an `Option`. `Row` is what it reads rows into, `Uses` the
/// tables that it uses: parameters that the compiler infers, not associated types, so that a mistake is one error.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::query::SelectList;
///
/// let mut items = Vec::new();
/// SelectList::<(Tag, ()), _, _, _>::push_to((Tag::ID, Tag::WORD), &mut items); // `.select((Tag::ID, Tag::WORD))`
/// assert_eq!(items.len(), 2);
/// ```
#[diagnostic::on_unimplemented(
    message = "this cannot be selected",
    label = "expected columns, expressions or `Model::ALL`, or a tuple of up to 16 of these; found `{Self}`",
    note = "a plain value is selected with `value(..)`, related rows are loaded with `.with(..)`"
)]
pub trait SelectList<Scope, I, Row, Uses> {
    /// Appends the parts.
    fn push_to(self, items: &mut Vec<Item>);
}

impl<Scope, I, S: Selectable, T: SqlType>
    SelectList<Scope, I, Value<<Scope::Null as Bool>::Wrap<T>>, Of<S>> for Column<S, T>
where
    Scope: Has<S, I>,
{
    fn push_to(self, items: &mut Vec<Item>) {
        items.push(Item::Expr(self.into_node()));
    }
}

impl<Scope, I, T: SqlType, Uses> SelectList<Scope, I, Value<<Uses::Null as Bool>::Wrap<T>>, Uses>
    for Expr<T, Uses>
where
    Uses: InScope<Scope, I>,
{
    fn push_to(self, items: &mut Vec<Item>) {
        items.push(Item::Expr(self.into_node()));
    }
}

impl<Scope, I, S: Selectable> SelectList<Scope, I, <Scope::Null as Bool>::Entity<S>, Of<S>>
    for All<S>
where
    Scope: Has<S, I>,
{
    fn push_to(self, items: &mut Vec<Item>) {
        items.push(Item::Whole(S::table_ref()));
    }
}

macro_rules! uses {
    ($last:ident) => { $last };
    ($first:ident $($rest:ident)+) => { ($first, uses!($($rest)+)) };
}

macro_rules! tuples {
    ($($name:ident $index:ident $row:ident $uses:ident),*) => {
        impl<Scope, $($name, $index, $row, $uses),*>
            SelectList<Scope, ($($index,)*), ($($row,)*), uses!($($uses)*)> for ($($name,)*)
        where
            $($name: SelectList<Scope, $index, $row, $uses>),*
        {
            #[allow(non_snake_case)]
            fn push_to(self, items: &mut Vec<Item>) {
                let ($($name,)*) = self;
                $($name.push_to(items);)*
            }
        }

        impl<$($name: OrNothing),*> OrNothing for ($($name,)*) {
            type Row = ($($name::Row,)*);
        }

        impl<$($name: Selection),*> Selection for ($($name,)*) {
            type Row<X: Executor> = ($($name::Row<X>,)*);
            type PlainRow = ($($name::PlainRow,)*);
            type Plain = ($($name::Plain,)*);

            const IS_PLAIN: bool = $($name::IS_PLAIN)||*;

            fn read<X: Executor>(on: &mut X, row: &mut RowReader<'_>) -> Result<Self::Row<X>> {
                Ok(($($name::read(on, row)?,)*))
            }

            fn read_plain(row: &mut RowReader<'_>) -> Result<Self::PlainRow> {
                Ok(($($name::read_plain(row)?,)*))
            }

            fn make_room<X: Executor>(on: &mut X, rows: usize) {
                $($name::make_room(on, rows);)*
            }
        }
    };
}

tuples!(A IA RA UA);
tuples!(A IA RA UA, B IB RB UB);
tuples!(A IA RA UA, B IB RB UB, C IC RC UC);
tuples!(A IA RA UA, B IB RB UB, C IC RC UC, D ID RD UD);
tuples!(A IA RA UA, B IB RB UB, C IC RC UC, D ID RD UD, E IE RE UE);
tuples!(A IA RA UA, B IB RB UB, C IC RC UC, D ID RD UD, E IE RE UE, F IF RF UF);
tuples!(A IA RA UA, B IB RB UB, C IC RC UC, D ID RD UD, E IE RE UE, F IF RF UF, G IG RG UG);
tuples!(A IA RA UA, B IB RB UB, C IC RC UC, D ID RD UD, E IE RE UE, F IF RF UF, G IG RG UG, H IH RH UH);
tuples!(A IA RA UA, B IB RB UB, C IC RC UC, D ID RD UD, E IE RE UE, F IF RF UF, G IG RG UG, H IH RH UH, J IJ RJ UJ);
tuples!(A IA RA UA, B IB RB UB, C IC RC UC, D ID RD UD, E IE RE UE, F IF RF UF, G IG RG UG, H IH RH UH, J IJ RJ UJ, K IK RK UK);
tuples!(A IA RA UA, B IB RB UB, C IC RC UC, D ID RD UD, E IE RE UE, F IF RF UF, G IG RG UG, H IH RH UH, J IJ RJ UJ, K IK RK UK, L IL RL UL);
tuples!(A IA RA UA, B IB RB UB, C IC RC UC, D ID RD UD, E IE RE UE, F IF RF UF, G IG RG UG, H IH RH UH, J IJ RJ UJ, K IK RK UK, L IL RL UL, M IM RM UM);
tuples!(A IA RA UA, B IB RB UB, C IC RC UC, D ID RD UD, E IE RE UE, F IF RF UF, G IG RG UG, H IH RH UH, J IJ RJ UJ, K IK RK UK, L IL RL UL, M IM RM UM, N IN RN UN);
tuples!(A IA RA UA, B IB RB UB, C IC RC UC, D ID RD UD, E IE RE UE, F IF RF UF, G IG RG UG, H IH RH UH, J IJ RJ UJ, K IK RK UK, L IL RL UL, M IM RM UM, N IN RN UN, O IO RO UO);
tuples!(A IA RA UA, B IB RB UB, C IC RC UC, D ID RD UD, E IE RE UE, F IF RF UF, G IG RG UG, H IH RH UH, J IJ RJ UJ, K IK RK UK, L IL RL UL, M IM RM UM, N IN RN UN, O IO RO UO, P IP RP UP);
tuples!(A IA RA UA, B IB RB UB, C IC RC UC, D ID RD UD, E IE RE UE, F IF RF UF, G IG RG UG, H IH RH UH, J IJ RJ UJ, K IK RK UK, L IL RL UL, M IM RM UM, N IN RN UN, O IO RO UO, P IP RP UP, Q IQ RQ UQ);
