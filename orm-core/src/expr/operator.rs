//! What the operators of one kind of type share: the type of their result, and a macro that writes them.

use super::{AsExpr, Expression};
use crate::types::SqlType;

/// The type of an expression without its `Option`.
pub(super) type Base<E> = <<E as Expression>::Type as SqlType>::Base;

/// `T`, or an `Option` of it where the expression can be NULL.
pub(super) type Like<E, T> = <<E as Expression>::Type as SqlType>::Nullify<T>;

/// `T`, or an `Option` of it where either operand can be NULL; `Right` is the type of what stands on the right.
pub(super) type Joint<E, R, Right, T> = <<E as Expression>::Type as SqlType>::Nullify<
    <<R as AsExpr<Right>>::Type as SqlType>::Nullify<T>,
>;

/// A trait with binary operators for the expressions of some types: `fn name "SQL" Right => Result`.
macro_rules! operators {
    (
        $(#[$meta:meta])*
        pub trait $trait:ident where $bound:path;
        $($(#[$doc:meta])* fn $name:ident $sql:literal $right:ty => $result:ty;)*
    ) => {
        $(#[$meta])*
        pub trait $trait: $crate::expr::Expression {
            $(
                $(#[$doc])*
                #[allow(clippy::type_complexity)]
                fn $name<R, T, Uses>(
                    self,
                    other: R,
                ) -> $crate::expr::Expr<
                    $crate::expr::operator::Like<Self, <T as $crate::types::SqlType>::Nullify<$result>>,
                    (Self::Uses, Uses),
                >
                where
                    R: $crate::expr::AsExpr<$right, Type = T, Uses = Uses>,
                    T: $crate::types::SqlType,
                    $crate::expr::operator::Base<Self>: $bound,
                {
                    $crate::expr::Expr::new($crate::expr::Node::infix(
                        self.into_node(),
                        $sql,
                        other.into_operand(),
                    ))
                }
            )*
        }

        impl<E: $crate::expr::Expression> $trait for E {}
    };
}

/// Functions of the database with their types, each with an example that shows its SQL.
macro_rules! functions {
    ($(
        $(#[doc = $doc:expr])*
        fn $name:ident($($arg:ident: $ty:ty),*) -> $ret:ty $(= $other:literal)?; $call:literal $sql:literal
    )*) => { $(
        crate::sql_function! {
            $(#[doc = $doc])*
            #[doc = ""]
            #[doc = "```"]
            #[doc = "# use orm_core::prelude::*;"]
            #[doc = "# #[derive(Model, Clone)] #[orm(table = \"users\")]"]
            #[doc = "# struct User { #[orm(primary_key)] id: i32, name: String, nick: Option<String>, tags: Vec<String>, score: f64 }"]
            #[doc = concat!("let q = User::query().select(func::", $call, ");")]
            #[doc = concat!("assert_eq!(q.to_sql(), \"SELECT ", $sql, " FROM users\");")]
            #[doc = "```"]
            pub fn $name($($arg: $ty),*) -> $ret $(= $other)?;
        }
    )* };
}

pub(super) use {functions, operators};
