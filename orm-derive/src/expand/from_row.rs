//! Reading rows of hand-written SQL by the names of their columns, for a model and for `#[derive(FromRow)]`:
//!
//! ```text
//! impl FromRow for Report {
//!     fn positions(columns: &ColumnNames<'_>) -> Result<Vec<usize>> { positions("Report", &["name", "total"], columns) }
//!     fn from_row(row: &Row, positions: &[usize]) -> Result<Self> {
//!         Ok(Report { name: __NAME.get(row, positions[0])?, total: __TOTAL.get(row, positions[1])? })
//!     }
//! }
//! ```

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::Path;

use super::Columns;
use crate::names;
use crate::parse::field::Skipped;
use crate::parse::model::Model;
use crate::parse::row::Row;

pub(super) fn of_model(model: &Model) -> TokenStream {
    let Columns { fields, codecs, .. } = Columns::of(model);
    let columns: Vec<&String> = model
        .columns
        .iter()
        .map(|column| &column.name.value)
        .collect();
    implementation(
        &model.krate,
        &model.ident,
        &fields,
        &codecs,
        &columns,
        &model.skipped,
    )
}

/// Everything that `#[derive(FromRow)]` makes.
pub(crate) fn from_row(row: &Row) -> TokenStream {
    let krate = &row.krate;
    let fields: Vec<&Ident> = row.fields.iter().map(|field| &field.ident).collect();
    let codecs: Vec<Ident> = fields
        .iter()
        .map(|field| format_ident!("__{}", names::constant(field)))
        .collect();
    let columns: Vec<&String> = row.fields.iter().map(|field| &field.name.value).collect();
    let defaults = super::skipped_defaults(&quote! { #krate::__private }, &row.skipped);
    let types: Vec<_> = row.fields.iter().map(|field| &field.ty).collect();
    let implementation =
        implementation(krate, &row.ident, &fields, &codecs, &columns, &row.skipped);
    let functions = types
        .iter()
        .map(|ty| super::behind_its_feature("codec", ty));
    quote! {
        const _: () = {
            #(const #codecs: #krate::__private::Codec<#types> = #krate::__private::#functions::<#types>();)*
            #defaults
            #implementation
        };
    }
}

fn implementation(
    krate: &Path,
    ident: &Ident,
    fields: &[&Ident],
    codecs: &[Ident],
    columns: &[&String],
    skipped: &[Skipped],
) -> TokenStream {
    let private = quote! { #krate::__private };
    let name = names::plain(ident);
    let at = 0..fields.len();
    let defaults = skipped.iter().map(super::skipped_default);
    let skipped = skipped.iter().map(|field| &field.ident);
    quote! {
        #[automatically_derived]
        impl #krate::model::FromRow for #ident {
            fn positions(columns: &#krate::model::ColumnNames<'_>) -> #krate::Result<#private::Vec<usize>> {
                #private::positions(#name, &[#(#columns),*], columns)
            }

            fn from_row(row: &#krate::model::Row, positions: &[usize]) -> #krate::Result<Self> {
                #private::Result::Ok(#ident {
                    #(#fields: #codecs.get(row, positions[#at])?,)*
                    #(#skipped: #defaults(),)*
                })
            }
        }
    }
}
