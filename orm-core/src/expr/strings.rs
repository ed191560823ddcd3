//! Functions of text, regular expressions included. Those whose result depends on the operand's type are in `func`.

use super::func::Arguments;
use super::operator::functions;
use super::{Expr, Node, Solid};
use crate::types::SqlType;

functions! {
    /// `initcap(text)`: each word with a capital. SQLAlchemy: `func.initcap(..)`.
    fn initcap(text: String) -> String; "initcap(User::NAME)" "initcap(users.name)"
    /// `btrim(text)`: without blanks at both ends. SQLAlchemy: `func.btrim(..)`.
    fn trim(text: String) -> String = "btrim"; "trim(User::NAME)" "btrim(users.name)"
    /// `ltrim(text)`: without blanks at the beginning. SQLAlchemy: `func.ltrim(..)`.
    fn ltrim(text: String) -> String; "ltrim(User::NAME)" "ltrim(users.name)"
    /// `rtrim(text)`: without blanks at the end. SQLAlchemy: `func.rtrim(..)`.
    fn rtrim(text: String) -> String; "rtrim(User::NAME)" "rtrim(users.name)"
    /// `btrim(text, characters)`: without any of these characters at both ends. SQLAlchemy: `func.btrim(..)`.
    fn trim_characters(text: String, characters: String) -> String = "btrim";
        "trim_characters(User::NAME, \"-_\")" "btrim(users.name, $1)"
    /// `substr(text, start, count)`: so many characters from the one at `start`, the first being 1.
    /// SQLAlchemy: `func.substr(..)`.
    fn substring(text: String, start: i32, count: i32) -> String = "substr";
        "substring(User::NAME, 2, 3)" "substr(users.name, $1, $2)"
    /// `replace(text, from, to)`: with `to` in place of each `from`. SQLAlchemy: `func.replace(..)`.
    fn replace(text: String, from: String, to: String) -> String;
        "replace(User::NAME, \"a\", \"b\")" "replace(users.name, $1, $2)"
    /// `strpos(text, part)`: where the part begins, the first character being 1; 0 where it is not in it.
    /// SQLAlchemy: `func.strpos(..)`.
    fn position(text: String, part: String) -> i32 = "strpos"; "position(User::NAME, \"n\")" "strpos(users.name, $1)"
    /// `left(text, count)`: the first characters; of a negative number, all but the last so many.
    /// SQLAlchemy: `func.left(..)`.
    fn left(text: String, count: i32) -> String; "left(User::NAME, 1)" "left(users.name, $1)"
    /// `right(text, count)`: the last characters; of a negative number, all but the first so many.
    /// SQLAlchemy: `func.right(..)`.
    fn right(text: String, count: i32) -> String; "right(User::NAME, 1)" "right(users.name, $1)"
    /// `split_part(text, separator, number)`: the part of this number, the first being 1; empty where there is none.
    /// SQLAlchemy: `func.split_part(..)`.
    fn split_part(text: String, separator: String, number: i32) -> String;
        "split_part(User::NAME, \" \", 1)" "split_part(users.name, $1, $2)"
    /// `lpad(text, length, fill)`: filled up at the beginning to this length, or cut off at it.
    /// SQLAlchemy: `func.lpad(..)`.
    fn lpad(text: String, length: i32, fill: String) -> String; "lpad(User::NAME, 9, \".\")" "lpad(users.name, $1, $2)"
    /// `rpad(text, length, fill)`: filled up at the end to this length, or cut off at it. SQLAlchemy: `func.rpad(..)`.
    fn rpad(text: String, length: i32, fill: String) -> String; "rpad(User::NAME, 9, \".\")" "rpad(users.name, $1, $2)"
    /// `repeat(text, times)`. SQLAlchemy: `func.repeat(..)`.
    fn repeat(text: String, times: i32) -> String; "repeat(User::NAME, 2)" "repeat(users.name, $1)"
    /// `reverse(text)`: the last character first. SQLAlchemy: `func.reverse(..)`.
    fn reverse(text: String) -> String; "reverse(User::NAME)" "reverse(users.name)"
    /// `translate(text, from, to)`: each character of `from` replaced by that of `to` at the same place, or left out.
    /// SQLAlchemy: `func.translate(..)`.
    fn translate(text: String, from: String, to: String) -> String;
        "translate(User::NAME, \"äö\", \"ao\")" "translate(users.name, $1, $2)"
    /// `md5(text)`: the hash, in hexadecimal digits. SQLAlchemy: `func.md5(..)`.
    fn md5(text: String) -> String; "md5(User::NAME)" "md5(users.name)"
    /// `string_to_array(text, separator)`: the parts between the separators. SQLAlchemy: `func.string_to_array(..)`.
    fn string_to_array(text: String, separator: String) -> Vec<String>;
        "string_to_array(User::NAME, \" \")" "string_to_array(users.name, $1)"
    /// `array_to_string(list, separator)`: the elements one after the other, without the NULLs.
    /// SQLAlchemy: `func.array_to_string(..)`.
    fn array_to_string(list: Vec<String>, separator: String) -> String;
        "array_to_string(User::TAGS, \", \")" "array_to_string(users.tags, $1)"
    /// `regexp_replace(text, pattern, replacement)`: with the replacement in place of the first match; `\1` in it is what
    /// matched the first brackets. SQLAlchemy: `func.regexp_replace(..)`.
    fn regexp_replace(text: String, pattern: String, replacement: String) -> String;
        "regexp_replace(User::NAME, \"^a\", \"b\")" "regexp_replace(users.name, $1, $2)"
    /// `regexp_replace(text, pattern, replacement, flags)`: `g` replaces all matches, `i` takes upper and lower case alike.
    /// SQLAlchemy: `func.regexp_replace(..)`.
    fn regexp_replace_flags(text: String, pattern: String, replacement: String, flags: String) -> String = "regexp_replace";
        "regexp_replace_flags(User::NAME, \"a\", \"b\", \"gi\")" "regexp_replace(users.name, $1, $2, $3)"
    /// `regexp_match(text, pattern)`: what matched each of the brackets, or the whole pattern if it has none; NULL where it does
    /// not match. SQLAlchemy: `func.regexp_match(..)`.
    fn regexp_match(text: String, pattern: String) -> Option<Vec<Option<String>>>;
        "regexp_match(User::NAME, \"(a)(b)?\")" "regexp_match(users.name, $1)"
    /// `regexp_split_to_array(text, pattern)`: the parts between the matches. SQLAlchemy: `func.regexp_split_to_array(..)`.
    fn regexp_split_to_array(text: String, pattern: String) -> Vec<String>;
        "regexp_split_to_array(User::NAME, \",+\")" "regexp_split_to_array(users.name, $1)"
}

/// `concat(a, b, ..)`: all of them as text, one after the other, of any type; NULL is nothing. For text alone there is
/// [`.concat(..)`](super::TextOperators::concat), which is NULL where an operand is. SQLAlchemy: `func.concat(..)`.
///
/// ```
/// # use orm_core::prelude::*;
/// # #[derive(Model, Clone)] #[orm(table = "users")]
/// # struct User { #[orm(primary_key)] id: i32, nick: Option<String> }
/// let q = User::query().select(func::concat((User::NICK, value("#"), User::ID)));
/// assert_eq!(q.to_sql(), "SELECT concat(users.nick, CAST($1 AS text), users.id) FROM users");
/// ```
pub fn concat<A: Arguments>(parts: A) -> Expr<String, Solid<A::Uses>> {
    Expr::new(Node::call("concat", typed(parts)))
}

/// `concat_ws(separator, a, b, ..)`: all of them as text, with the separator between those that are not NULL.
/// SQLAlchemy: `func.concat_ws(..)`.
///
/// ```
/// # use orm_core::prelude::*;
/// # #[derive(Model, Clone)] #[orm(table = "users")]
/// # struct User { #[orm(primary_key)] id: i32, nick: Option<String> }
/// let q = User::query().select(func::concat_ws(" ", (User::NICK, User::ID)));
/// assert_eq!(q.to_sql(), "SELECT concat_ws($1, users.nick, users.id) FROM users");
/// ```
pub fn concat_ws<A: Arguments>(
    separator: impl Into<String>,
    parts: A,
) -> Expr<String, Solid<A::Uses>> {
    let separator = Node::Param(crate::types::Param::new(&separator.into()));
    let arguments = std::iter::once(separator).chain(typed(parts));
    Expr::new(Node::call("concat_ws", arguments.collect()))
}

/// `to_char(value, format)`: a number, a moment or an interval as text, by a format of PostgreSQL's: `YYYY-MM-DD`, `990D00`.
/// SQLAlchemy: `func.to_char(..)`.
///
/// ```
/// # use orm_core::prelude::*;
/// # #[derive(Model, Clone)] #[orm(table = "users")]
/// # struct User { #[orm(primary_key)] id: i32, score: f64 }
/// let q = User::query().select(func::to_char(User::SCORE, "990D0"));
/// assert_eq!(q.to_sql(), "SELECT to_char(users.score, $1) FROM users");
/// ```
pub fn to_char<E: super::Expression>(
    value: E,
    format: impl Into<String>,
) -> Expr<<E::Type as SqlType>::Nullify<String>, E::Uses> {
    let format = Node::Param(crate::types::Param::new(&format.into()));
    Expr::new(Node::call("to_char", vec![value.into_node(), format]))
}

/// Where a function takes anything, text has to say that it is text.
fn typed(arguments: impl Arguments) -> Vec<Node> {
    let nodes = arguments.into_nodes().into_iter();
    nodes.map(|node| node.typed(true)).collect()
}
