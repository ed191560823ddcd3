//! [`raw`]: an expression in SQL text, for what has no function here. SQLAlchemy: `text(..)`, `literal_column(..)`.

use super::template::places;
use super::{Expr, Node, Open, Operand};
use crate::types::SqlType;

/// An expression in SQL text, of the type that the caller says (an `Option` where it can be NULL). The text stands in the
/// source, so nothing that a user passed can be in it: values, columns and expressions come by [`bind`](Expr::bind), each to
/// the next `?`. `??` is a question mark, as in JSON's operators; what stands in quotes is left alone.
///
/// What the text itself uses, nobody checks: columns are best bound, for then the query must have their table.
///
/// ```
/// use orm_core::expr::raw;
/// use orm_core::prelude::*;
/// # #[derive(Model, Clone)] #[orm(table = "users")]
/// # struct User { #[orm(primary_key)] id: i32, name: String, age: Option<i32> }
/// let long = raw::<i32>("octet_length(?) + ?").bind(User::NAME).bind(1);
/// let q = User::query().filter(long.gt(20)).select(User::ID);
/// assert_eq!(
///     q.to_sql(),
///     "SELECT users.id FROM users WHERE (octet_length(users.name) + $1) > $2"
/// );
/// ```
///
/// # Errors
/// A `?` that is given no value stays in the text, and the server reports it (`Error::Query`), as it does all that is wrong with
/// the text.
pub fn raw<T: SqlType>(text: &'static str) -> Expr<T, Open<()>> {
    Expr::new(Node::Template(text, Vec::new()))
}

impl<T, Uses> Expr<T, Open<Uses>> {
    /// Gives the next `?` of a [`raw`] text its value: a value, a column or an expression.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let q = Tag::query().filter(raw::<bool>("? ~ ?").bind(Tag::WORD).bind("^n")).select(Tag::ID);
    /// assert_eq!(q.to_sql(), "SELECT tags.id FROM tags WHERE tags.word ~ $1");
    /// ```
    ///
    /// # Panics
    /// When the text has no `?` left.
    #[track_caller]
    #[must_use]
    pub fn bind<V: Operand>(self, value: V) -> Expr<T, Open<(Uses, V::Uses)>> {
        let mut node = self.into_untyped();
        if let Node::Template(text, operands) = &mut node {
            assert!(
                operands.len() < places(text),
                "`{text}` has places for {} values, and this is one more",
                operands.len()
            );
            operands.push(value.into_any().typed(false));
        }
        Expr::new(node)
    }
}
