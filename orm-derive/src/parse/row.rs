//! `#[derive(FromRow)]` and `#[derive(Changes)]`: structs whose fields stand for columns of something else.

use proc_macro2::Ident;
use syn::{DeriveInput, Path, Type, Visibility};

use super::field::Skipped;
use super::items::{self, Value};
use super::spec::{CHANGES, CHANGES_FIELD, Place, ROW, ROW_FIELD};
use super::values::{self, At};
use super::{shape, types};
use crate::ctxt::Ctxt;
use crate::names;

/// A struct that rows are read into.
pub(crate) struct Row {
    pub(crate) vis: Visibility,
    pub(crate) ident: Ident,
    pub(crate) krate: Path,
    pub(crate) fields: Vec<RowField>,
    pub(crate) skipped: Vec<Skipped>,
}

/// One field of it.
pub(crate) struct RowField {
    pub(crate) vis: Visibility,
    pub(crate) ident: Ident,
    pub(crate) ty: Type,
    pub(crate) name: At<String>,
}

/// A set of changes.
pub(crate) struct Changes {
    pub(crate) ident: Ident,
    pub(crate) krate: Path,
    pub(crate) model: Option<Path>,
    pub(crate) fields: Vec<Change>,
}

/// One field of it.
pub(crate) struct Change {
    pub(crate) ident: Ident,
    /// The field of the model.
    pub(crate) target: Ident,
    /// What the field holds when it holds something.
    pub(crate) ty: Type,
}

/// Reads a struct for `FromRow` or `Rowset`.
pub(crate) fn read(cx: &Ctxt, input: &DeriveInput, derive: &'static str) -> Row {
    let mut row = Row {
        vis: input.vis.clone(),
        ident: input.ident.clone(),
        krate: super::default_crate(),
        fields: Vec::new(),
        skipped: Vec::new(),
    };
    for item in &values::without_repeats(cx, items::of_attributes(cx, &input.attrs), &[]) {
        match item.name.to_string().as_str() {
            "crate" => {
                if let Some(krate) = super::crate_path(cx, item, ROW.form(&item.name)) {
                    row.krate = krate;
                }
            }
            _ => ROW.unknown(cx, &item.name, Some(&ROW_FIELD)),
        }
    }
    let fields = shape::named_fields(cx, input, derive);
    for field in fields.into_iter().flatten() {
        let Some(ident) = &field.ident else { continue };
        let mut name = At {
            value: names::plain(ident),
            span: ident.span(),
            word: ident.span(),
        };
        let mut skip = false;
        for item in field_items(cx, &field.attrs, &ROW_FIELD, &ROW) {
            match item.name.to_string().as_str() {
                "skip" => skip |= values::flag(cx, &item).is_some(),
                _ => name = values::text(cx, &item, ROW_FIELD.form(&item.name)).unwrap_or(name),
            }
        }
        if skip {
            row.skipped.push(Skipped {
                ident: ident.clone(),
                vis: field.vis.clone(),
                ty: field.ty.clone(),
            });
        } else {
            row.fields.push(RowField {
                vis: field.vis.clone(),
                ident: ident.clone(),
                ty: field.ty.clone(),
                name,
            });
        }
    }
    row
}

/// Reads a struct for `Changes`.
pub(crate) fn read_changes(cx: &Ctxt, input: &DeriveInput) -> Changes {
    let mut changes = Changes {
        ident: input.ident.clone(),
        krate: super::default_crate(),
        model: None,
        fields: Vec::new(),
    };
    let mut said = false;
    for item in &values::without_repeats(cx, items::of_attributes(cx, &input.attrs), &[]) {
        let form = CHANGES.form(&item.name);
        match item.name.to_string().as_str() {
            "model" => {
                said = true;
                match &item.value {
                    Value::Is(syn::Expr::Path(path)) if path.qself.is_none() => {
                        changes.model = Some(path.path.clone());
                    }
                    Value::Broken => {}
                    _ => cx.error_at(
                        item.value_span(),
                        format!("the value of `model` has to be a model, without quotes\nhelp: write `{form}`"),
                    ),
                }
            }
            "crate" => {
                if let Some(krate) = super::crate_path(cx, item, form) {
                    changes.krate = krate;
                }
            }
            _ => CHANGES.unknown(cx, &item.name, Some(&CHANGES_FIELD)),
        }
    }
    let fields = shape::named_fields(cx, input, "Changes");
    if !said && fields.is_some() {
        cx.error(
            &input.ident,
            format!(
                "which model does `{}` change?\nhelp: write `#[orm(model = ..)]` on the struct",
                input.ident
            ),
        );
    }
    for field in fields.into_iter().flatten() {
        let Some(ident) = &field.ident else { continue };
        let mut target = ident.clone();
        let mut skip = false;
        for item in field_items(cx, &field.attrs, &CHANGES_FIELD, &CHANGES) {
            match item.name.to_string().as_str() {
                "skip" => skip |= values::flag(cx, &item).is_some(),
                _ => {
                    target =
                        values::name(cx, &item, CHANGES_FIELD.form(&item.name)).unwrap_or(target)
                }
            }
        }
        if skip {
            continue;
        }
        // A change is there or not, so each field is an `Option`.
        match types::inside_option(&field.ty) {
            Some(ty) => changes.fields.push(Change {
                ident: ident.clone(),
                target,
                ty: ty.clone(),
            }),
            None => cx.error(
                &field.ty,
                format!(
                    "a change can be absent, so the field has to be an `Option`\n\
                     help: write `Option<{}>`, or `#[orm(skip)]` if the field is no change",
                    types::show(&field.ty)
                ),
            ),
        }
    }
    changes
}

/// The items of a field, those that are known there.
fn field_items(
    cx: &Ctxt,
    attributes: &[syn::Attribute],
    place: &Place,
    other: &Place,
) -> Vec<items::Item> {
    let mut items = values::without_repeats(cx, items::of_attributes(cx, attributes), &[]);
    items.retain(|item| {
        let known = place.knows(&item.name);
        if !known {
            place.unknown(cx, &item.name, Some(other));
        }
        known
    });
    items
}
