//! [`TextOperators`]: patterns. In the prelude.

use super::{AsExpr, Expr, Expression, Node};
use crate::types::{Param, SqlType};

type Truth<E> = <<E as Expression>::Type as SqlType>::Nullify<bool>;

/// The operators of text expressions.
///
/// `like` and `ilike` take a pattern, in which `%`, `_` and `\` are special; `contains`, `starts_with` and `ends_with`
/// take text, in which nothing is.
///
/// ```
/// use orm_core::prelude::*;
///
/// # #[derive(Model, Clone)] #[orm(table = "users")]
/// # struct User { #[orm(primary_key)] id: i32, name: String }
/// let q = User::query().filter(User::NAME.icontains("50%")).select(User::ID);
/// assert_eq!(q.to_sql(), "SELECT users.id FROM users WHERE users.name ILIKE $1");
/// ```
pub trait TextOperators: Expression
where
    Self::Type: SqlType<Base = String>,
{
    /// `LIKE`: matches a pattern.
    fn like<R: AsExpr<String>>(self, pattern: R) -> Expr<Truth<Self>, (Self::Uses, R::Uses)> {
        Expr::new(Node::infix(
            self.into_node(),
            "LIKE",
            pattern.into_operand(),
        ))
    }

    /// `NOT LIKE`.
    fn not_like<R: AsExpr<String>>(self, pattern: R) -> Expr<Truth<Self>, (Self::Uses, R::Uses)> {
        Expr::new(Node::infix(
            self.into_node(),
            "NOT LIKE",
            pattern.into_operand(),
        ))
    }

    /// `ILIKE`: matches a pattern, upper and lower case alike.
    fn ilike<R: AsExpr<String>>(self, pattern: R) -> Expr<Truth<Self>, (Self::Uses, R::Uses)> {
        Expr::new(Node::infix(
            self.into_node(),
            "ILIKE",
            pattern.into_operand(),
        ))
    }

    /// `NOT ILIKE`.
    fn not_ilike<R: AsExpr<String>>(self, pattern: R) -> Expr<Truth<Self>, (Self::Uses, R::Uses)> {
        Expr::new(Node::infix(
            self.into_node(),
            "NOT ILIKE",
            pattern.into_operand(),
        ))
    }

    /// Whether the text occurs in it. SQLAlchemy: `contains(text, autoescape=True)`.
    fn contains(self, text: &str) -> Expr<Truth<Self>, Self::Uses> {
        matching(self, "LIKE", format!("%{}%", escape_like(text)))
    }

    /// Whether the text occurs in it, upper and lower case alike. SQLAlchemy: `icontains(text, autoescape=True)`.
    fn icontains(self, text: &str) -> Expr<Truth<Self>, Self::Uses> {
        matching(self, "ILIKE", format!("%{}%", escape_like(text)))
    }

    /// Whether it begins with the text. SQLAlchemy: `startswith(text, autoescape=True)`.
    fn starts_with(self, text: &str) -> Expr<Truth<Self>, Self::Uses> {
        matching(self, "LIKE", format!("{}%", escape_like(text)))
    }

    /// Whether it ends with the text. SQLAlchemy: `endswith(text, autoescape=True)`.
    fn ends_with(self, text: &str) -> Expr<Truth<Self>, Self::Uses> {
        matching(self, "LIKE", format!("%{}", escape_like(text)))
    }

    /// `||`: the two texts one after the other. SQLAlchemy: `+`.
    #[allow(clippy::type_complexity)]
    fn concat<R: AsExpr<String>>(
        self,
        other: R,
    ) -> Expr<
        <Self::Type as SqlType>::Nullify<<R::Type as SqlType>::Nullify<String>>,
        (Self::Uses, R::Uses),
    > {
        Expr::new(Node::infix(self.into_node(), "||", other.into_operand()))
    }
}

impl<E: Expression> TextOperators for E where E::Type: SqlType<Base = String> {}

fn matching<E: Expression>(
    expression: E,
    operator: &'static str,
    pattern: String,
) -> Expr<Truth<E>, E::Uses> {
    Expr::new(Node::infix(
        expression.into_node(),
        operator,
        Node::Param(Param::new(&pattern)),
    ))
}

/// Text as a pattern that matches only itself: `%`, `_` and `\` behind a backslash.
///
/// ```
/// assert_eq!(orm_core::expr::escape_like(r"50%_\"), r"50\%\_\\");
/// ```
pub fn escape_like(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}
