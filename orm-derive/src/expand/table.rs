//! The table's description:
//!
//! ```text
//! static __TABLE: Table = Table {
//!     model: "Product",
//!     name: "products",
//!     columns: &[ColumnInfo { identity: true, ..column("id", "id", &__CODECS.0) }, column("name", "name", &__CODECS.1), ..],
//!     primary_key: &[0],
//!     relations: &[&__CATEGORY],
//!     ..
//! };
//! ```
//!
//! It is a `static` and not a constant, because the descriptions refer to one another in rings: a ring of addresses can
//! be had, a ring of values cannot.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::{codec, position, private, some};
use crate::names;
use crate::parse::field::Column;
use crate::parse::model::Model;
use crate::parse::types;
use crate::parse::values::At;

pub(super) fn statics(model: &Model) -> TokenStream {
    let (krate, ident, private) = (&model.krate, &model.ident, private(model));
    let (plain, name) = (names::plain(ident), &model.table.value);
    let schema = some(&private, model.schema.as_ref().map(|schema| &schema.value));
    let columns = (0..model.columns.len()).map(|at| column(model, at));
    let key = model.key().into_iter().map(|(at, _)| at as u16);
    let version = model
        .columns
        .iter()
        .position(|column| column.version.is_some());
    let version = some(&private, version.map(|at| at as u16));
    let relations = model
        .relations
        .iter()
        .map(|relation| format_ident!("__{}", names::constant(&relation.name)));
    let group = |columns: &At<Vec<syn::Ident>>| {
        let columns = columns.value.iter().map(|field| position(model, field));
        quote! { &[#(#columns),*] }
    };
    let uniques = model.uniques.iter().map(group);
    let deferred_uniques = model.deferred_uniques.iter().map(group);
    let alone = model
        .columns
        .iter()
        .enumerate()
        .filter(|(_, column)| column.index.is_some());
    let alone = alone.map(|(at, _)| vec![at as u16]);
    let several = model.indexes.iter().map(|columns| {
        let columns = columns.value.iter().map(|field| position(model, field));
        columns.collect::<Vec<_>>()
    });
    let indexes = alone.chain(several).map(|columns| {
        quote! { #krate::model::IndexInfo { columns: &[#(#columns),*] } }
    });
    let checks = model.checks.iter().map(|check| {
        let sql = &check.value;
        quote! { #krate::model::CheckInfo { sql: #sql } }
    });
    quote! {
        static __TABLE: #krate::model::Table = #krate::model::Table {
            model: #plain,
            schema: #schema,
            name: #name,
            columns: &[#(#columns),*],
            primary_key: &[#(#key),*],
            version: #version,
            relations: &[#(&#relations),*],
            uniques: &[#(#uniques),*],
            deferred_uniques: &[#(#deferred_uniques),*],
            indexes: &[#(#indexes),*],
            checks: &[#(#checks),*],
            is_bare_link: false,
            arena: #krate::session::arena::<#ident>,
            knot: #krate::model::Knot::new(),
        };
    }
}

/// A column's description: what it has beyond a name and a type is said by itself.
fn column(model: &Model, at: usize) -> TokenStream {
    let (krate, private, column) = (&model.krate, private(model), &model.columns[at]);
    let (field, name, codec) = (names::plain(&column.ident), &column.name.value, codec(at));
    let plain = quote! { #private::column(#field, #name, &#codec) };
    let some = |member: TokenStream, value: Option<String>| {
        value.map(|value| quote! { #member: #private::Option::Some(#value), })
    };
    let sql = |sql: &Option<At<String>>| sql.as_ref().map(|sql| sql.value.clone());
    let on_update = match (&column.on_update, &column.server_on_update) {
        (Some(_), _) => Some(quote! { Client }),
        (None, Some(_)) => Some(quote! { Server }),
        (None, None) => None,
    };
    let more: Vec<TokenStream> = [
        some(quote! { declared }, declared(column)),
        model.is_identity(at).then(|| quote! { identity: true, }),
        some(quote! { server_default }, sql(&column.server_default)),
        some(quote! { computed }, sql(&column.computed)),
        on_update.map(|by| quote! { on_update: #krate::model::OnUpdate::#by, }),
        column.unique.is_some().then(|| quote! { unique: true, }),
    ]
    .into_iter()
    .flatten()
    .collect();
    if more.is_empty() {
        return plain;
    }
    quote! { #krate::model::ColumnInfo { #(#more)* ..#plain } }
}

/// The type in CREATE TABLE, where it isn't simply that of the values: `varchar(100)`, `numeric(10, 2)[]`, `citext`.
fn declared(column: &Column) -> Option<String> {
    let ty = match column {
        Column {
            sql_type: Some(ty), ..
        } => return Some(ty.value.clone()),
        Column {
            length: Some(length),
            ..
        } => format!("varchar({})", length.value),
        Column {
            fixed_length: Some(length),
            ..
        } => format!("char({})", length.value),
        Column {
            precision: Some(precision),
            scale,
            ..
        } => {
            let scale = scale.as_ref().map_or(0, |scale| scale.value);
            format!("numeric({}, {scale})", precision.value)
        }
        _ => return None,
    };
    Some(if types::is_array(&column.base) {
        ty + "[]"
    } else {
        ty
    })
}
