//! [`Statement`]: rendered SQL with its parameters. The renderer makes it, the engine sends it.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

use super::effect::Effect;
use super::shape::Shape;
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
    pub sql: SqlText,
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
    pub fn plain(sql: impl Into<SqlText>) -> Self {
        Statement {
            sql: sql.into(),
            params: Vec::new(),
        }
    }
}

/// The text of a statement: a `str` that is shared. What queries and flushes render is kept, so two queries that differ in their
/// values alone have one text, and it is written once. SQLAlchemy: the cache of compiled statements.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::query::SqlText;
///
/// let named = |word| Tag::query().filter(Tag::WORD.eq(word)).statement().sql;
/// let (sale, new) = (named("sale"), named("new"));
/// assert!(sale.starts_with("SELECT ") && sale.ends_with(" FROM tags WHERE tags.word = $1"));
/// assert!(std::ptr::eq(&*sale, &*new)); // not only equal
///
/// let own = SqlText::from("SELECT 1");
/// assert_eq!((own.len(), own.to_string()), (8, "SELECT 1".to_owned()));
/// ```
#[derive(Clone, Default)]
pub struct SqlText(Arc<Rendered>);

#[derive(Default)]
struct Rendered {
    text: String,
    /// What it is found by, where the renderer made it.
    shape: Option<Shape>,
    effect: Effect,
}

impl SqlText {
    pub(super) fn of_shape(text: String, shape: Shape, effect: Effect) -> Self {
        let shape = Some(shape);
        SqlText(Arc::new(Rendered {
            text,
            shape,
            effect,
        }))
    }

    pub(crate) fn shape(&self) -> Option<Shape> {
        self.0.shape
    }

    /// What it may do to the database.
    pub(crate) fn effect(&self) -> Effect {
        self.0.effect
    }
}

impl Deref for SqlText {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0.text
    }
}

impl AsRef<str> for SqlText {
    fn as_ref(&self) -> &str {
        self
    }
}

impl fmt::Display for SqlText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&**self, f)
    }
}

/// As a `str` is shown.
impl fmt::Debug for SqlText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl From<String> for SqlText {
    fn from(text: String) -> Self {
        SqlText(Arc::new(Rendered {
            text,
            ..Rendered::default()
        }))
    }
}

impl From<&str> for SqlText {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl From<SqlText> for String {
    fn from(text: SqlText) -> Self {
        (*text).to_owned()
    }
}

impl Eq for SqlText {}

impl Hash for SqlText {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl PartialEq for SqlText {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl PartialEq<str> for SqlText {
    fn eq(&self, other: &str) -> bool {
        **self == *other
    }
}

impl PartialEq<&str> for SqlText {
    fn eq(&self, other: &&str) -> bool {
        **self == **other
    }
}

impl PartialEq<String> for SqlText {
    fn eq(&self, other: &String) -> bool {
        **self == **other
    }
}
