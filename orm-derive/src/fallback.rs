//! What a derive writes after a mistake: everything that can be named, so that the mistake is reported alone and not once
//! more wherever the model is used, and so that an editor goes on completing the fields that are right. Nothing of it
//! runs.

use std::collections::HashSet;

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote};
use syn::DeriveInput;

use crate::names;
use crate::parse::enumeration::DbEnum;
use crate::parse::model::Model;
use crate::parse::row::{Changes, Row};
use crate::parse::types;

/// In place of `expand::model`.
pub(crate) fn model(mut model: Model, input: &DeriveInput) -> TokenStream {
    // Of a struct with parameters nothing can be named.
    if !input.generics.params.is_empty() {
        return TokenStream::new();
    }
    // What has the same constant as something before it has been reported.
    let mut constants = HashSet::from(["ALL".to_owned()]);
    model
        .columns
        .retain(|column| constants.insert(names::constant(&column.ident).to_string()));
    model
        .relations
        .retain(|relation| constants.insert(names::constant(&relation.name).to_string()));

    let (krate, ident) = (&model.krate, &model.ident);
    let private = quote! { #krate::__private };
    let (types, constants, setters) = crate::expand::surface(&model);
    let draft = format_ident!("{}Draft", names::plain(ident));
    let alias = format_ident!("{}As", names::plain(ident));
    let (plain, table) = (names::plain(ident), &model.table.value);
    let relations = model.relations.iter().map(|relation| {
        let name = format_ident!("__{}", names::constant(&relation.name));
        quote! { static #name: #krate::model::RelationInfo = #private::broken(&__TABLE); }
    });
    let key = key(&model);
    let stored = model
        .columns
        .iter()
        .filter(|column| types::inside_option(&column.base).is_none());
    let stored: Vec<_> = stored.map(|column| &column.ty).collect();
    let codecs = stored
        .iter()
        .map(|ty| crate::expand::behind_its_feature("codec", ty));
    quote! {
        #types
        const _: () = {
            #(const _: #private::Codec<#stored> = #private::#codecs::<#stored>();)*
            static __TABLE: #krate::model::Table = #private::broken_table(#plain, #table, #krate::session::arena::<#ident>);
            #(#relations)*
            #constants
            #setters

            #[automatically_derived]
            impl #krate::model::Source for #ident {
                type Model = #ident;
                const ALIAS: #private::Option<u8> = #private::Option::None;
            }
            #[automatically_derived]
            impl<const N: u8> #krate::model::Source for #alias<N> {
                type Model = #ident;
                const ALIAS: #private::Option<u8> = #private::Option::Some(N);
            }
            #[automatically_derived]
            impl #krate::model::Model for #ident {
                const TABLE: &'static #krate::model::Table = &__TABLE;
                type Key = #key;
                type Draft = #draft;
                type As<const N: u8> = #alias<N>;
                fn copy(&self) -> Self { #private::never() }
                fn key(&self) -> Self::Key { #private::never() }
                fn read_key(_: &mut #krate::model::RowReader<'_>) -> #krate::Result<Self::Key> { #private::never() }
                fn encode_key(_: &Self::Key, _: usize, _: &mut #private::BytesMut) -> bool { #private::never() }
                fn read(_: &mut #krate::model::RowReader<'_>) -> #krate::Result<Self> { #private::never() }
                fn encode(&self, _: u16, _: &mut #private::BytesMut) -> bool { #private::never() }
                fn write(
                    &mut self,
                    _: u16,
                    _: #krate::types::Raw<'_>,
                ) -> #private::Result<(), #krate::types::DecodeError> { #private::never() }
                fn diff(&self, _: &Self) -> #krate::model::ColumnSet { #private::never() }
                fn on_update() -> #private::Vec<(u16, #krate::types::Param)> { #private::never() }
            }
            #[automatically_derived]
            impl #krate::model::Draft for #draft {
                type Model = #ident;
                fn given(&self) -> #krate::model::ColumnSet { #private::never() }
                fn encode(&self, _: u16, _: &mut #private::BytesMut) -> bool { #private::never() }
                fn write(
                    &mut self,
                    _: u16,
                    _: #krate::types::Raw<'_>,
                ) -> #private::Result<(), #krate::types::DecodeError> { #private::never() }
                fn apply_defaults(&mut self) {}
                fn from_row(_: #ident) -> Self { #private::never() }
                fn finish(self) -> #private::Result<#ident, u16> { #private::never() }
            }
            #[automatically_derived]
            impl #private::Clone for #draft {
                fn clone(&self) -> Self { #private::never() }
            }
            #[automatically_derived]
            impl #private::Default for #draft {
                fn default() -> Self { #private::never() }
            }
            #[automatically_derived]
            impl #private::fmt::Debug for #draft {
                fn fmt(&self, _: &mut #private::fmt::Formatter<'_>) -> #private::fmt::Result { #private::never() }
            }
            #[automatically_derived]
            impl #krate::schema::Models for #ident {
                fn register(_: &mut #krate::schema::Registry) { #private::never() }
            }
            #[automatically_derived]
            impl #krate::schema::Member for #ident {}
            #[automatically_derived]
            impl #krate::model::OfModel for #ident {
                type Model = #ident;
            }
            #[automatically_derived]
            impl #krate::model::Insertable for #ident {
                fn into_new(self) -> #krate::model::New<#ident> { #private::never() }
            }
            #[automatically_derived]
            impl #krate::model::FromRow for #ident {
                fn positions(_: &#krate::model::ColumnNames<'_>) -> #krate::Result<#private::Vec<usize>> { #private::never() }
                fn from_row(_: &#krate::model::Row, _: &[usize]) -> #krate::Result<Self> { #private::never() }
            }
        };
    }
}

/// The type that foreign keys of other models are compared with: that of the key as far as it can be told.
fn key(model: &Model) -> TokenStream {
    let key = model.key();
    match key.as_slice() {
        // A type that can be no key, which has been reported.
        [(_, column)] if types::is_no_key(&column.base) => quote! { () },
        [(_, column)] => column.base.to_token_stream(),
        [] => match model.columns.iter().find(|column| column.ident == "id") {
            Some(id) => id.base.to_token_stream(),
            None => quote! { () },
        },
        columns => {
            let types = columns.iter().map(|(_, column)| &column.base);
            quote! { (#(#types,)*) }
        }
    }
}

/// In place of `expand::db_enum`. `DbEnum` itself asks for `Copy`, which an enum whose variants hold values may lack: it
/// is left out.
pub(crate) fn db_enum(described: &DbEnum, input: &DeriveInput) -> TokenStream {
    if !input.generics.params.is_empty() {
        return TokenStream::new();
    }
    let (krate, ident) = (&described.krate, &described.ident);
    let private = quote! { #krate::__private };
    quote! {
        const _: () = {
            #[automatically_derived]
            impl #krate::types::SqlType for #ident {
                type Base = #ident;
                type Nullify<U: #krate::types::SqlType> = U;
                const TYPE: &'static #krate::types::PgType = &#krate::types::enum_type("", #private::Option::None, &[]);
                fn encode(&self, _: &mut #private::BytesMut) -> bool { #private::never() }
                fn decode(_: #krate::types::Raw<'_>) -> #private::Result<Self, #krate::types::DecodeError> {
                    #private::never()
                }
                fn same(&self, _: &Self) -> bool { #private::never() }
            }
        };
    }
}

/// In place of `expand::from_row`.
pub(crate) fn from_row(row: &Row, input: &DeriveInput) -> TokenStream {
    if !input.generics.params.is_empty() {
        return TokenStream::new();
    }
    let (krate, ident) = (&row.krate, &row.ident);
    let private = quote! { #krate::__private };
    quote! {
        #[automatically_derived]
        impl #krate::model::FromRow for #ident {
            fn positions(_: &#krate::model::ColumnNames<'_>) -> #krate::Result<#private::Vec<usize>> { #private::never() }
            fn from_row(_: &#krate::model::Row, _: &[usize]) -> #krate::Result<Self> { #private::never() }
        }
    }
}

/// In place of `expand::changes`.
pub(crate) fn changes(changes: &Changes, input: &DeriveInput) -> TokenStream {
    let Some(model) = changes
        .model
        .as_ref()
        .filter(|_| input.generics.params.is_empty())
    else {
        return TokenStream::new();
    };
    let (krate, ident) = (&changes.krate, &changes.ident);
    quote! {
        #[automatically_derived]
        impl #krate::model::Changes for #ident {
            type Model = #model;
            fn apply(self, _: &mut #model) { #krate::__private::never() }
        }
        #[automatically_derived]
        impl #krate::model::ChangesOf<#model> for #ident {}
    }
}

/// In place of `expand::rowset`: its fields are known whatever is wrong with their attributes, and queries name them.
pub(crate) fn rowset(row: &Row, input: &DeriveInput) -> TokenStream {
    if row.fields.is_empty() || !input.generics.params.is_empty() {
        return TokenStream::new();
    }
    crate::expand::rowset(row)
}
