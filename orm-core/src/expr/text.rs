//! [`TextOperators`]: patterns and regular expressions. In the prelude.

use super::{AsExpr, Expr, Expression, Node};
use crate::types::{Param, SqlType};

type Base<E> = <<E as Expression>::Type as SqlType>::Base;
/// `T`, or an `Option` of it where an operand can be NULL.
type Like<E, T> = <<E as Expression>::Type as SqlType>::Nullify<T>;
type Either<E, R, T> = Like<E, <<R as AsExpr<String>>::Type as SqlType>::Nullify<T>>;
type Both<E, R> = (<E as Expression>::Uses, <R as AsExpr<String>>::Uses);

/// A type that is text in PostgreSQL: what `like`, `contains`, `func::lower` work on. A type of your own that is kept as
/// text may implement it.
///
/// ```
/// use orm_core::expr::Text;
///
/// fn is_text<T: Text>() {}
/// is_text::<String>(); // and `impl Text for Email {}`, of a type of your own
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not text",
    label = "patterns and text functions need a text column or expression",
    note = "a number or a date becomes text with `func::cast::<String, _>(..)`"
)]
pub trait Text: SqlType {}
impl Text for String {}

/// A text that is looked for as it stands, `%` and `_` included: `&str`, `String` and whatever else is `AsRef<str>`.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::expr::Verbatim;
///
/// fn named(part: impl Verbatim) -> Filter<Product> {
///     Product::NAME.contains(part).for_model()
/// }
/// let (_, _) = (named("Air"), named(String::from("100%")));
/// ```
#[diagnostic::on_unimplemented(
    message = "expected a text to look for",
    label = "`{Self}` is neither `&str` nor `String`",
    note = "a column or an expression is looked for with `.like(..)`, where its `%` and `_` are patterns"
)]
pub trait Verbatim: AsRef<str> {}

#[diagnostic::do_not_recommend]
impl<T: AsRef<str>> Verbatim for T {}

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
/// assert_eq!(q.statement().params[0].show(), r"%50\%%");
///
/// let q = User::query().filter(User::NAME.like("A__n%")).select(User::NAME.concat("!"));
/// assert_eq!(q.to_sql(), "SELECT users.name || $1 FROM users WHERE users.name LIKE $2");
///
/// let sql = |condition: Filter<User>| {
///     let statement = User::query().filter(condition).select(User::ID).statement();
///     let text = statement.sql.split_once("users.name ").unwrap().1.to_owned();
///     (text, statement.params[0].show().to_string())
/// };
/// let shown = |text: &str, value: &str| (text.to_owned(), value.to_owned());
/// assert_eq!(sql(User::NAME.not_like("A%").for_model()), shown("NOT LIKE $1", "A%"));
/// assert_eq!(sql(User::NAME.not_ilike("a%").for_model()), shown("NOT ILIKE $1", "a%"));
/// assert_eq!(sql(User::NAME.not_similar_to("(a|b)%").for_model()), shown("NOT SIMILAR TO $1", "(a|b)%"));
/// assert_eq!(sql(User::NAME.not_matches("^a").for_model()), shown("!~ $1", "^a"));
/// assert_eq!(sql(User::NAME.imatches("^a").for_model()), shown("~* $1", "^a"));
/// assert_eq!(sql(User::NAME.not_imatches("^a").for_model()), shown("!~* $1", "^a"));
/// assert_eq!(sql(User::NAME.contains("a_b").for_model()), shown("LIKE $1", r"%a\_b%"));
/// assert_eq!(sql(User::NAME.starts_with("a_b").for_model()), shown("LIKE $1", r"a\_b%"));
/// assert_eq!(sql(User::NAME.istarts_with("a").for_model()), shown("ILIKE $1", "a%"));
/// assert_eq!(sql(User::NAME.ends_with("b").for_model()), shown("LIKE $1", "%b"));
/// assert_eq!(sql(User::NAME.iends_with("b").for_model()), shown("ILIKE $1", "%b"));
/// ```
pub trait TextOperators: Expression {
    /// `LIKE`: matches a pattern. SQLAlchemy: `like`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let q = Product::query().filter(Product::NAME.like("A%")).select(Product::ID);
    /// assert!(q.to_sql().ends_with("WHERE products.name LIKE $1"));
    /// ```
    fn like<R: AsExpr<String>>(self, pattern: R) -> Expr<Either<Self, R, bool>, Both<Self, R>>
    where
        Base<Self>: Text,
    {
        Expr::new(Node::infix(
            self.into_node(),
            "LIKE",
            pattern.into_operand(),
        ))
    }

    /// `NOT LIKE`. SQLAlchemy: `not_like`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let q = Product::query().filter(Product::NAME.not_like("A%")).select(Product::ID);
    /// assert!(q.to_sql().ends_with("WHERE products.name NOT LIKE $1"));
    /// ```
    fn not_like<R: AsExpr<String>>(self, pattern: R) -> Expr<Either<Self, R, bool>, Both<Self, R>>
    where
        Base<Self>: Text,
    {
        Expr::new(Node::infix(
            self.into_node(),
            "NOT LIKE",
            pattern.into_operand(),
        ))
    }

    /// `ILIKE`: matches a pattern, upper and lower case alike. SQLAlchemy: `ilike`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let q = Product::query().filter(Product::NAME.ilike("A%")).select(Product::ID);
    /// assert!(q.to_sql().ends_with("WHERE products.name ILIKE $1"));
    /// ```
    fn ilike<R: AsExpr<String>>(self, pattern: R) -> Expr<Either<Self, R, bool>, Both<Self, R>>
    where
        Base<Self>: Text,
    {
        Expr::new(Node::infix(
            self.into_node(),
            "ILIKE",
            pattern.into_operand(),
        ))
    }

    /// `NOT ILIKE`. SQLAlchemy: `not_ilike`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let q = Product::query().filter(Product::NAME.not_ilike("A%")).select(Product::ID);
    /// assert!(q.to_sql().ends_with("WHERE products.name NOT ILIKE $1"));
    /// ```
    fn not_ilike<R: AsExpr<String>>(self, pattern: R) -> Expr<Either<Self, R, bool>, Both<Self, R>>
    where
        Base<Self>: Text,
    {
        Expr::new(Node::infix(
            self.into_node(),
            "NOT ILIKE",
            pattern.into_operand(),
        ))
    }

    /// `SIMILAR TO`: matches a pattern of SQL's own kind, `%` and `_` with `|`, `*`, `+` and brackets.
    ///
    /// ```
    /// use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "users")]
    /// # struct User { #[orm(primary_key)] id: i32, name: String }
    /// let q = User::query().filter(User::NAME.similar_to("(ann|bob)%")).select(User::ID);
    /// assert_eq!(q.to_sql(), "SELECT users.id FROM users WHERE users.name SIMILAR TO $1");
    /// ```
    fn similar_to<R: AsExpr<String>>(self, pattern: R) -> Expr<Either<Self, R, bool>, Both<Self, R>>
    where
        Base<Self>: Text,
    {
        Expr::new(Node::infix(
            self.into_node(),
            "SIMILAR TO",
            pattern.into_operand(),
        ))
    }

    /// `NOT SIMILAR TO`. SQLAlchemy: `op("NOT SIMILAR TO")`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let q = Product::query().filter(Product::NAME.not_similar_to("A%")).select(Product::ID);
    /// assert!(q.to_sql().ends_with("WHERE products.name NOT SIMILAR TO $1"));
    /// ```
    fn not_similar_to<R: AsExpr<String>>(
        self,
        pattern: R,
    ) -> Expr<Either<Self, R, bool>, Both<Self, R>>
    where
        Base<Self>: Text,
    {
        Expr::new(Node::infix(
            self.into_node(),
            "NOT SIMILAR TO",
            pattern.into_operand(),
        ))
    }

    /// `COLLATE name`: compares and sorts it by the rules of a collation. The name is one of the database's (`C`,
    /// `de-x-icu`), and is quoted as an identifier; the server refuses one that it does not know. SQLAlchemy: `collate(..)`.
    ///
    /// ```
    /// use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "users")]
    /// # struct User { #[orm(primary_key)] id: i32, name: String }
    /// let q = User::query().order_by(User::NAME.collate("de-x-icu").desc()).select(User::ID);
    /// assert_eq!(q.to_sql(), "SELECT users.id FROM users ORDER BY users.name COLLATE \"de-x-icu\" DESC");
    /// ```
    fn collate(self, name: impl Into<String>) -> Expr<Self::Type, Self::Uses>
    where
        Base<Self>: Text,
    {
        Expr::new(Node::Collate(Box::new(self.into_node()), name.into()))
    }

    /// `~`: whether a regular expression matches anywhere in it. One that is none is an error of the server's. SQLAlchemy:
    /// `regexp_match(pattern)`.
    ///
    /// ```
    /// use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "users")]
    /// # struct User { #[orm(primary_key)] id: i32, name: String }
    /// let q = User::query().filter(User::NAME.matches("^a.*[0-9]$")).select(User::ID);
    /// assert_eq!(q.to_sql(), "SELECT users.id FROM users WHERE users.name ~ $1");
    /// ```
    fn matches<R: AsExpr<String>>(self, pattern: R) -> Expr<Either<Self, R, bool>, Both<Self, R>>
    where
        Base<Self>: Text,
    {
        Expr::new(Node::infix(self.into_node(), "~", pattern.into_operand()))
    }

    /// `!~`: whether a regular expression matches nowhere in it. SQLAlchemy: `~regexp_match(..)`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let q = Product::query().filter(Product::NAME.not_matches("^A")).select(Product::ID);
    /// assert!(q.to_sql().ends_with("WHERE products.name !~ $1"));
    /// ```
    fn not_matches<R: AsExpr<String>>(
        self,
        pattern: R,
    ) -> Expr<Either<Self, R, bool>, Both<Self, R>>
    where
        Base<Self>: Text,
    {
        Expr::new(Node::infix(self.into_node(), "!~", pattern.into_operand()))
    }

    /// `~*`: whether a regular expression matches anywhere in it, upper and lower case alike. SQLAlchemy:
    /// `regexp_match(pattern, flags="i")`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let q = Product::query().filter(Product::NAME.imatches("^A")).select(Product::ID);
    /// assert!(q.to_sql().ends_with("WHERE products.name ~* $1"));
    /// ```
    fn imatches<R: AsExpr<String>>(self, pattern: R) -> Expr<Either<Self, R, bool>, Both<Self, R>>
    where
        Base<Self>: Text,
    {
        Expr::new(Node::infix(self.into_node(), "~*", pattern.into_operand()))
    }

    /// `!~*`: whether a regular expression matches nowhere in it, upper and lower case alike.
    /// SQLAlchemy: `~regexp_match(.., flags="i")`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let q = Product::query().filter(Product::NAME.not_imatches("^A")).select(Product::ID);
    /// assert!(q.to_sql().ends_with("WHERE products.name !~* $1"));
    /// ```
    fn not_imatches<R: AsExpr<String>>(
        self,
        pattern: R,
    ) -> Expr<Either<Self, R, bool>, Both<Self, R>>
    where
        Base<Self>: Text,
    {
        Expr::new(Node::infix(self.into_node(), "!~*", pattern.into_operand()))
    }

    /// Whether the text occurs in it. SQLAlchemy: `contains(text, autoescape=True)`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let q = Product::query().filter(Product::NAME.contains("100%")).select(Product::ID);
    /// assert!(q.to_sql().ends_with("WHERE products.name LIKE $1"));
    /// ```
    fn contains(self, text: impl Verbatim) -> Expr<Like<Self, bool>, Self::Uses>
    where
        Base<Self>: Text,
    {
        matching(self, "LIKE", format!("%{}%", escape_like(text.as_ref())))
    }

    /// Whether the text occurs in it, upper and lower case alike. SQLAlchemy: `icontains(text, autoescape=True)`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let q = Product::query().filter(Product::NAME.icontains("100%")).select(Product::ID);
    /// assert!(q.to_sql().ends_with("WHERE products.name ILIKE $1"));
    /// ```
    fn icontains(self, text: impl Verbatim) -> Expr<Like<Self, bool>, Self::Uses>
    where
        Base<Self>: Text,
    {
        matching(self, "ILIKE", format!("%{}%", escape_like(text.as_ref())))
    }

    /// Whether it begins with the text. SQLAlchemy: `startswith(text, autoescape=True)`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let q = Product::query().filter(Product::NAME.starts_with("100%")).select(Product::ID);
    /// assert!(q.to_sql().ends_with("WHERE products.name LIKE $1"));
    /// ```
    fn starts_with(self, text: impl Verbatim) -> Expr<Like<Self, bool>, Self::Uses>
    where
        Base<Self>: Text,
    {
        matching(self, "LIKE", format!("{}%", escape_like(text.as_ref())))
    }

    /// Whether it begins with the text, upper and lower case alike. SQLAlchemy: `istartswith(text, autoescape=True)`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let q = Product::query().filter(Product::NAME.istarts_with("100%")).select(Product::ID);
    /// assert!(q.to_sql().ends_with("WHERE products.name ILIKE $1"));
    /// ```
    fn istarts_with(self, text: impl Verbatim) -> Expr<Like<Self, bool>, Self::Uses>
    where
        Base<Self>: Text,
    {
        matching(self, "ILIKE", format!("{}%", escape_like(text.as_ref())))
    }

    /// Whether it ends with the text. SQLAlchemy: `endswith(text, autoescape=True)`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let q = Product::query().filter(Product::NAME.ends_with("100%")).select(Product::ID);
    /// assert!(q.to_sql().ends_with("WHERE products.name LIKE $1"));
    /// ```
    fn ends_with(self, text: impl Verbatim) -> Expr<Like<Self, bool>, Self::Uses>
    where
        Base<Self>: Text,
    {
        matching(self, "LIKE", format!("%{}", escape_like(text.as_ref())))
    }

    /// Whether it ends with the text, upper and lower case alike. SQLAlchemy: `iendswith(text, autoescape=True)`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let q = Product::query().filter(Product::NAME.iends_with("100%")).select(Product::ID);
    /// assert!(q.to_sql().ends_with("WHERE products.name ILIKE $1"));
    /// ```
    fn iends_with(self, text: impl Verbatim) -> Expr<Like<Self, bool>, Self::Uses>
    where
        Base<Self>: Text,
    {
        matching(self, "ILIKE", format!("%{}", escape_like(text.as_ref())))
    }

    /// `||`: the two texts one after the other; NULL where one of them is. SQLAlchemy: `+`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let q = Product::query().filter(Product::NAME.concat("!").eq("Air!")).select(Product::ID);
    /// assert!(q.to_sql().ends_with("WHERE products.name || $1 = $2"));
    /// ```
    fn concat<R: AsExpr<String>>(self, other: R) -> Expr<Either<Self, R, String>, Both<Self, R>>
    where
        Base<Self>: Text,
    {
        Expr::new(Node::infix(self.into_node(), "||", other.into_operand()))
    }
}

impl<E: Expression> TextOperators for E {}

fn matching<E: Expression, T>(
    text: E,
    operator: &'static str,
    pattern: String,
) -> Expr<T, E::Uses> {
    let pattern = Node::Param(Param::new(&pattern));
    Expr::new(Node::infix(text.into_node(), operator, pattern))
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
