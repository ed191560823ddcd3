//! [`Selectable`]: what has columns that a query can use, be it a table or rows that a query computes.

use super::{Alias, MaybeWhole, TableRef, Whole};
use crate::model::Source;

/// What has columns that a query can use: a model, an alias of one, or a [`Rowset`](crate::query::Rowset), which stands
/// for a derived table or a CTE. SQLAlchemy: `FromClause`.
///
/// Implemented for every [`Source`], and by `#[derive(Rowset)]`.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::expr::{Alias, Selectable};
///
/// type Other = Aliased<User, 1>;
/// assert_eq!(Other::table_ref().alias, Alias::Numbered(1));
/// ```
pub trait Selectable: 'static {
    /// How `ALL` of it is selected.
    type Whole;
    /// How `ALL` of it is selected where it may have no row: behind a LEFT JOIN.
    type MaybeWhole;
    /// Its name in FROM, as a type: see [`Without`](super::Without).
    type Name: 'static;

    /// The table as a query names it.
    fn table_ref() -> TableRef;
}

impl<S: Source> Selectable for S {
    type Whole = Whole<S::Model>;
    type MaybeWhole = MaybeWhole<S::Model>;
    type Name = S::Name;

    fn table_ref() -> TableRef {
        TableRef {
            table: <S::Model as crate::model::Model>::TABLE,
            alias: S::ALIAS.map_or(Alias::None, Alias::Numbered),
        }
    }
}
