//! Writing: from the description to code. Each file makes one thing and shows it in a comment at its head.
//!
//! The code is thin: constants, and calls into orm-core. It names everything by absolute paths, so that it means the same
//! whatever a user's module has imported or defined, and it makes no use of derives or macros of its own, which a module
//! with `no_implicit_prelude` would not know.
//!
//! | file | what it makes |
//! | --- | --- |
//! | `constants` | `impl Product { pub const NAME: .. }`, and the same for the alias |
//! | `table` | the `static` with the table's description |
//! | `relations` | the `static`s with the relationships' descriptions, and their checks |
//! | `link_table` | the `static`s of link tables without a struct |
//! | `model` | `impl Model for Product` |
//! | `draft` | `struct ProductDraft` |
//! | `create` | `struct ProductCreate`, the builder |
//! | `alias` | `enum ProductAs<N>` |
//! | `from_row` | `impl FromRow` |
//! | `rowset` | the constants of a `Rowset`, and `impl Rowset` |
//! | `db_enum` | `impl DbEnum` |
//! | `changes` | `impl Changes` |

mod alias;
mod changes;
mod constants;
mod create;
mod db_enum;
mod draft;
mod from_row;
mod link_table;
mod model;
mod relations;
mod rowset;
mod table;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Index, Type};

use crate::names;
use crate::parse::field::Skipped;
use crate::parse::model::Model;
use crate::parse::types;

pub(crate) use changes::changes;
pub(crate) use db_enum::db_enum;
pub(crate) use from_row::{from_row, list};
pub(crate) use rowset::rowset;

/// The name of a table as a type: `(D8, (D1, ..))`.
pub(crate) fn name_type(private: &TokenStream, name: &str) -> TokenStream {
    let digits = names::digits(name).into_iter().rev();
    digits.fold(quote! { () }, |rest, digit| {
        let digit = format_ident!("D{digit:X}");
        quote! { (#private::#digit, #rest) }
    })
}

/// The name of a model's table as a type.
pub(crate) fn table_name_type(model: &Model) -> TokenStream {
    let schema = model.schema.as_ref().map_or("", |schema| &schema.value);
    name_type(&private(model), &format!("{schema}.{}", model.table.value))
}

/// Everything that `#[derive(Model)]` makes.
///
/// The types stand beside the model; all else stands in an unnamed constant, where the `static`s have a place that no
/// other code can name. In there orm-core has a short name: the compiler reads hundreds of paths into it for each model.
pub(crate) fn model(mut model: Model) -> TokenStream {
    let types = [
        draft::types(&model),
        create::types(&model),
        alias::types(&model),
    ];
    let krate = std::mem::replace(
        &mut model.krate,
        Ident::new(INSIDE, Span::call_site()).into(),
    );
    let (model, inside) = (&model, &model.krate);
    let items = [
        codecs(model),
        skipped_defaults(&private(model), &model.skipped),
        table::statics(model),
        relations::statics(model),
        constants::of_model(model),
        constants::of_alias(model),
        model::impls(model),
        draft::impls(model),
        create::impls(model),
        alias::impls(model),
        relations::impls(model),
        from_row::of_model(model),
    ];
    quote! {
        #(#types)*
        const _: () = {
            use #krate::{self as #inside, __private};
            #(#items)*
        };
    }
}

/// What orm-core is called in the constant.
const INSIDE: &str = "__orm";

/// What can be named of a model: the types beside it, its constants and its alias's, and the builder's methods.
pub(crate) fn surface(model: &Model) -> (TokenStream, TokenStream, TokenStream) {
    let types = [
        draft::types(model),
        create::types(model),
        alias::types(model),
    ];
    let constants = [constants::of_model(model), constants::of_alias(model)];
    (
        quote! { #(#types)* },
        quote! { #(#constants)* },
        create::impls(model),
    )
}

/// What reads and writes each column, in one constant: of each item by itself the compiler would make as much as of all these
/// values.
///
/// ```text
/// const __CODECS: &(Codec<i32>, Codec<String>) = &(codec::<i32>(), codec::<String>());
/// ```
fn codecs(model: &Model) -> TokenStream {
    let private = private(model);
    let types = model.columns.iter().map(|column| &column.ty);
    let values = model.columns.iter().map(|column| {
        let ty = &column.ty;
        let function = behind_its_feature("codec", ty);
        quote! { #private::#function::<#ty>() }
    });
    quote! {
        const __CODECS: &(#(#private::Codec<#types>,)*) = &(#(#values,)*);
    }
}

/// `codec`, or `codec_of_uuid`, which names the feature where that is off.
pub(crate) fn behind_its_feature(function: &str, ty: &Type) -> Ident {
    match types::feature(ty) {
        Some(feature) => format_ident!("{function}_of_{feature}"),
        None => format_ident!("{function}"),
    }
}

/// The values of fields that are no columns, each from a function: a type without a default is a mistake of its field, and
/// is reported once.
///
/// ```text
/// fn __note_skipped() -> Note { <Note as Default>::default() }
/// ```
fn skipped_defaults(private: &TokenStream, skipped: &[Skipped]) -> TokenStream {
    let functions = skipped.iter().map(|field| {
        let (name, ty) = (skipped_default(field), &field.ty);
        let value = quote_spanned! { ty.span() => #private::default_of::<#ty>() };
        quote! { fn #name() -> #ty { #value } }
    });
    quote! { #(#functions)* }
}

fn skipped_default(field: &Skipped) -> Ident {
    format_ident!("__{}_skipped", names::plain(&field.ident))
}

/// The codec of the column at a position.
fn codec(at: usize) -> TokenStream {
    let at = Index::from(at);
    quote! { __CODECS.#at }
}

/// The module of orm-core that has what derived code needs.
fn private(model: &Model) -> TokenStream {
    let krate = &model.krate;
    if krate.is_ident(INSIDE) {
        quote! { __private }
    } else {
        quote! { #krate::__private }
    }
}

/// `ProductDraft`
fn draft_name(model: &Model) -> Ident {
    format_ident!(
        "{}Draft",
        names::plain(&model.ident),
        span = model.ident.span()
    )
}

/// `ProductCreate`
fn create_name(model: &Model) -> Ident {
    format_ident!(
        "{}Create",
        names::plain(&model.ident),
        span = model.ident.span()
    )
}

/// `ProductAs`
fn alias_name(model: &Model) -> Ident {
    format_ident!(
        "{}As",
        names::plain(&model.ident),
        span = model.ident.span()
    )
}

/// The columns with their positions, their fields and their codecs, as lists to be repeated over.
struct Columns<'a> {
    at: Vec<u16>,
    fields: Vec<&'a Ident>,
    codecs: Vec<TokenStream>,
}

impl<'a> Columns<'a> {
    fn of(model: &'a Model) -> Self {
        Columns {
            at: (0..model.columns.len() as u16).collect(),
            fields: model.columns.iter().map(|column| &column.ident).collect(),
            codecs: (0..model.columns.len()).map(codec).collect(),
        }
    }
}

/// Where a field's column stands. A name that leads nowhere has been reported, and leads to the first column.
fn position(model: &Model, field: &Ident) -> u16 {
    model.position(field).unwrap_or(0) as u16
}

/// The module of orm-core that has what derived code needs, written at a user's word: an error in what is called there is
/// shown at that word.
fn private_at(model: &Model, span: Span) -> TokenStream {
    let span = span.resolved_at(Span::call_site());
    let tokens = private(model).into_iter().map(|mut token| {
        token.set_span(span);
        token
    });
    tokens.collect()
}

/// An `Option`, written out.
fn some(private: &TokenStream, value: Option<impl ToTokens>) -> TokenStream {
    match value {
        Some(value) => quote! { #private::Option::Some(#value) },
        None => quote! { #private::Option::None },
    }
}
