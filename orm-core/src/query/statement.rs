//! [`Statement`]: rendered SQL with its parameters. The renderer makes it, the engine sends it.

use crate::types::Param;

/// SQL text with `$1`, `$2` .. and the values that travel beside it. SQLAlchemy: what `compile()` gives: a text and its `params`.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// let statement = Tag::query().filter(Tag::WORD.eq("sale")).select(Tag::ID).statement();
/// assert_eq!(statement.sql, "SELECT tags.id FROM tags WHERE tags.word = $1");
/// assert_eq!(statement.params[0].show(), "sale");
/// ```
#[derive(Debug, Clone, Default)]
pub struct Statement {
    /// The text. Everything that a user passed is in `params`.
    pub sql: String,
    /// The values, in the order of their numbers.
    pub params: Vec<Param>,
}

impl Statement {
    /// A statement without parameters.
    ///
    /// ```
    /// let statement = orm_core::query::Statement::plain("SELECT 1");
    /// assert!(statement.params.is_empty());
    /// ```
    pub fn plain(sql: impl Into<String>) -> Self {
        Statement {
            sql: sql.into(),
            params: Vec::new(),
        }
    }
}
