//! What makes the struct a model:
//!
//! ```text
//! impl Source for Product { .. }
//! impl Model for Product {
//!     const TABLE: &'static Table = &__TABLE;
//!     type Key = i32;
//!     type Draft = ProductDraft;
//!     type As<const N: u8> = ProductAs<N>;
//!
//!     fn read(row: &mut RowReader<'_>) -> Result<Self> {
//!         Ok(Product { id: __CODECS.0.read(row, &__TABLE, 0)?, name: __CODECS.1.read(row, &__TABLE, 1)?, .. })
//!     }
//!     fn encode(&self, column: u16, out: &mut BytesMut) -> bool {
//!         match column { 0 => __CODECS.0.encode(&self.id, out), 1 => .., _ => false }
//!     }
//!     ..
//! }
//! impl Models for Product { .. }
//! impl Insertable for Product { .. }
//! ```

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::Index;
use syn::spanned::Spanned;

use super::{Columns, alias_name, codec, draft_name, private, private_at, skipped_default};
use crate::names;
use crate::parse::field::Column;
use crate::parse::model::Model;

pub(super) fn impls(model: &Model) -> TokenStream {
    let (krate, ident, private) = (&model.krate, &model.ident, private(model));
    let (draft, alias) = (draft_name(model), alias_name(model));
    let Columns { at, fields, codecs } = Columns::of(model);
    let skipped = model.skipped.iter().map(|field| &field.ident);
    let defaults = model.skipped.iter().map(skipped_default);
    let (key, key_parts) = (key(model), key_parts(model));
    let (on_update_functions, on_update) = on_update(model);
    let name = super::table_name_type(model);
    let copied = {
        let private = private_at(model, ident.span());
        quote_spanned! { ident.span() => #private::copied::<#ident>() }
    };
    quote! {
        #key_parts
        #on_update_functions

        #[automatically_derived]
        impl #krate::model::Source for #ident {
            type Model = #ident;
            type Name = #name;
            const ALIAS: #private::Option<u8> = #private::Option::None;
        }

        #[automatically_derived]
        impl #krate::model::Model for #ident {
            const TABLE: &'static #krate::model::Table = &__TABLE;
            type Draft = #draft;
            type As<const N: u8> = #alias<N>;

            fn copy(&self) -> Self {
                #copied(self)
            }

            #key

            fn read(row: &mut #krate::model::RowReader<'_>) -> #krate::Result<Self> {
                #private::Result::Ok(#ident {
                    #(#fields: #codecs.read(row, &__TABLE, #at)?,)*
                    #(#skipped: #defaults(),)*
                })
            }

            fn encode(&self, column: u16, out: &mut #private::BytesMut) -> bool {
                match column {
                    #(#at => #codecs.encode(&self.#fields, out),)*
                    _ => false,
                }
            }

            fn write(
                &mut self,
                column: u16,
                value: #krate::types::Raw<'_>,
            ) -> #private::Result<(), #krate::types::DecodeError> {
                match column {
                    #(#at => #codecs.write(&mut self.#fields, value),)*
                    _ => #private::no_such_column(column),
                }
            }

            fn diff(&self, before: &Self) -> #krate::model::ColumnSet {
                #private::columns_where(&[#(#codecs.differs(&self.#fields, &before.#fields)),*])
            }

            #on_update
        }

        #[automatically_derived]
        impl #krate::schema::Models for #ident {
            fn register(registry: &mut #krate::schema::Registry) {
                #private::register(registry, &__TABLE);
            }
        }

        #[automatically_derived]
        impl #krate::schema::Member for #ident {}

        #[automatically_derived]
        impl #krate::model::OfModel for #ident {
            type Model = #ident;
        }

        #[automatically_derived]
        impl #krate::model::Insertable for #ident {
            fn into_new(self) -> #krate::model::New<#ident> {
                #krate::model::New {
                    draft: <#draft as #krate::model::Draft>::from_row(self),
                    links: #private::Vec::new(),
                }
            }
        }
    }
}

/// What the key's columns have to be, which the compiler checks:
///
/// ```text
/// const _: () = key_part::<i32>();
/// ```
fn key_parts(model: &Model) -> TokenStream {
    let checks = model.key().into_iter().map(|(_, column)| {
        let (ty, private) = (&column.ty, private_at(model, column.ty.span()));
        let function = super::behind_its_feature("key_part", ty);
        quote_spanned! { ty.span() => #private::#function::<#ty>() }
    });
    quote! { #(const _: () = #checks;)* }
}

/// The key's type, and the functions that deal with it: one column, or a tuple of several.
fn key(model: &Model) -> TokenStream {
    let (krate, private) = (&model.krate, private(model));
    let key = model.key();
    let fields: Vec<_> = key.iter().map(|(_, column)| &column.ident).collect();
    let types: Vec<_> = key.iter().map(|(_, column)| &column.ty).collect();
    let codecs: Vec<_> = key.iter().map(|(at, _)| codec(*at)).collect();
    let at: Vec<_> = key.iter().map(|(at, _)| *at as u16).collect();
    let parts: Vec<_> = (0..key.len()).collect();
    let index = parts.iter().map(|part| Index::from(*part));
    let (ty, value, read, encode) = if key.len() == 1 {
        (
            quote! { #(#types)* },
            quote! { #(#private::Clone::clone(&self.#fields))* },
            quote! { #(#codecs.read(row, &__TABLE, #at))* },
            quote! { #(#parts => #codecs.encode(key, out),)* },
        )
    } else {
        (
            quote! { (#(#types,)*) },
            quote! { (#(#private::Clone::clone(&self.#fields),)*) },
            quote! { #private::Result::Ok((#(#codecs.read(row, &__TABLE, #at)?,)*)) },
            quote! { #(#parts => #codecs.encode(&key.#index, out),)* },
        )
    };
    quote! {
        type Key = #ty;

        fn key(&self) -> #ty {
            #value
        }

        fn read_key(row: &mut #krate::model::RowReader<'_>) -> #krate::Result<#ty> {
            #read
        }

        fn encode_key(key: &#ty, part: usize, out: &mut #private::BytesMut) -> bool {
            match part {
                #encode
                _ => false,
            }
        }
    }
}

/// `on_update = ..`: each as a function beside the impl, where `self` means nothing, and the method that calls them.
fn on_update(model: &Model) -> (TokenStream, Option<TokenStream>) {
    let (krate, private) = (&model.krate, private(model));
    let columns = model.columns.iter().enumerate();
    let updated: Vec<(u16, &Column)> = columns
        .filter(|(_, column)| column.on_update.is_some())
        .map(|(at, column)| (at as u16, column))
        .collect();
    let name = |column: &Column| format_ident!("__{}_on_update", names::plain(&column.ident));
    let functions = updated.iter().map(|(_, column)| {
        let (name, ty) = (name(column), &column.ty);
        let value = column
            .on_update
            .as_ref()
            .map(|value| into_column(model, column, &value.value));
        quote! { fn #name() -> #ty { #value } }
    });
    let values = updated.iter().map(|(at, column)| {
        let name = name(column);
        quote! { (#at, #krate::types::Param::new(&#name())) }
    });
    let method = (!updated.is_empty()).then(|| {
        quote! {
            fn on_update() -> #private::Vec<(u16, #krate::types::Param)> {
                #private::values([#(#values),*])
            }
        }
    });
    (quote! { #(#functions)* }, method)
}

/// A user's expression as a value of the column: `"new"` serves for a `String`, `5` for an `Option<i32>`.
pub(super) fn into_column(model: &Model, column: &Column, value: &syn::Expr) -> TokenStream {
    let (krate, ty) = (&model.krate, &column.ty);
    let function = quote_spanned! { value.span() => #krate::model::IntoColumn::<#ty>::into_column };
    quote! { #function(#value) }
}
