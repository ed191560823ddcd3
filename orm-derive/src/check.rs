//! Checking: what can be seen to be wrong in a description. Each rule stands in prose above its function; all of them are
//! asked, so that all mistakes of a struct are reported by one compile. What takes types to see is left to the compiler,
//! by the code that `expand` writes.
//!
//! | file | what it checks |
//! | --- | --- |
//! | `columns` | each column by itself, and the columns' names |
//! | `key` | the primary key and the version |
//! | `relations` | the relationships and their foreign keys |

mod columns;
mod key;
mod relations;

use proc_macro2::{Ident, Span};
use syn::DeriveInput;

use crate::ctxt::Ctxt;
use crate::names;
use crate::parse::enumeration::DbEnum;
use crate::parse::model::Model;
use crate::parse::row::Changes;
use crate::parse::values::At;

/// Checks a model.
pub(crate) fn model(cx: &Ctxt, model: &Model, input: &DeriveInput) {
    name(cx, &model.table, "table");
    if let Some(schema) = &model.schema {
        name(cx, schema, "schema");
    }
    // Of a thing with the wrong shape, only the shape is reported.
    if !crate::parse::shape::is_row(input) {
        return;
    }
    columns::check(cx, model);
    key::check(cx, model);
    relations::check(cx, model);
    let uniques = model.uniques.iter().chain(&model.deferred_uniques);
    for list in uniques.chain(&model.indexes) {
        fields_exist(cx, model, &list.value);
    }
}

/// Checks an enum.
///
/// A label names one variant: two with the same label could not be told apart when they are read.
pub(crate) fn db_enum(cx: &Ctxt, described: &DbEnum) {
    name(cx, &described.name, "type");
    for (at, (variant, label)) in described.variants.iter().enumerate() {
        length(cx, label, "label");
        let earlier = described.variants[..at]
            .iter()
            .find(|(_, other)| other.value == label.value);
        if let Some((other, _)) = earlier {
            cx.error_at(
                label.span,
                format!(
                    "the variants `{other}` and `{variant}` have the same label, `{}`\n\
                     help: give one of them another with `#[orm(rename = \"..\")]`",
                    label.value
                ),
            );
        }
    }
}

/// Checks a set of changes: two fields that change the same column would make it a matter of luck which of them wins.
pub(crate) fn changes(cx: &Ctxt, changes: &Changes) {
    for (at, change) in changes.fields.iter().enumerate() {
        let earlier = changes.fields[..at]
            .iter()
            .find(|other| other.target == change.target);
        if let Some(other) = earlier {
            cx.error(
                &change.ident,
                format!(
                    "`{}` and `{}` both change `{}`",
                    other.ident, change.ident, change.target
                ),
            );
        }
    }
}

/// The name of a table stands by itself. A schema has its own attribute, because a dot inside a name would be quoted with
/// it.
fn name(cx: &Ctxt, name: &At<String>, what: &str) {
    length(cx, name, what);
    if let (Some((schema, rest)), true) = (name.value.split_once('.'), what != "column") {
        let attribute = if what == "type" { "name" } else { what };
        cx.error_at(
            name.span,
            format!(
                "the name of a {what} has no dot in it\n\
                 help: write `schema = \"{schema}\", {attribute} = \"{rest}\"`"
            ),
        );
    }
}

/// PostgreSQL cuts names after 63 bytes, without an error, and two long names become one.
fn length(cx: &Ctxt, name: &At<String>, what: &str) {
    let length = name.value.len();
    if length > 63 {
        cx.error_at(
            name.span,
            format!("this {what} name has {length} bytes, and PostgreSQL cuts names after 63"),
        );
    }
}

/// A list of columns names fields of the struct, each once. True if it does.
fn fields_exist(cx: &Ctxt, model: &Model, fields: &[Ident]) -> bool {
    let mut good = true;
    for (at, field) in fields.iter().enumerate() {
        if fields[..at].contains(field) {
            cx.error(field, format!("`{field}` stands in this list twice"));
            good = false;
        } else if model.position(field).is_none() {
            no_such_field(cx, model, field);
            good = false;
        }
    }
    good
}

fn no_such_field(cx: &Ctxt, model: &Model, field: &Ident) {
    let written = names::plain(field);
    let known: Vec<String> = model
        .columns
        .iter()
        .map(|column| names::plain(&column.ident))
        .collect();
    let by_column = model
        .columns
        .iter()
        .find(|column| column.name.value == written);
    let by_relation = model
        .foreign_keys()
        .find(|(relation, _)| names::plain(&relation.name) == written);
    let help = if model
        .skipped
        .iter()
        .any(|skipped| names::plain(&skipped.ident) == written)
    {
        format!("`{written}` is skipped, so it is no column")
    } else if let Some(column) = by_column {
        format!(
            "columns are named by their fields here: write `{}`",
            column.ident
        )
    } else if let Some((_, key)) = by_relation {
        let columns: Vec<String> = key.columns.iter().map(names::plain).collect();
        format!(
            "`{written}` is a relationship; its column is {}",
            names::list(&columns)
        )
    } else if let Some(near) = names::nearest(&written, known.iter().map(String::as_str)) {
        format!("did you mean `{near}`?")
    } else {
        format!("the columns are {}", names::list(&known))
    };
    cx.error(
        field,
        format!(
            "`{}` has no field `{written}`\nhelp: {help}",
            names::plain(&model.ident)
        ),
    );
}

/// Reports two attributes that cannot stand together, at the second of them.
fn conflict<A, B>(cx: &Ctxt, one: (&str, &Option<At<A>>), two: (&str, &Option<At<B>>), why: &str) {
    if let ((a, Some(_)), (b, Some(At { word, .. }))) = (one, two) {
        cx.error_at(*word, format!("`{b}` cannot stand beside `{a}`: {why}"));
    }
}

/// Where an attribute was written.
fn span_of<T>(attribute: &Option<At<T>>) -> Option<Span> {
    attribute.as_ref().map(|at| at.word)
}
