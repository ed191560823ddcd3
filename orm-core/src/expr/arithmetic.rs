//! `+`, `-`, `*`, `/`, `%`, `&`, `|`, `^`, `<<`, `>>` and `!` on columns and expressions. A calculation with something that can be NULL can be NULL; the
//! wider type stands on the left (`PRICE * QUANTITY`); `/` of integers drops the fraction, as PostgreSQL does.
//!
//! ```
//! use orm_core::prelude::*;
//! # #[derive(Model, Clone)] #[orm(table = "items")]
//! # struct Item { #[orm(primary_key)] id: i32, price: i64, quantity: i32, sold: bool }
//! let q = Item::query().filter(!Item::SOLD).select(-(Item::PRICE + 1) * (Item::QUANTITY - 2));
//! assert_eq!(
//!     q.to_sql(),
//!     "SELECT - (items.price + $1) * (items.quantity - $2) FROM items WHERE NOT items.sold"
//! );
//!
//! // The operators on bits are those of Rust; PostgreSQL writes the exclusive or as `#`.
//! let q = Item::query().select((Item::QUANTITY % 7, (Item::QUANTITY & 6) ^ 1, Item::QUANTITY << 2));
//! assert_eq!(
//!     q.to_sql(),
//!     "SELECT items.quantity % $1, items.quantity & $2 # $3, items.quantity << $4 FROM items"
//! );
//! ```

use std::ops::{Add, BitAnd, BitOr, BitXor, Div, Mul, Neg, Not, Rem, Shl, Shr, Sub};

use super::{AsExpr, Column, Condition, Expr, Expression, Node, Of, Selectable};
use crate::types::{Numeric, SqlType};

/// The type of a calculation: the left side's, or an `Option` of it where an operand can be NULL.
type Number<T, R> = <T as SqlType>::Nullify<
    <<R as AsExpr<<T as SqlType>::Base>>::Type as SqlType>::Nullify<<T as SqlType>::Base>,
>;

macro_rules! operator {
    ($($operator:ident $method:ident $sql:literal $bound:ident;)*) => { $(
        impl<S: Selectable, T: SqlType, R: AsExpr<T::Base>> $operator<R> for Column<S, T>
        where
            T::Base: $bound,
        {
            type Output = Expr<Number<T, R>, (Of<S>, R::Uses)>;

            fn $method(self, other: R) -> Self::Output {
                Expr::new(Node::infix(self.into_node(), $sql, other.into_operand()))
            }
        }

        impl<T: SqlType, Uses, R: AsExpr<T::Base>> $operator<R> for Expr<T, Uses>
        where
            T::Base: $bound,
        {
            type Output = Expr<Number<T, R>, (Uses, R::Uses)>;

            fn $method(self, other: R) -> Self::Output {
                Expr::new(Node::infix(self.into_node(), $sql, other.into_operand()))
            }
        }
    )* };
}

operator! {
    Add add "+" Numeric;
    Sub sub "-" Numeric;
    Mul mul "*" Numeric;
    Div div "/" Numeric;
    Rem rem "%" Exact;
    BitAnd bitand "&" Bits;
    BitOr bitor "|" Bits;
    BitXor bitxor "#" Bits;
}

macro_rules! shift {
    ($($operator:ident $method:ident $sql:literal;)*) => { $(
        impl<S: Selectable, T: SqlType, R: AsExpr<i32>> $operator<R> for Column<S, T>
        where
            T::Base: Bits,
        {
            type Output = Expr<Shifted<T, R>, (Of<S>, R::Uses)>;

            fn $method(self, places: R) -> Self::Output {
                Expr::new(Node::infix(self.into_node(), $sql, places.into_operand()))
            }
        }

        impl<T: SqlType, Uses, R: AsExpr<i32>> $operator<R> for Expr<T, Uses>
        where
            T::Base: Bits,
        {
            type Output = Expr<Shifted<T, R>, (Uses, R::Uses)>;

            fn $method(self, places: R) -> Self::Output {
                Expr::new(Node::infix(self.into_node(), $sql, places.into_operand()))
            }
        }
    )* };
}

shift! {
    Shl shl "<<";
    Shr shr ">>";
}

/// The type of a shift: the left side's, or an `Option` of it where an operand can be NULL.
type Shifted<T, R> =
    <T as SqlType>::Nullify<<<R as AsExpr<i32>>::Type as SqlType>::Nullify<<T as SqlType>::Base>>;

/// A number whose division leaves a remainder: integers and `Decimal`.
///
/// ```
/// fn is_exact<T: orm_core::expr::Exact>() {}
/// is_exact::<i32>();
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no remainder in PostgreSQL",
    label = "`%` needs integers or `Decimal`s"
)]
pub trait Exact: Numeric {}

/// An integer, for what works on its bits.
///
/// ```
/// fn has_bits<T: orm_core::expr::Bits>() {}
/// has_bits::<i64>();
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an integer, so it has no bits to work on",
    label = "`&`, `|`, `^`, `<<` and `>>` need an integer column or expression",
    note = "conditions are joined by `.and(..)` and `.or(..)`"
)]
pub trait Bits: Exact {}

macro_rules! integers {
    ($($ty:ty),*) => { $(
        impl Exact for $ty {}
        impl Bits for $ty {}
    )* };
}

integers!(i16, i32, i64);
#[cfg(feature = "decimal")]
impl Exact for rust_decimal::Decimal {}

macro_rules! prefix {
    ($($operator:ident $method:ident $sql:literal $bound:ident;)*) => { $(
        impl<S: Selectable, T: SqlType> $operator for Column<S, T>
        where
            Self: Expression<Type = T, Uses = Of<S>> + $bound,
        {
            type Output = Expr<T, Of<S>>;

            fn $method(self) -> Self::Output {
                Expr::new(Node::Prefix($sql, Box::new(self.into_node())))
            }
        }

        impl<T: SqlType, Uses> $operator for Expr<T, Uses>
        where
            Self: $bound,
        {
            type Output = Expr<T, Uses>;

            fn $method(self) -> Self::Output {
                Expr::new(Node::Prefix($sql, Box::new(self.into_node())))
            }
        }
    )* };
}

prefix! {
    Not not "NOT" Condition;
    Neg neg "-" Calculable;
}

/// An expression that is a number.
trait Calculable {}
impl<E: Expression> Calculable for E where <E::Type as SqlType>::Base: Numeric {}
