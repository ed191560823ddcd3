//! [`sql_function!`](crate::sql_function): declares a function of the database once, with its types. The functions of
//! [`func`](super::func) are declared with it as well.

use super::{Agg, AsExpr, AssignTo, Expr, Node, Solid};
use crate::types::SqlType;

/// Declares functions of the database once, with their types, and makes a typed Rust function of each. It takes values, columns
/// and expressions, and is checked like every other expression: types, the tables it uses, NULL.
///
/// ```
/// use orm_core::prelude::*;
/// use orm_core::sql_function;
///
/// sql_function! {
///     /// How many letters have to change to make one of the other. From the extension `fuzzystrmatch`.
///     pub fn levenshtein(a: String, b: String) -> i32;
///
///     /// A function in a schema, or with a name that is no name in Rust, says it in quotes.
///     pub fn net_price(price: i64, country: Option<String>) -> i64 = "shop.net price";
///
///     /// An aggregate is marked as one.
///     #[aggregate]
///     pub fn product(factor: f64) -> Option<f64>;
/// }
///
/// # #[derive(Model, Clone)] #[orm(table = "users")]
/// # struct User { #[orm(primary_key)] id: i32, name: String, nick: Option<String>, score: f64 }
/// let q = User::query().filter(levenshtein(User::NAME, "ann").lt(2)).select(User::ID);
/// assert_eq!(q.to_sql(), "SELECT users.id FROM users WHERE levenshtein(users.name, $1) < $2");
///
/// let q = User::query().select((levenshtein(User::NAME, User::NICK), net_price(100, None)));
/// assert_eq!(
///     q.to_sql(),
///     r#"SELECT levenshtein(users.name, users.nick), shop."net price"($1, $2) FROM users"#
/// );
///
/// let q = User::query().select(product(User::SCORE).filter(User::SCORE.gt(0.0)));
/// assert_eq!(q.to_sql(), "SELECT product(users.score) FILTER (WHERE users.score > $1) FROM users");
/// ```
///
/// # NULL
/// A parameter that is no `Option` passes NULL on, as the functions of PostgreSQL do that are `STRICT`: with
/// `levenshtein(User::NAME, User::NICK)` the result is an `Option<i32>`, because a nick can be NULL. A parameter that is an
/// `Option` takes NULL (`None` too), and the result stays what it is. A result that can be NULL of itself is declared as an
/// `Option`; that of an aggregate always should be, since it may get no row.
///
/// # Names
/// The name in quotes may have a schema before a dot. Both parts are quoted as identifiers where they must be, so a name with
/// capitals or blanks works, and one with a dot in itself does not.
///
/// SQLAlchemy: `GenericFunction`; Diesel: `define_sql_function!`.
#[macro_export]
macro_rules! sql_function {
    () => {};
    (
        $(#[doc = $doc:expr])*
        #[aggregate]
        $vis:vis fn $name:ident($($arg:ident: $ty:ty),* $(,)?) -> $ret:ty $(= $sql:literal)?;
        $($rest:tt)*
    ) => {
        $crate::sql_function! {
            @pair [] [$($arg $ty,)*] [U1 N1 U2 N2 U3 N3 U4 N4 U5 N5 U6 N6 U7 N7 U8 N8 U9 N9 U10 N10 U11 N11 U12 N12]
            @aggregate { $(#[doc = $doc])* $vis } $name { $crate::sql_function!(@name $name $($sql)?) } ($ret)
        }
        $crate::sql_function! { $($rest)* }
    };
    (
        $(#[doc = $doc:expr])*
        $vis:vis fn $name:ident($($arg:ident: $ty:ty),* $(,)?) -> $ret:ty $(= $sql:literal)?;
        $($rest:tt)*
    ) => {
        $crate::sql_function! {
            @pair [] [$($arg $ty,)*] [U1 N1 U2 N2 U3 N3 U4 N4 U5 N5 U6 N6 U7 N7 U8 N8 U9 N9 U10 N10 U11 N11 U12 N12]
            @function { $(#[doc = $doc])* $vis } $name { $crate::sql_function!(@name $name $($sql)?) } ($ret)
        }
        $crate::sql_function! { $($rest)* }
    };
    // Gives each parameter two more type parameters: the tables that its argument uses, and whether that can be NULL. They
    // stand in the result in place of the argument's associated types, by which rustc would report a wrong argument again.
    (@pair [$($done:tt)*] [$arg:ident $ty:ty, $($more:tt)*] [$uses:ident $null:ident $($pool:ident)*] $($what:tt)*) => {
        $crate::sql_function! { @pair [$($done)* ($arg $ty, $uses $null)] [$($more)*] [$($pool)*] $($what)* }
    };
    (
        @pair [$(($arg:ident $ty:ty, $uses:ident $null:ident))*] [] $pool:tt
        @aggregate { $(#[doc = $doc:expr])* $vis:vis } $name:ident { $sql:expr } ($ret:ty)
    ) => {
        $(#[doc = $doc])*
        #[allow(non_camel_case_types, clippy::too_many_arguments)]
        $vis fn $name<
            $($arg: $crate::expr::Argument<$ty, Uses = $uses, Null = $null>,)*
            $($uses, $null: $crate::types::SqlType,)*
        >($($arg: $arg),*)
            -> $crate::expr::Expr<$ret, $crate::expr::Agg<$crate::sql_function!(@uses $($uses)*)>>
        {
            $crate::__private::aggregate(
                $sql,
                ::std::vec![$($crate::expr::Argument::<$ty>::into_argument($arg)),*],
            )
        }
    };
    (
        @pair [$(($arg:ident $ty:ty, $uses:ident $null:ident))*] [] $pool:tt
        @function { $(#[doc = $doc:expr])* $vis:vis } $name:ident { $sql:expr } ($ret:ty)
    ) => {
        $(#[doc = $doc])*
        #[allow(non_camel_case_types, clippy::too_many_arguments)]
        $vis fn $name<
            $($arg: $crate::expr::Argument<$ty, Uses = $uses, Null = $null>,)*
            $($uses, $null: $crate::types::SqlType,)*
        >($($arg: $arg),*)
            -> $crate::expr::Expr<
                $crate::sql_function!(@null $ret; $($null)*),
                $crate::sql_function!(@uses $($uses)*),
            >
        {
            $crate::__private::function(
                $sql,
                ::std::vec![$($crate::expr::Argument::<$ty>::into_argument($arg)),*],
            )
        }
    };
    // The result, made an `Option` by each argument that can be NULL.
    (@null $ret:ty;) => { $ret };
    (@null $ret:ty; $null:ident $($more:ident)*) => {
        <$null as $crate::types::SqlType>::Nullify<$crate::sql_function!(@null $ret; $($more)*)>
    };
    (@uses) => { () };
    (@uses $uses:ident $($more:ident)*) => { ($uses, $crate::sql_function!(@uses $($more)*)) };
    (@name $name:ident) => { ::std::stringify!($name) };
    (@name $name:ident $sql:literal) => { $sql };
}

/// What a function that was declared by [`sql_function!`](crate::sql_function) takes for a parameter of type `P`: a value, a
/// column or an expression of that type; where `P` is an `Option`, `None` too.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::expr::{Argument, Node};
///
/// fn node<P>(argument: impl Argument<P>) -> Node { argument.into_argument() }
/// assert!(matches!(node::<i32>(Product::PRICE), Node::Column(..)));
/// assert!(matches!(node::<Option<String>>(None), Node::Param(_)));
/// ```
#[diagnostic::on_unimplemented(
    message = "expected a value, a column or an expression of type `{P}`",
    label = "the function was declared with a parameter of type `{P}`; found `{Self}`"
)]
pub trait Argument<P> {
    /// A type that is an `Option` if the result becomes one.
    type Null: SqlType;
    /// The tables that it uses.
    type Uses;

    /// The argument without its types.
    fn into_argument(self) -> Node;
}

#[diagnostic::do_not_recommend]
impl<P: SqlType<Base = P>, R: AsExpr<P>> Argument<P> for R {
    type Null = R::Type;
    type Uses = R::Uses;

    fn into_argument(self) -> Node {
        self.into_operand().typed(false)
    }
}

#[diagnostic::do_not_recommend]
impl<P: SqlType<Base = P>, R: AssignTo<Option<P>>> Argument<Option<P>> for R {
    type Null = P;
    type Uses = Solid<R::Uses>;

    fn into_argument(self) -> Node {
        self.into_value().typed(false)
    }
}

/// A call of a declared function.
pub(crate) fn function<T, Uses>(name: &'static str, arguments: Vec<Node>) -> Expr<T, Uses> {
    Expr::new(Node::call(name, arguments))
}

/// A call of a declared aggregate.
pub(crate) fn aggregate<T, Uses>(name: &'static str, arguments: Vec<Node>) -> Expr<T, Agg<Uses>> {
    Expr::new(Node::Aggregate(Box::new(Node::aggregate(name, arguments))))
}
