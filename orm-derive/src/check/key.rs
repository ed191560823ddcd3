//! The primary key and the version.

use syn::spanned::Spanned;

use crate::ctxt::Ctxt;
use crate::names;
use crate::parse::model::Model;
use crate::parse::types;

use super::{conflict, span_of};

pub(super) fn check(cx: &Ctxt, model: &Model) {
    primary_key(cx, model);
    identity(cx, model);
    version(cx, model);
}

/// A session knows a row by its primary key: there is one, it is never NULL, and its values can be compared.
fn primary_key(cx: &Ctxt, model: &Model) {
    let key = model.key();
    if key.is_empty() {
        let id = model.columns.iter().find(|column| column.ident == "id");
        let help = match id {
            Some(_) => "write `#[orm(primary_key)]` on `id`".to_owned(),
            None => {
                "write `#[orm(primary_key)]` on the field that is the key, or on several".to_owned()
            }
        };
        cx.error(
            id.map_or(&model.ident, |id| &id.ident),
            format!(
                "`{}` has no primary key, and a session knows a row by its key\nhelp: {help}",
                names::plain(&model.ident)
            ),
        );
    }
    for (_, column) in key {
        if column.nullable {
            cx.error(
                &column.ty,
                format!(
                    "a primary key is never NULL\n\
                     help: write `{}`; a new row gets its key when it is flushed, and has none before",
                    types::show(&column.base)
                ),
            );
        } else if types::is_no_key(&column.ty) {
            cx.error_at(
                column.ty.span(),
                format!(
                    "`{}` cannot be a primary key: equal keys must be equal in Rust and in PostgreSQL",
                    types::show(&column.ty)
                ),
            );
        }
    }
}

/// `no_identity` says of a generated key that it isn't; on any other column it says nothing.
fn identity(cx: &Ctxt, model: &Model) {
    for column in &model.columns {
        if let (Some(span), None) = (span_of(&column.no_identity), &column.primary_key) {
            cx.error_at(
                span,
                "`no_identity` is for an integer primary key; other columns are not generated unless they are `identity`",
            );
        }
    }
}

/// The version is one column, and the session gives it. Which types can be one is a trait's to say, where the name leaves
/// it open.
fn version(cx: &Ctxt, model: &Model) {
    let mut first = None;
    for column in &model.columns {
        let Some(version) = &column.version else {
            continue;
        };
        if let Some(first) = first {
            cx.error_at(
                version.span,
                format!("a model has one version, and `{first}` is it already"),
            );
        }
        first = first.or(Some(&column.ident));
        if !types::may_be_version(&column.ty) {
            cx.error(
                &column.ty,
                format!(
                    "a version is an `i32`, an `i64`, a `Uuid` or a `DateTime<Utc>`, and `{}` is a `{}`",
                    column.ident,
                    types::show(&column.ty)
                ),
            );
        }
        let why = "the session gives the version";
        let version = ("version", &column.version);
        conflict(cx, version, ("primary_key", &column.primary_key), why);
        conflict(cx, version, ("default", &column.default), why);
        conflict(cx, version, ("on_update", &column.on_update), why);
        conflict(
            cx,
            version,
            ("server_on_update", &column.server_on_update),
            why,
        );
        conflict(cx, version, ("identity", &column.identity), why);
    }
}
