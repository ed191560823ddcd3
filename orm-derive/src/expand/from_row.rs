//! Reading rows by the names of their columns, for a model and for `#[derive(FromRow)]`, and by their places in a select
//! list:
//!
//! ```text
//! impl FromRow for Report {
//!     const WIDTH: usize = 2;
//!     fn positions(columns: &ColumnNames<'_>) -> Result<Vec<usize>> {
//!         let mut at = Positions::new("Report", columns);
//!         at.column("name")?;
//!         at.column("total")?;
//!         Ok(at.finish())
//!     }
//!     fn from_row(row: &Row, positions: &[usize]) -> Result<Self> {
//!         let mut fields = Fields::new("Report", row, positions);
//!         Ok(Report { name: __NAME.next(&mut fields, "name")?, total: __TOTAL.next(&mut fields, "total")? })
//!     }
//! }
//! impl Record for Report { type Fields = (String, i64); }
//! ```

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::Type;
use syn::spanned::Spanned;

use crate::names;
use crate::parse::model::Model;
use crate::parse::row::{Row, RowField};
use crate::parse::types;

/// How one field is read.
enum Part<'a> {
    Column {
        codec: Ident,
        name: &'a str,
    },
    Nested {
        inner: Ident,
        ty: &'a Type,
        prefix: &'a str,
    },
}

/// What a model needs to be read by the names of its columns: the rest `Model` has.
///
/// ```text
/// impl FromRow for Product {
///     const WIDTH: usize = 4;
///     fn positions(columns: &ColumnNames<'_>) -> Result<Vec<usize>> { positions(&__TABLE, columns) }
///     fn from_row(row: &Row, positions: &[usize]) -> Result<Self> { read_at(row, positions) }
/// }
/// ```
pub(super) fn of_model(model: &Model) -> TokenStream {
    let (krate, ident, private) = (&model.krate, &model.ident, super::private(model));
    let width = model.columns.len();
    quote! {
        #[automatically_derived]
        impl #krate::model::FromRow for #ident {
            const WIDTH: usize = #width;

            fn positions(columns: &#krate::model::ColumnNames<'_>) -> #krate::Result<#private::Vec<usize>> {
                #private::positions(&__TABLE, columns)
            }

            // Compiled where it is used alone: by this way few models are read.
            #[inline]
            fn from_row(row: &#krate::model::Row, positions: &[usize]) -> #krate::Result<Self> {
                #private::read_at(row, positions)
            }
        }
    }
}

/// Everything that `#[derive(FromRow)]` makes.
pub(crate) fn from_row(row: &Row) -> TokenStream {
    let (krate, record) = (&row.krate, record(row));
    let list = row.listed.then(|| list(row));
    let defaults = super::skipped_defaults(&quote! { #krate::__private }, &row.skipped);
    let codecs = row.fields.iter().map(|field| {
        let (name, ty) = (codec(field), &field.ty);
        if field.nested.is_some() {
            let ty = types::inside_option(ty).unwrap_or(ty);
            return quote! { const #name: #krate::__private::Inner<#ty> = #krate::__private::inner::<#ty>(); };
        }
        let function = super::behind_its_feature("codec", ty);
        quote! { const #name: #krate::__private::Codec<#ty> = #krate::__private::#function::<#ty>(); }
    });
    quote! {
        const _: () = {
            #(#codecs)*
            #defaults
            #record
            #list
        };
    }
}

/// How a struct is read, by names and by places. Shared with `#[derive(Rowset)]`.
pub(super) fn record(row: &Row) -> TokenStream {
    let (krate, ident) = (&row.krate, &row.ident);
    let (private, name) = (quote! { #krate::__private }, names::plain(ident));
    let parts: Vec<Part<'_>> = row.fields.iter().map(part).collect();
    let positions = parts.iter().map(|part| match part {
        Part::Column { name, .. } => quote! { at.column(#name)?; },
        Part::Nested { inner, prefix, .. } => quote! { at.nested(&#inner, #prefix)?; },
    });
    let columns = parts
        .iter()
        .filter(|part| matches!(part, Part::Column { .. }))
        .count();
    let widths = parts.iter().filter_map(|part| match part {
        Part::Column { .. } => None,
        Part::Nested { inner, .. } => Some(quote! { + #inner.width }),
    });
    let values = parts.iter().map(|part| match part {
        Part::Column { codec, name } => quote! { #codec.next(&mut fields, #name)? },
        Part::Nested { inner, ty, .. } => match types::inside_option(ty) {
            Some(_) => quote! { fields.nested_or_none(&#inner)? },
            None => quote! { fields.nested(&#inner)? },
        },
    });
    let fields = row.fields.iter().map(|field| &field.ident);
    let types = row.fields.iter().map(|field| &field.ty);
    let skipped = row.skipped.iter().map(|field| &field.ident);
    let defaults = row.skipped.iter().map(super::skipped_default);
    quote! {
        #[automatically_derived]
        impl #krate::model::FromRow for #ident {
            const WIDTH: usize = #columns #(#widths)*;

            fn positions(columns: &#krate::model::ColumnNames<'_>) -> #krate::Result<#private::Vec<usize>> {
                let mut at = #private::Positions::new(#name, columns);
                #(#positions)*
                #private::Result::Ok(at.finish())
            }

            // Compiled where it is used alone.
            #[inline]
            fn from_row(row: &#krate::model::Row, positions: &[usize]) -> #krate::Result<Self> {
                let mut fields = #private::Fields::new(#name, row, positions);
                #private::Result::Ok(#ident {
                    #(#fields: #values,)*
                    #(#skipped: #defaults(),)*
                })
            }
        }

        #[automatically_derived]
        impl #krate::model::Record for #ident {
            type Fields = (#(#types,)*);
        }
    }
}

fn part(field: &RowField) -> Part<'_> {
    match &field.nested {
        Some(prefix) => Part::Nested {
            inner: codec(field),
            ty: &field.ty,
            prefix,
        },
        None => Part::Column {
            codec: codec(field),
            name: &field.name.value,
        },
    }
}

/// As that of a model's column, the name is not at the field.
pub(super) fn codec(field: &RowField) -> Ident {
    format_ident!(
        "__{}",
        names::constant(&field.ident),
        span = Span::call_site()
    )
}

/// The select list that the struct has itself:
///
/// ```text
/// impl Card { pub const LIST: List<Card> = List::new(); }
/// impl Listed for Card {
///     type Required = (Of<Product>, ());
///     type Optional = (Of<Category>, ());
///     fn push_to(items: &mut Vec<Item>) {
///         list_column::<i32, _, _>(items, Product::ID);
///         list_column::<Option<String>, _, _>(items, Category::NAME);
///     }
/// }
/// ```
pub(crate) fn list(row: &Row) -> TokenStream {
    let (krate, ident, vis) = (&row.krate, &row.ident, &row.vis);
    let private = quote! { #krate::__private };
    let listed = quote! { #krate::query::Listed };
    let (mut required, mut optional) = (Vec::new(), Vec::new());
    let mut calls = Vec::new();
    for field in &row.fields {
        let ty = &field.ty;
        let inside = types::inside_option(ty);
        if field.nested.is_none() && field.from.is_none() {
            // That nothing says where it comes from has been reported.
        } else if let Some((model, column)) = &field.from {
            let uses = quote! { #krate::expr::Of<#model> };
            let tables = if inside.is_some() {
                &mut optional
            } else {
                &mut required
            };
            add(tables, uses);
            calls.push(
                quote_spanned! { ty.span() => #private::list_column::<#ty, _, _>(items, #model::#column); },
            );
        } else {
            let inner = inside.unwrap_or(ty);
            let needed = quote! { <#inner as #listed>::Required };
            add(
                if inside.is_some() {
                    &mut optional
                } else {
                    &mut required
                },
                needed,
            );
            add(&mut optional, quote! { <#inner as #listed>::Optional });
            calls.push(quote_spanned! { ty.span() => #private::list_nested::<#inner>(items); });
        }
    }
    let tree = |tables: Vec<TokenStream>| {
        let tables = tables.into_iter().rev();
        tables.fold(quote! { () }, |rest, table| quote! { (#table, #rest) })
    };
    let (required, optional) = (tree(required), tree(optional));
    quote! {
        #[allow(dead_code, private_interfaces, unreachable_pub)]
        impl #ident {
            /// The select list of this struct: `query.select(..)` with it gives rows that are such structs.
            #vis const LIST: #krate::query::List<#ident> = #krate::query::List::new();
        }

        #[automatically_derived]
        impl #listed for #ident {
            type Required = #required;
            type Optional = #optional;

            fn push_to(items: &mut #private::Vec<#krate::expr::Item>) {
                #(#calls)*
            }
        }
    }
}

/// Each table once.
fn add(tables: &mut Vec<TokenStream>, table: TokenStream) {
    let text = table.to_token_stream().to_string();
    if tables.iter().all(|known| known.to_string() != text) {
        tables.push(table);
    }
}
