//! Each column by itself, and the columns' names.

use crate::ctxt::Ctxt;
use crate::names;
use crate::parse::field::Column;
use crate::parse::model::Model;
use crate::parse::types;
use crate::parse::values::At;

use super::{conflict, span_of};

/// As many as a `ColumnSet` of orm-core can hold.
const MOST_COLUMNS: usize = 256;

pub(super) fn check(cx: &Ctxt, model: &Model) {
    number(cx, model);
    names(cx, model);
    for column in &model.columns {
        primitive(cx, column);
        options(cx, column);
        text(cx, column);
        decimal(cx, column);
        sources(cx, column);
    }
}

/// A table has 256 columns at the most: a set of columns is four machine words.
fn number(cx: &Ctxt, model: &Model) {
    if let Some(column) = model.columns.get(MOST_COLUMNS) {
        cx.error(
            &column.ident,
            format!(
                "`{}` has {} columns, and a model can have {MOST_COLUMNS}",
                names::plain(&model.ident),
                model.columns.len()
            ),
        );
    }
}

/// Two columns have two names, in the database and as constants. `ALL` is the constant for the whole row.
fn names(cx: &Ctxt, model: &Model) {
    for (at, column) in model.columns.iter().enumerate() {
        let earlier = &model.columns[..at];
        super::length(cx, &column.name, "column");
        if let Some(other) = earlier
            .iter()
            .find(|other| other.name.value == column.name.value)
        {
            // A field that stands twice is reported by the compiler.
            if other.ident != column.ident {
                cx.error_at(
                    column.name.span,
                    format!(
                        "the fields `{}` and `{}` are both the column `{}`",
                        other.ident, column.ident, column.name.value
                    ),
                );
            }
            continue;
        }
        let constant = names::constant(&column.ident);
        if constant == "ALL" {
            cx.error(
                &column.ident,
                "a field cannot be called `all`: its constant would be `ALL`, which stands for the whole row\n\
                 help: call the field something else, and write `#[orm(column = \"all\")]` on it",
            );
        } else if let Some(other) = earlier
            .iter()
            .find(|other| names::constant(&other.ident) == constant)
        {
            cx.error(
                &column.ident,
                format!(
                    "the fields `{}` and `{}` would have the same constant, `{constant}`",
                    other.ident, column.ident
                ),
            );
        }
    }
}

/// PostgreSQL's integers have a sign and two, four or eight bytes, and its characters are texts. An identity and a version say
/// by themselves which types they take.
fn primitive(cx: &Ctxt, column: &Column) {
    let says_it_itself = column.identity.is_some() || column.version.is_some();
    let Some(other) = types::in_its_place(&column.base).filter(|_| !says_it_itself) else {
        return;
    };
    let (ty, name) = (types::show(&column.base), &column.name.value);
    let message = if ty.starts_with('u') {
        format!(
            "`{ty}` cannot be stored in a column: PostgreSQL has no unsigned integers\n\
             help: write `{other}`; `#[orm(check(\"{name} >= 0\"))]` on the struct keeps negative numbers out"
        )
    } else if ty.starts_with('i') {
        format!(
            "`{ty}` cannot be stored in a column: PostgreSQL's integers are `i16`, `i32` and `i64`\n\
             help: write `{other}`"
        )
    } else {
        format!("`{ty}` cannot be stored in a column\nhelp: write `{other}`")
    };
    cx.error(&column.base, message);
}

/// NULL is one value, so a column is an `Option` or it isn't.
fn options(cx: &Ctxt, column: &Column) {
    if let Some(inner) = types::inside_option(&column.base).filter(|_| column.nullable) {
        cx.error(
            &column.ty,
            format!(
                "a column is NULL or it isn't: an `Option` in an `Option` has no meaning\nhelp: write `Option<{}>`",
                types::show(inner)
            ),
        );
    }
}

/// A length is that of a text; it and `sql_type` would both say what the column's type is.
fn text(cx: &Ctxt, column: &Column) {
    const WHY: &str = "each says what the column's type is";
    conflict(
        cx,
        ("length", &column.length),
        ("fixed_length", &column.fixed_length),
        WHY,
    );
    conflict(
        cx,
        ("sql_type", &column.sql_type),
        ("length", &column.length),
        WHY,
    );
    conflict(
        cx,
        ("sql_type", &column.sql_type),
        ("fixed_length", &column.fixed_length),
        WHY,
    );
    for (name, length) in [
        ("length", &column.length),
        ("fixed_length", &column.fixed_length),
    ] {
        let Some(At { value, span, word }) = length else {
            continue;
        };
        if *value == 0 {
            cx.error_at(*span, format!("`{name}` has to be 1 at least"));
        }
        let element = types::element(&column.base);
        if !types::may_be_text(element) {
            cx.error_at(
                *word,
                format!(
                    "`{name}` is for text, and `{}` is a `{}`\nhelp: remove it, or make the field a `String`",
                    column.ident,
                    types::show(&column.ty)
                ),
            );
        }
    }
}

/// Precision and scale are those of a `Decimal`: the number of digits, and how many of them stand behind the point.
fn decimal(cx: &Ctxt, column: &Column) {
    let why = "each says what the column's type is";
    conflict(
        cx,
        ("sql_type", &column.sql_type),
        ("precision", &column.precision),
        why,
    );
    let element = types::element(&column.base);
    if let Some(span) = span_of(&column.precision).or(span_of(&column.scale))
        && !types::may_be_decimal(element)
    {
        cx.error_at(
            span,
            format!(
                "`precision` and `scale` are for `Decimal`, and `{}` is a `{}`",
                column.ident,
                types::show(&column.ty)
            ),
        );
        return;
    }
    match (&column.precision, &column.scale) {
        (None, Some(scale)) => cx.error_at(
            scale.span,
            format!("`scale` needs a `precision` beside it\nhelp: write `precision = 10, scale = {}`", scale.value),
        ),
        (Some(precision), _) if !(1..=1000).contains(&precision.value) => {
            cx.error_at(precision.span, "`precision` has to be between 1 and 1000");
        }
        (Some(precision), Some(scale)) if scale.value > precision.value => cx.error_at(
            scale.span,
            format!(
                "of {} digits, {} cannot stand behind the point\n\
                 help: `precision` counts all digits: `precision = 10, scale = 2` goes up to 99999999.99",
                precision.value, scale.value
            ),
        ),
        _ => {}
    }
}

/// A column's value has one source: the application, a sequence, or an expression of the database.
fn sources(cx: &Ctxt, column: &Column) {
    let computed = ("computed", &column.computed);
    let why = "a computed column gets its value from the database, always";
    conflict(cx, computed, ("default", &column.default), why);
    conflict(
        cx,
        computed,
        ("server_default", &column.server_default),
        why,
    );
    conflict(cx, computed, ("on_update", &column.on_update), why);
    conflict(
        cx,
        computed,
        ("server_on_update", &column.server_on_update),
        why,
    );
    conflict(cx, computed, ("identity", &column.identity), why);
    conflict(cx, computed, ("version", &column.version), why);

    let identity = ("identity", &column.identity);
    let why = "the server generates the value from a sequence";
    conflict(
        cx,
        identity,
        ("no_identity", &column.no_identity),
        "they say the opposite",
    );
    conflict(cx, identity, ("default", &column.default), why);
    conflict(
        cx,
        identity,
        ("server_default", &column.server_default),
        why,
    );
    if let Some(identity) = column
        .identity
        .as_ref()
        .filter(|_| !types::may_be_integer(&column.ty))
    {
        cx.error_at(
            identity.span,
            format!(
                "`identity` generates integers, and `{}` is a `{}`\nhelp: make it an `i16`, `i32` or `i64`",
                column.ident,
                types::show(&column.ty)
            ),
        );
    }
    let why = "one of the two gives the new value: the application, or a trigger of the database";
    conflict(
        cx,
        ("on_update", &column.on_update),
        ("server_on_update", &column.server_on_update),
        why,
    );
}
