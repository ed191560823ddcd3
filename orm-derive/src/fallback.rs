//! What a derive writes after a mistake: everything that can be named, so that the mistake is reported alone and not once
//! more wherever the model is used, and so that an editor goes on completing the fields that are right. Nothing of it
//! runs.

use std::collections::HashSet;

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote};
use syn::{DeriveInput, GenericParam, Type};

use crate::names;
use crate::parse::enumeration::DbEnum;
use crate::parse::model::Model;
use crate::parse::row::{Changes, Row};
use crate::parse::types;

/// In place of `expand::model`.
pub(crate) fn model(model: Model, input: &DeriveInput) -> TokenStream {
    if input.generics.params.is_empty() {
        plain(model)
    } else {
        generic(model, input)
    }
}

/// A struct with parameters can be no model. What is asked of it is answered by one that stands in for it, with the fields
/// that have nothing to do with the parameters.
fn generic(mut model: Model, input: &DeriveInput) -> TokenStream {
    let parameters: HashSet<String> = input
        .generics
        .params
        .iter()
        .map(|parameter| match parameter {
            GenericParam::Lifetime(parameter) => parameter.lifetime.ident.to_string(),
            GenericParam::Type(parameter) => parameter.ident.to_string(),
            GenericParam::Const(parameter) => parameter.ident.to_string(),
        })
        .collect();
    model
        .columns
        .retain(|column| !names_any(column.ty.to_token_stream(), &parameters));
    model.skipped.clear();
    model.relations.clear();
    let krate = &model.krate;
    let (vis, ident) = (&model.vis, model.ident.clone());
    let stand_in = format_ident!("__{}", names::plain(&ident));
    let create = format_ident!("{stand_in}Create");
    let fields = model.columns.iter().map(|column| {
        let (vis, field, ty) = (&column.vis, &column.ident, &column.ty);
        quote! { #vis #field: #ty }
    });
    let constants = model.columns.iter().map(|column| {
        let (vis, ty, name) = (&column.vis, &column.ty, names::constant(&column.ident));
        quote! { #vis const #name: #krate::expr::Column<#stand_in, #ty> = #stand_in::#name; }
    });
    let (parameters, arguments, bounds) = input.generics.split_for_impl();
    let named = quote! {
        #[doc(hidden)]
        #[allow(dead_code, non_camel_case_types)]
        #vis struct #stand_in { #(#fields),* }
        #[allow(dead_code, private_interfaces, unreachable_pub)]
        impl #parameters #ident #arguments #bounds {
            #(#constants)*
            #vis const ALL: #krate::expr::All<#stand_in> = #stand_in::ALL;
            #vis fn query() -> #krate::query::EntityQuery<#stand_in> { #stand_in::query() }
            #vis fn create() -> #create { #stand_in::create() }
        }
    };
    model.ident = stand_in;
    let model = plain(model);
    quote! { #named #model }
}

/// Whether any of these names stands in a type.
fn names_any(ty: TokenStream, names: &HashSet<String>) -> bool {
    ty.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => names.contains(&ident.to_string()),
        TokenTree::Group(group) => names_any(group.stream(), names),
        _ => false,
    })
}

fn plain(mut model: Model) -> TokenStream {
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
        .filter(|column| types::inside_option(&column.base).is_none())
        .filter(|column| types::in_its_place(&column.base).is_none());
    let stored: Vec<_> = stored.map(|column| &column.ty).collect();
    let codecs = stored
        .iter()
        .map(|ty| crate::expand::behind_its_feature("codec", ty));
    let name = crate::expand::table_name_type(&model);
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
                type Name = #name;
                const ALIAS: #private::Option<u8> = #private::Option::None;
            }
            #[automatically_derived]
            impl<const N: u8> #krate::model::Source for #alias<N> {
                type Model = #ident;
                type Name = #private::Numbered<N, <#ident as #krate::model::Source>::Name>;
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
                fn from_row(_: #ident) -> Self { #private::never() }
                fn into_row(self) -> #ident { #private::never() }
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
                const WIDTH: usize = 0;
                fn positions(_: &#krate::model::ColumnNames<'_>) -> #krate::Result<#private::Vec<usize>> { #private::never() }
                fn from_row(_: &#krate::model::Row, _: &[usize]) -> #krate::Result<Self> { #private::never() }
            }
        };
    }
}

/// The type of a key's column. Where one has been proposed in its place, foreign keys may have that already.
fn key_part(ty: &Type) -> TokenStream {
    match types::in_its_place(ty) {
        Some(other) => format_ident!("{other}").into_token_stream(),
        None => ty.to_token_stream(),
    }
}

/// The type that foreign keys of other models are compared with: that of the key as far as it can be told.
fn key(model: &Model) -> TokenStream {
    let key = model.key();
    match key.as_slice() {
        // A type that can be no key, which has been reported.
        [(_, column)] if types::is_no_key(&column.base) => quote! { () },
        [(_, column)] => key_part(&column.base),
        [] => match model.columns.iter().find(|column| column.ident == "id") {
            Some(id) => key_part(&id.base),
            None => quote! { () },
        },
        columns => {
            let types = columns.iter().map(|(_, column)| key_part(&column.base));
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
    let types = row.fields.iter().map(|field| &field.ty);
    let list = row.listed.then(|| crate::expand::list(row));
    quote! {
        #[automatically_derived]
        impl #krate::model::FromRow for #ident {
            const WIDTH: usize = 0;
            fn positions(_: &#krate::model::ColumnNames<'_>) -> #krate::Result<#private::Vec<usize>> { #private::never() }
            fn from_row(_: &#krate::model::Row, _: &[usize]) -> #krate::Result<Self> { #private::never() }
        }
        #[automatically_derived]
        impl #krate::model::Record for #ident {
            type Fields = (#(#types,)*);
        }
        #list
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
