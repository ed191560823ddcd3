//! A row that is being put together:
//!
//! ```text
//! pub struct ProductDraft { pub id: Option<i32>, pub name: Option<String>, pub description: Option<Option<String>>, .. }
//! impl Clone, Debug and Default for ProductDraft
//! impl Draft for ProductDraft {
//!     fn given(&self) -> ColumnSet { columns_where(&[self.id.is_some(), ..]) }
//!     fn apply_defaults(&mut self) { self.stock_quantity.get_or_insert_with(__stock_quantity_default); }
//!     fn into_row(self) -> Product { Product { id: __CODECS.0.given(self.id), .. } }
//!     ..
//! }
//! ```
//!
//! Skipped fields are carried along as they are.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;

use super::{Columns, draft_name, model, private, skipped_default};
use crate::names;
use crate::parse::field::{Column, Default};
use crate::parse::model::Model;

pub(super) fn types(model: &Model) -> TokenStream {
    let (vis, private, draft) = (&model.vis, private(model), draft_name(model));
    let doc = format!(
        "A `{}` that is being put together: `None` is \"no value yet\". Derived.",
        names::plain(&model.ident)
    );
    let columns = model.columns.iter().map(|column| {
        let (vis, field, ty) = (&column.vis, &column.ident, &column.ty);
        let doc = format!("The column `{}`.", column.name.value);
        quote! { #[doc = #doc] #vis #field: #private::Option<#ty> }
    });
    let skipped = model.skipped.iter().map(|skipped| {
        let (vis, field, ty) = (&skipped.vis, &skipped.ident, &skipped.ty);
        quote! { #[doc = "Not a column."] #vis #field: #ty }
    });
    // The empty `<>` is where rustc would have a type put that does not exist, and it proposes nothing in a derive's own code.
    // Without it, what it says of the field here would differ from what it says of the struct, and be reported as well.
    quote! {
        #[doc = #doc]
        #[allow(dead_code, non_camel_case_types, private_interfaces, unreachable_pub)]
        #vis struct #draft<> {
            #(#columns,)*
            #(#skipped,)*
        }
    }
}

pub(super) fn impls(model: &Model) -> TokenStream {
    let standard = standard_impls(model);
    let (krate, ident, private, draft) = (
        &model.krate,
        &model.ident,
        private(model),
        draft_name(model),
    );
    let Columns { at, fields, codecs } = Columns::of(model);
    let skipped: Vec<_> = model.skipped.iter().map(|field| &field.ident).collect();
    let (default_functions, defaults) = defaults(model);
    quote! {
        #standard
        #default_functions

        #[automatically_derived]
        impl #krate::model::Draft for #draft {
            type Model = #ident;

            fn given(&self) -> #krate::model::ColumnSet {
                #private::columns_where(&[#(self.#fields.is_some()),*])
            }

            fn encode(&self, column: u16, out: &mut #private::BytesMut) -> bool {
                match column {
                    #(#at => #codecs.encode_given(&self.#fields, out),)*
                    _ => false,
                }
            }

            fn write(
                &mut self,
                column: u16,
                value: #krate::types::Raw<'_>,
            ) -> #private::Result<(), #krate::types::DecodeError> {
                match column {
                    #(#at => #codecs.write_given(&mut self.#fields, value),)*
                    _ => #private::no_such_column(column),
                }
            }

            #defaults

            fn from_row(row: #ident) -> Self {
                #draft {
                    #(#fields: #private::Option::Some(row.#fields),)*
                    #(#skipped: row.#skipped,)*
                }
            }

            fn into_row(self) -> #ident {
                #ident {
                    #(#fields: #codecs.given(self.#fields),)*
                    #(#skipped: self.#skipped,)*
                }
            }
        }
    }
}

/// `Clone`, `Debug` and `Default`: written out, because `derive` has no absolute path of its own.
fn standard_impls(model: &Model) -> TokenStream {
    let (private, draft) = (private(model), draft_name(model));
    let Columns { fields, codecs, .. } = Columns::of(model);
    let skipped: Vec<_> = model.skipped.iter().map(|field| &field.ident).collect();
    let defaults = model.skipped.iter().map(skipped_default);
    let name = draft.to_string();
    quote! {
        #[automatically_derived]
        impl #private::Clone for #draft {
            fn clone(&self) -> Self {
                #draft {
                    #(#fields: #codecs.clone_given(&self.#fields),)*
                    #(#skipped: #private::Clone::clone(&self.#skipped),)*
                }
            }
        }

        #[automatically_derived]
        impl #private::fmt::Debug for #draft {
            fn fmt(&self, f: &mut #private::fmt::Formatter<'_>) -> #private::fmt::Result {
                #private::debug_draft(f, #name, &__TABLE, &[#(#codecs.shown(&self.#fields)),*])
            }
        }

        #[automatically_derived]
        impl #private::Default for #draft {
            fn default() -> Self {
                #draft {
                    #(#fields: #private::Option::None,)*
                    #(#skipped: #defaults(),)*
                }
            }
        }
    }
}

/// `default = ..`: each as a function beside the impl, where `self` means nothing, and the method that calls them. A version has its first value.
fn defaults(model: &Model) -> (TokenStream, Option<TokenStream>) {
    let private = private(model);
    let name = |column: &Column| format_ident!("__{}_default", names::plain(&column.ident));
    let has_default = |column: &&Column| column.default.is_some() || column.version.is_some();
    let functions = model.columns.iter().filter(has_default).map(|column| {
        let (name, ty) = (name(column), &column.ty);
        let value = match &column.default {
            Some(default) => match &default.value {
                Default::Value(value) => model::into_column(model, column, value),
                Default::OfType => {
                    quote_spanned! { default.span => #private::default_of::<#ty>() }
                }
            },
            None => {
                let krate = &model.krate;
                quote_spanned! { ty.span() => <#ty as #krate::model::Version>::first() }
            }
        };
        quote! { fn #name() -> #ty { #value } }
    });
    let calls = model.columns.iter().filter(has_default).map(|column| {
        let (name, field) = (name(column), &column.ident);
        quote! { self.#field.get_or_insert_with(#name); }
    });
    let mut calls = calls.peekable();
    let method = calls.peek().is_some().then(|| {
        quote! { fn apply_defaults(&mut self) { #(#calls)* } }
    });
    (quote! { #(#functions)* }, method)
}
