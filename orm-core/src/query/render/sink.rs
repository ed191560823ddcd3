//! Where the renderer appends: to a text, or to the shape of that text. Each piece has one method, which says for both what it
//! is, so that nothing can stand in the text that is not in the shape.

use std::borrow::Cow;

use crate::expr::{Alias, TableRef};
use crate::query::shape::{Mixer, Piece};
use crate::query::{Statement, quote};
use crate::types::{Param, PgType, TypeKind};

/// A text in the making, or its shape.
pub(super) enum Sink {
    Text(String),
    Shape(Mixer),
}

impl Default for Sink {
    fn default() -> Self {
        Sink::Text(String::new())
    }
}

impl Sink {
    /// Words that stand in the source.
    pub(super) fn text(&mut self, words: &'static str) {
        match self {
            Sink::Text(sql) => sql.push_str(words),
            Sink::Shape(shape) => shape.text(Piece::Words, words),
        }
    }

    /// Words that were put together at run time.
    pub(super) fn made(&mut self, words: &str) {
        match self {
            Sink::Text(sql) => sql.push_str(words),
            Sink::Shape(shape) => shape.made(Piece::MadeWords, words),
        }
    }

    /// A name, quoted if it must be.
    pub(super) fn name(&mut self, name: &'static str) {
        match self {
            Sink::Text(sql) => quote::identifier(sql, name),
            Sink::Shape(shape) => shape.text(Piece::Name, name),
        }
    }

    /// The same, where it was put together at run time.
    pub(super) fn made_name(&mut self, name: &str) {
        match self {
            Sink::Text(sql) => quote::identifier(sql, name),
            Sink::Shape(shape) => shape.made(Piece::MadeName, name),
        }
    }

    /// The name of a function.
    #[expect(
        clippy::ptr_arg,
        reason = "a name that is borrowed lives as long as the program"
    )]
    pub(super) fn function(&mut self, name: &Cow<'static, str>) {
        match (self, name) {
            (Sink::Text(sql), name) => quote::function(sql, name),
            (Sink::Shape(shape), Cow::Borrowed(name)) => shape.text(Piece::Function, name),
            (Sink::Shape(shape), Cow::Owned(name)) => shape.made(Piece::MadeFunction, name),
        }
    }

    /// `$n`. The type that is announced for it is no text, but what is prepared hangs on it.
    pub(super) fn param(&mut self, number: usize, param: &Param) {
        match self {
            Sink::Text(sql) => {
                sql.push('$');
                sql.push_str(&number.to_string());
            }
            Sink::Shape(shape) => {
                shape.numbers(Piece::Param, number, param.declared_oid());
            }
        }
    }

    /// A table as FROM names it: with its schema, and its alias.
    pub(super) fn table(&mut self, of: TableRef) {
        match self {
            Sink::Text(sql) => {
                quote::qualified(sql, of.table.schema, of.table.name);
                if of.alias != Alias::None {
                    sql.push_str(" AS ");
                    alias(sql, of);
                }
            }
            Sink::Shape(shape) => shape.address(Piece::Table, of.table, number(of.alias)),
        }
    }

    /// The name that a table's columns stand behind.
    pub(super) fn alias(&mut self, of: TableRef) {
        match self {
            Sink::Text(sql) => alias(sql, of),
            Sink::Shape(shape) => shape.address(Piece::Alias, of.table, number(of.alias)),
        }
    }

    /// A column behind the name of its table.
    pub(super) fn column(&mut self, of: TableRef, column: u16) {
        match self {
            Sink::Text(sql) => {
                alias(sql, of);
                sql.push('.');
                quote::identifier(sql, of.table.columns[column as usize].name);
            }
            Sink::Shape(shape) => {
                let number = number(of.alias) << 16 | u64::from(column);
                shape.address(Piece::Column, of.table, number);
            }
        }
    }

    /// All columns of a table.
    pub(super) fn whole(&mut self, of: TableRef) {
        match self {
            Sink::Text(sql) => {
                let mut between = "";
                for column in of.table.columns {
                    sql.push_str(between);
                    alias(sql, of);
                    sql.push('.');
                    quote::identifier(sql, column.name);
                    between = ", ";
                }
            }
            Sink::Shape(shape) => shape.address(Piece::Whole, of.table, number(of.alias)),
        }
    }

    /// The name of a type, as a cast names it.
    pub(super) fn type_name(&mut self, ty: &'static PgType) {
        match self {
            Sink::Text(sql) => type_name(sql, ty),
            Sink::Shape(shape) => shape.address(Piece::Type, ty, 0),
        }
    }

    /// The text of a statement that is written already.
    pub(super) fn statement(&mut self, statement: &Statement) {
        match (self, statement.sql.shape()) {
            (Sink::Shape(shape), Some(of)) => shape.shape(Piece::Statement, of),
            (Sink::Shape(shape), None) => {
                shape.made(Piece::MadeWords, &statement.sql);
                for (at, param) in statement.params.iter().enumerate() {
                    shape.numbers(Piece::Param, at, param.declared_oid());
                }
            }
            (Sink::Text(sql), _) => sql.push_str(&statement.sql),
        }
    }
}

fn alias(sql: &mut String, of: TableRef) {
    let name = match of.alias {
        Alias::None => return quote::identifier(sql, of.table.name),
        Alias::Numbered(n) => format!("{}_{n}", of.table.name),
        Alias::Loaded(n) => format!("loaded_{n}"),
        Alias::Link(n) => format!("link_{n}"),
        Alias::LoadedLink(n) => format!("loaded_{n}_link"),
        Alias::Excluded => "excluded".to_owned(),
    };
    quote::identifier(sql, &name);
}

/// What tells an alias from all others.
fn number(alias: Alias) -> u64 {
    let (kind, number) = match alias {
        Alias::None => (0, 0),
        Alias::Numbered(n) => (1, u16::from(n)),
        Alias::Loaded(n) => (2, n),
        Alias::Link(n) => (3, n),
        Alias::LoadedLink(n) => (4, n),
        Alias::Excluded => (5, 0),
    };
    kind << 16 | u64::from(number)
}

fn type_name(sql: &mut String, ty: &PgType) {
    match ty.kind {
        TypeKind::Array(element) => {
            type_name(sql, element);
            sql.push_str("[]");
        }
        TypeKind::Scalar if ty.schema.is_none() => sql.push_str(ty.name),
        _ => quote::qualified(sql, ty.schema, ty.name),
    }
}
