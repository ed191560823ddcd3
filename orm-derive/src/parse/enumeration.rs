//! `#[derive(DbEnum)]`: from the enum to its labels.

use proc_macro2::Ident;
use syn::{Data, DeriveInput, Fields, Path, Variant};

use super::items;
use super::spec::{ENUM, VARIANT};
use super::values::{self, At};
use crate::ctxt::Ctxt;
use crate::names::{self, Case};

/// An enum as it was written.
pub(crate) struct DbEnum {
    pub(crate) ident: Ident,
    pub(crate) krate: Path,
    pub(crate) name: At<String>,
    pub(crate) schema: Option<At<String>>,
    pub(crate) variants: Vec<(Ident, At<String>)>,
}

/// Reads an enum. What isn't one is an enum without variants afterwards.
pub(crate) fn read(cx: &Ctxt, input: &DeriveInput) -> DbEnum {
    let mut described = DbEnum {
        ident: input.ident.clone(),
        krate: super::default_crate(),
        name: At {
            value: names::snake_case(&names::plain(&input.ident)),
            span: input.ident.span(),
            word: input.ident.span(),
        },
        schema: None,
        variants: Vec::new(),
    };
    let mut case = Case::Snake;
    for item in &values::without_repeats(cx, items::of_attributes(cx, &input.attrs), &[]) {
        let form = ENUM.form(&item.name);
        match item.name.to_string().as_str() {
            "name" => {
                if let Some(name) = values::text(cx, item, form) {
                    described.name = name;
                }
            }
            "schema" => described.schema = values::text(cx, item, form),
            "rename_all" => {
                if let Some(chosen) = values::choice(cx, item, form, &Case::ALL) {
                    case = chosen.value;
                }
            }
            "crate" => {
                if let Some(krate) = super::crate_path(cx, item, form) {
                    described.krate = krate;
                }
            }
            _ => ENUM.unknown(cx, &item.name, Some(&VARIANT)),
        }
    }
    // A label is a word and nothing more: only enums, without parameters, whose variants hold no values.
    let Data::Enum(data) = &input.data else {
        let help = "help: for a struct that is a row of a table, use `#[derive(Model)]`";
        cx.error(
            &input.ident,
            format!("`DbEnum` can be derived for an enum only: its variants are the labels of a PostgreSQL enum\n{help}"),
        );
        return described;
    };
    if !input.generics.params.is_empty() {
        cx.error(
            &input.generics,
            "`DbEnum` cannot be derived for an enum with parameters: a PostgreSQL enum is a list of labels\n\
             help: remove the parameters",
        );
    }
    if data.variants.is_empty() {
        cx.error(
            &input.ident,
            "this enum has no variants, so no value could ever be stored\nhelp: add a variant",
        );
    }
    for variant in &data.variants {
        described
            .variants
            .push((variant.ident.clone(), label(cx, variant, case)));
    }
    described
}

fn label(cx: &Ctxt, variant: &Variant, case: Case) -> At<String> {
    if !matches!(variant.fields, Fields::Unit) {
        cx.error(
            &variant.fields,
            format!(
                "a label of a PostgreSQL enum holds no values\n\
                 help: write `{}` alone; for a value with parts use `Json<..>` or further columns",
                variant.ident
            ),
        );
    }
    let mut label = At {
        value: case.apply(&names::plain(&variant.ident)),
        span: variant.ident.span(),
        word: variant.ident.span(),
    };
    for item in &values::without_repeats(cx, items::of_attributes(cx, &variant.attrs), &[]) {
        match item.name.to_string().as_str() {
            "rename" => {
                if let Some(name) = values::text(cx, item, VARIANT.form(&item.name)) {
                    label = name;
                }
            }
            _ => VARIANT.unknown(cx, &item.name, Some(&ENUM)),
        }
    }
    label
}
