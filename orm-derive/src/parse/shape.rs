//! What a derive can stand on. The rules of shape are the same for all derives on structs.

use syn::{Data, DeriveInput, Fields, GenericParam};

use crate::ctxt::Ctxt;

/// The fields of a struct with named fields and without parameters. Anything else is reported.
pub(crate) fn named_fields<'a>(
    cx: &Ctxt,
    input: &'a DeriveInput,
    derive: &str,
) -> Option<&'a Fields> {
    let name = &input.ident;
    let what = match derive {
        "Model" => "a row of a table is a struct with a named field for each column",
        "FromRow" => "a row is read into a struct with a named field for each column",
        _ => "changes are a struct with a named field for each column that can change",
    };
    let help = format!("help: write `struct {name} {{ .. }}`");
    match &input.data {
        Data::Enum(data) => {
            let help = match derive {
                "Model" => {
                    "help: for an enum that is a column's type, use `#[derive(DbEnum)]`".to_owned()
                }
                _ => help,
            };
            cx.error(
                data.enum_token,
                format!("`{derive}` cannot be derived for an enum: {what}\n{help}"),
            );
            None
        }
        Data::Union(data) => {
            cx.error(
                data.union_token,
                format!("`{derive}` cannot be derived for a union: {what}\n{help}"),
            );
            None
        }
        Data::Struct(data) => {
            match &data.fields {
                Fields::Unnamed(fields) => {
                    cx.error(
                        fields,
                        format!("`{derive}` cannot be derived for a tuple struct: {what}\n{help}"),
                    );
                    None
                }
                Fields::Unit => {
                    cx.error(name, format!("`{derive}` cannot be derived for a struct without fields: {what}\n{help}"));
                    None
                }
                fields => {
                    no_parameters(cx, input, derive);
                    Some(fields)
                }
            }
        }
    }
}

/// Whether it is a struct with named fields.
pub(crate) fn is_row(input: &DeriveInput) -> bool {
    matches!(&input.data, Data::Struct(data) if matches!(data.fields, Fields::Named(_)))
}

/// A model is one type: a table's columns have types that are known.
fn no_parameters(cx: &Ctxt, input: &DeriveInput, derive: &str) {
    for parameter in &input.generics.params {
        match parameter {
            GenericParam::Lifetime(lifetime) => cx.error(
                lifetime,
                format!(
                    "`{derive}` cannot be derived for a struct that borrows: its rows outlive the statement that read them\n\
                     help: let the fields own their values: `String` for `&str`, `Vec<u8>` for `&[u8]`"
                ),
            ),
            GenericParam::Type(parameter) => cx.error(
                &parameter.ident,
                format!(
                    "`{derive}` cannot be derived for a struct with a type parameter: each column has one type\n\
                     help: write the type in place of `{}`",
                    parameter.ident
                ),
            ),
            GenericParam::Const(parameter) => cx.error(
                &parameter.ident,
                format!("`{derive}` cannot be derived for a struct with a const parameter: each column has one type"),
            ),
        }
    }
}
