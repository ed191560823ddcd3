//! `+`, `-`, `*`, `/` and `!` on columns and expressions. A calculation with something that can be NULL can be NULL; the
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
//! ```

use std::ops::{Add, Div, Mul, Neg, Not, Sub};

use super::{AsExpr, Column, Condition, Expr, Expression, Node, Of, Selectable};
use crate::types::{Numeric, SqlType};

/// The type of a calculation: the left side's, or an `Option` of it where an operand can be NULL.
type Number<T, R> = <T as SqlType>::Nullify<
    <<R as AsExpr<<T as SqlType>::Base>>::Type as SqlType>::Nullify<<T as SqlType>::Base>,
>;

macro_rules! operator {
    ($($operator:ident $method:ident $sql:literal;)*) => { $(
        impl<S: Selectable, T: SqlType, R: AsExpr<T::Base>> $operator<R> for Column<S, T>
        where
            T::Base: Numeric,
        {
            type Output = Expr<Number<T, R>, (Of<S>, R::Uses)>;

            fn $method(self, other: R) -> Self::Output {
                Expr::new(Node::infix(self.into_node(), $sql, other.into_operand()))
            }
        }

        impl<T: SqlType, Uses, R: AsExpr<T::Base>> $operator<R> for Expr<T, Uses>
        where
            T::Base: Numeric,
        {
            type Output = Expr<Number<T, R>, (Uses, R::Uses)>;

            fn $method(self, other: R) -> Self::Output {
                Expr::new(Node::infix(self.into_node(), $sql, other.into_operand()))
            }
        }
    )* };
}

operator! {
    Add add "+";
    Sub sub "-";
    Mul mul "*";
    Div div "/";
}

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
