//! Full-text search: [`SearchOperators`], `to_tsvector`, `websearch_to_tsquery`, ranks and headlines.
//!
//! ```
//! use orm_core::prelude::*;
//! # #[derive(Model, Clone)] #[orm(table = "pages")]
//! # struct Page { #[orm(primary_key)] id: i32, body: String }
//! let words = func::to_tsvector("english", Page::BODY);
//! let wanted = func::websearch_to_tsquery("english", "cats -dogs");
//! let q = Page::query()
//!     .filter(words.clone().search(wanted.clone()))
//!     .order_by(func::ts_rank(words, wanted).desc())
//!     .select(Page::ID);
//! assert_eq!(
//!     q.to_sql(),
//!     "SELECT pages.id FROM pages \
//!      WHERE to_tsvector(CAST(CAST($1 AS text) AS regconfig), pages.body) \
//!      @@ websearch_to_tsquery(CAST(CAST($2 AS text) AS regconfig), $3) \
//!      ORDER BY ts_rank(to_tsvector(CAST(CAST($4 AS text) AS regconfig), pages.body), \
//!      websearch_to_tsquery(CAST(CAST($5 AS text) AS regconfig), $6)) DESC"
//! );
//! ```
//!
//! A configuration is a language's name, or that of one of your own; one that the server does not know is its error. An index on
//! `to_tsvector('english', body)` is not used for a configuration that is a parameter: index a column of the type
//! [`TsVector`] that the server computes, and search in that.

use super::operator::{Base, Joint, Like, operators};
use super::{AsExpr, Expr, Expression, Node, Text};
use crate::types::{Param, REGCONFIG, SqlType, TsQuery, TsVector};

/// What is searched in.
///
/// ```
/// use orm_core::{expr::SearchedText, types::TsVector};
///
/// fn has_words<T: SearchedText>() {}
/// has_words::<TsVector>();
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be searched by words",
    label = "expected a `TsVector` column, or `func::to_tsvector(configuration, text)`"
)]
pub trait Searched: SqlType<Base = Self> {}
impl Searched for TsVector {}

operators! {
    /// The operators of full-text search. In the prelude.
    ///
    /// ```
    /// use orm_core::prelude::*;
    /// use orm_core::types::TsVector;
    /// # #[derive(Model, Clone)] #[orm(table = "pages")]
    /// # struct Page { #[orm(primary_key)] id: i32, title: TsVector, body: TsVector }
    /// let wanted = func::plainto_tsquery("english", "cat");
    /// let q = Page::query().filter(Page::TITLE.ts_concat(Page::BODY).search(wanted)).select(Page::ID);
    /// assert!(q.to_sql().contains("WHERE pages.title || pages.body @@ plainto_tsquery("));
    /// ```
    pub trait SearchOperators where Searched;
    /// `@@`: whether the text has what is searched for. SQLAlchemy: `match`, `bool_op("@@")`.
    fn search "@@" TsQuery => bool;
    /// `||`: the words of both texts, those of the other behind its own. SQLAlchemy: `op("||")`.
    fn ts_concat "||" TsVector => TsVector;
}

fn configuration(name: impl Into<String>) -> Node {
    Node::Param(Param::new(&name.into())).cast(REGCONFIG)
}

/// `to_tsvector(configuration, text)`: the words of a text in the form that is searched for.
/// SQLAlchemy: `func.to_tsvector(..)`.
///
/// ```
/// # use orm_core::prelude::*;
/// # #[derive(Model, Clone)] #[orm(table = "pages")]
/// # struct Page { #[orm(primary_key)] id: i32, body: String }
/// let q = Page::query().select(func::to_tsvector("english", Page::BODY));
/// assert_eq!(q.to_sql(), "SELECT to_tsvector(CAST(CAST($1 AS text) AS regconfig), pages.body) FROM pages");
/// ```
pub fn to_tsvector<E: Expression>(
    language: impl Into<String>,
    text: E,
) -> Expr<Like<E, TsVector>, E::Uses>
where
    Base<E>: Text,
{
    let arguments = vec![configuration(language), text.into_node()];
    Expr::new(Node::call("to_tsvector", arguments))
}

macro_rules! queries {
    ($($name:ident $doc:literal)*) => { $(
        #[doc = concat!($doc, " SQLAlchemy: `func.", stringify!($name), "(..)`.")]
        ///
        /// ```
        /// # use orm_core::prelude::*;
        /// # #[derive(Model, Clone)] #[orm(table = "pages")]
        /// # struct Page { #[orm(primary_key)] id: i32, body: String }
        #[doc = concat!(
            "let q = Page::query().select(func::", stringify!($name), "(\"english\", \"cat\"));\n",
            "assert_eq!(q.to_sql(), \"SELECT ", stringify!($name),
            "(CAST(CAST($1 AS text) AS regconfig), $2) FROM pages\");"
        )]
        /// ```
        pub fn $name<R: AsExpr<String>>(
            language: impl Into<String>,
            text: R,
        ) -> Expr<<R::Type as SqlType>::Nullify<TsQuery>, R::Uses> {
            let arguments = vec![configuration(language), text.into_operand()];
            Expr::new(Node::call(stringify!($name), arguments))
        }
    )* };
}

queries! {
    websearch_to_tsquery "`websearch_to_tsquery(configuration, text)`: what people type into a search box: words, `\"several of them\"`, `or`, `-without`. Never an error, so a request's text may be passed as it is."
    plainto_tsquery "`plainto_tsquery(configuration, text)`: all of the words. Never an error."
    phraseto_tsquery "`phraseto_tsquery(configuration, text)`: the words one after the other. Never an error."
    to_tsquery "`to_tsquery(configuration, text)`: PostgreSQL's own language, `cat & !dog`. What is not of it is an error of the server's."
}

macro_rules! ranks {
    ($($name:ident $doc:literal)*) => { $(
        #[doc = concat!($doc, " SQLAlchemy: `func.", stringify!($name), "(..)`.")]
        ///
        /// ```
        /// # use orm_core::prelude::*;
        /// # use orm_core::types::TsVector;
        /// # #[derive(Model, Clone)] #[orm(table = "pages")]
        /// # struct Page { #[orm(primary_key)] id: i32, words: TsVector }
        #[doc = concat!(
            "let q = Page::query().select(func::", stringify!($name),
            "(Page::WORDS, func::plainto_tsquery(\"english\", \"cat\")));\n",
            "assert!(q.to_sql().starts_with(\"SELECT ", stringify!($name), "(pages.words, plainto_tsquery(\"));"
        )]
        /// ```
        pub fn $name<E, R>(text: E, query: R) -> Expr<Joint<E, R, TsQuery, f32>, (E::Uses, R::Uses)>
        where
            E: Expression,
            Base<E>: Searched,
            R: AsExpr<TsQuery>,
        {
            let arguments = vec![text.into_node(), query.into_operand()];
            Expr::new(Node::call(stringify!($name), arguments))
        }
    )* };
}

ranks! {
    ts_rank "`ts_rank(text, query)`: how well the text fits, by how often the words stand in it."
    ts_rank_cd "`ts_rank_cd(text, query)`: how well the text fits, by how near the words stand to each other."
}

/// `ts_headline(configuration, text, query)`: the part of the text that fits best, with the words in `<b>`. The text itself is not
/// escaped: it is no HTML before it has been. SQLAlchemy: `func.ts_headline(..)`.
///
/// ```
/// # use orm_core::prelude::*;
/// # #[derive(Model, Clone)] #[orm(table = "pages")]
/// # struct Page { #[orm(primary_key)] id: i32, body: String }
/// let q = Page::query().select(func::ts_headline("english", Page::BODY, func::plainto_tsquery("english", "cat")));
/// assert!(q.to_sql().starts_with("SELECT ts_headline(CAST(CAST($1 AS text) AS regconfig), pages.body, plainto_tsquery("));
/// ```
pub fn ts_headline<E, R>(
    language: impl Into<String>,
    text: E,
    query: R,
) -> Expr<Joint<E, R, TsQuery, String>, (E::Uses, R::Uses)>
where
    E: Expression,
    Base<E>: Text,
    R: AsExpr<TsQuery>,
{
    let arguments = vec![
        configuration(language),
        text.into_node(),
        query.into_operand(),
    ];
    Expr::new(Node::call("ts_headline", arguments))
}

/// `setweight(text, weight)`: with this weight for all of its words: a title counts for more than a body.
/// SQLAlchemy: `func.setweight(..)`.
///
/// ```
/// # use orm_core::prelude::*;
/// # #[derive(Model, Clone)] #[orm(table = "pages")]
/// # struct Page { #[orm(primary_key)] id: i32, title: String }
/// let q = Page::query().select(func::setweight(func::to_tsvector("english", Page::TITLE), func::Weight::A));
/// assert_eq!(q.to_sql(), "SELECT setweight(to_tsvector(CAST(CAST($1 AS text) AS regconfig), pages.title), 'A') FROM pages");
/// ```
pub fn setweight<E: Expression>(text: E, weight: Weight) -> Expr<E::Type, E::Uses>
where
    Base<E>: Searched,
{
    let weight = Node::Word(match weight {
        Weight::A => "'A'",
        Weight::B => "'B'",
        Weight::C => "'C'",
        Weight::D => "'D'",
    });
    Expr::new(Node::call("setweight", vec![text.into_node(), weight]))
}

/// How much a word counts. PostgreSQL's ranks take them for 1, 0.4, 0.2 and 0.1.
///
/// ```
/// # use orm_core::prelude::*;
/// let title = func::setweight(func::to_tsvector("english", value("Cats")), func::Weight::A);
/// # let _ = title;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// The most.
    A,
    /// Less.
    B,
    /// Still less.
    C,
    /// The least: what a word has that was given none.
    D,
}
