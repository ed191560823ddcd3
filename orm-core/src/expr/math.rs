//! Functions of numbers.

#[cfg(feature = "decimal")]
use super::operator::Like;
use super::operator::{Base, Joint, functions};
use super::{AsExpr, Expr, Expression, Node};
use crate::types::Numeric;

functions! {
    /// `pi()`. SQLAlchemy: `func.pi(..)`.
    fn pi() -> f64; "pi()" "pi()"
    /// `random()`: a number from 0 to below 1, another one for each row. SQLAlchemy: `func.random(..)`.
    fn random() -> f64; "random()" "random()"
    /// `exp(x)`: e to this power. SQLAlchemy: `func.exp(..)`.
    fn exp(x: f64) -> f64; "exp(User::SCORE)" "exp(users.score)"
    /// `ln(x)`: the natural logarithm. SQLAlchemy: `func.ln(..)`.
    fn ln(x: f64) -> f64; "ln(User::SCORE)" "ln(users.score)"
    /// `log(x)`: the logarithm to the base of 10. SQLAlchemy: `func.log(..)`.
    fn log(x: f64) -> f64; "log(User::SCORE)" "log(users.score)"
}

/// A number with digits behind the point: `f64`, `Decimal`.
///
/// ```
/// fn is_fractional<T: orm_core::expr::Fractional>() {}
/// is_fractional::<f64>();
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no digits behind the point",
    label = "expected an `f64` or a `Decimal`",
    note = "an integer becomes one with `func::cast::<f64, _>(..)`"
)]
pub trait Fractional: Numeric {}
impl Fractional for f64 {}
#[cfg(feature = "decimal")]
impl Fractional for rust_decimal::Decimal {}

macro_rules! fractional {
    ($($name:ident $doc:literal)*) => { $(
        #[doc = concat!($doc, " SQLAlchemy: `func.", stringify!($name), "(..)`.")]
        ///
        /// ```
        /// # use orm_core::prelude::*;
        /// # #[derive(Model, Clone)] #[orm(table = "users")]
        /// # struct User { #[orm(primary_key)] id: i32, score: f64 }
        #[doc = concat!(
            "let q = User::query().select(func::", stringify!($name), "(User::SCORE));\n",
            "assert_eq!(q.to_sql(), \"SELECT ", stringify!($name), "(users.score) FROM users\");"
        )]
        /// ```
        pub fn $name<E: Expression>(number: E) -> Expr<E::Type, E::Uses>
        where
            Base<E>: Fractional,
        {
            Expr::new(Node::call(stringify!($name), vec![number.into_node()]))
        }
    )* };
}

fractional! {
    round "`round(number)`: the nearest whole number. A `Decimal` halfway goes away from zero, an `f64` to the even one."
    ceil "`ceil(number)`: the next whole number that is not less."
    floor "`floor(number)`: the next whole number that is not greater."
    trunc "`trunc(number)`: without the digits behind the point."
    sign "`sign(number)`: -1, 0 or 1."
    sqrt "`sqrt(number)`: the square root. Of a negative number it is an error of the server's."
}

/// `power(number, exponent)`. SQLAlchemy: `func.pow(x, y)`.
///
/// ```
/// # use orm_core::prelude::*;
/// # #[derive(Model, Clone)] #[orm(table = "users")]
/// # struct User { #[orm(primary_key)] id: i32, score: f64 }
/// assert_eq!(User::query().select(func::power(User::SCORE, 2.0)).to_sql(), "SELECT power(users.score, $1) FROM users");
/// ```
pub fn power<E, R>(
    number: E,
    exponent: R,
) -> Expr<Joint<E, R, Base<E>, Base<E>>, (E::Uses, R::Uses)>
where
    E: Expression,
    Base<E>: Fractional,
    R: AsExpr<Base<E>>,
{
    let arguments = vec![number.into_node(), exponent.into_operand()];
    Expr::new(Node::call("power", arguments))
}

/// `round(number, digits)`: to so many digits behind the point. SQLAlchemy: `func.round(..)`.
///
/// ```
/// # use orm_core::prelude::*;
/// # use rust_decimal::Decimal;
/// # #[derive(Model, Clone)] #[orm(table = "users")]
/// # struct User { #[orm(primary_key)] id: i32, balance: Decimal }
/// assert_eq!(User::query().select(func::round_to(User::BALANCE, 1)).to_sql(), "SELECT round(users.balance, $1) FROM users");
/// ```
#[cfg(feature = "decimal")]
pub fn round_to<E>(number: E, digits: i32) -> Expr<Like<E, rust_decimal::Decimal>, E::Uses>
where
    E: Expression,
    E::Type: crate::types::SqlType<Base = rust_decimal::Decimal>,
{
    let digits = Node::Param(crate::types::Param::new(&digits));
    Expr::new(Node::call("round", vec![number.into_node(), digits]))
}

/// `~number`: each of the bits the other way round.
///
/// ```
/// # use orm_core::prelude::*;
/// # #[derive(Model, Clone)] #[orm(table = "users")]
/// # struct User { #[orm(primary_key)] id: i32 }
/// assert_eq!(User::query().select(func::bit_not(User::ID)).to_sql(), "SELECT ~ users.id FROM users");
/// ```
pub fn bit_not<E: Expression>(number: E) -> Expr<E::Type, E::Uses>
where
    Base<E>: super::Bits,
{
    Expr::new(Node::Prefix("~", Box::new(number.into_node())))
}
