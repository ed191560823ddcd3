//! What `#[derive(Rowset)]` makes beside what `#[derive(FromRow)]` does: the constants of the columns, and their
//! description:
//!
//! ```text
//! impl Spent {
//!     pub const TOTAL: Column<Spent, Option<i64>> = Column::new(1);
//!     pub const ALL: All<Spent> = All::new();
//! }
//! impl Selectable for Spent { type Whole = RowsOf<Spent>; .. }
//! impl Rowset for Spent {}
//! ```

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::from_row;
use crate::names;
use crate::parse::row::Row;

/// Everything that `#[derive(Rowset)]` makes.
pub(crate) fn rowset(row: &Row) -> TokenStream {
    let (krate, ident, vis) = (&row.krate, &row.ident, &row.vis);
    let private = quote! { #krate::__private };
    let plain = names::plain(ident);
    let name = names::snake_case(&plain);
    let fields: Vec<&Ident> = row.fields.iter().map(|field| &field.ident).collect();
    let codecs: Vec<Ident> = row.fields.iter().map(from_row::codec).collect();
    let record = from_row::record(row);
    let types: Vec<_> = row.fields.iter().map(|field| &field.ty).collect();
    let plains = fields.iter().map(|field| names::plain(field));
    let columns = row.fields.iter().map(|field| &field.name.value);
    let at: Vec<u16> = (0..fields.len() as u16).collect();
    let alias = format_ident!("{plain}As");
    let columns_of = |source: TokenStream| {
        let constants = row.fields.iter().zip(&at).map(|(field, at)| {
            let (vis, ty, constant) = (&field.vis, &field.ty, names::constant(&field.ident));
            let doc = format!("The column `{}` of `{name}`.", field.name.value);
            quote! {
                #[doc = #doc]
                #vis const #constant: #krate::expr::Column<#source, #ty> = #krate::expr::Column::new(#at);
            }
        });
        constants.collect::<Vec<_>>()
    };
    let constants = columns_of(quote! { #ident });
    let alias_constants = columns_of(quote! { #alias<N> });
    let alias_doc = format!(
        "`{plain}` under another name, to have it in a query twice: `AliasedRows<{plain}, 1>`. Derived."
    );
    let defaults = super::skipped_defaults(&private, &row.skipped);
    let all = format!("All columns of `{name}`: the whole struct in a select list.");
    let name_type = super::name_type(&private, &format!(".{name}"));
    quote! {
        #[doc = #alias_doc]
        #[allow(dead_code, non_camel_case_types, unreachable_pub)]
        #vis enum #alias<const N: u8> {}

        const _: () = {
            #(const #codecs: #private::Codec<#types> = #private::codec::<#types>();)*
            #defaults
            static __TABLE: #krate::model::Table = #private::rowset(
                #plain,
                #name,
                &[#(#private::column(#plains, #columns, &#codecs)),*],
            );

            // Its fields name columns; a program that never selects whole structs never reads them.
            const _: fn(&#ident) = |row| {
                let _ = (#(&row.#fields,)*);
            };

            #[allow(dead_code, private_interfaces, unreachable_pub)]
            impl #ident {
                #(#constants)*
                #[doc = #all]
                #vis const ALL: #krate::expr::All<#ident> = #krate::expr::All::new();
            }

            #[automatically_derived]
            impl #krate::expr::Selectable for #ident {
                type Name = #name_type;
                type Whole = #krate::query::RowsOf<#ident>;
                type MaybeWhole = #krate::query::MaybeRowsOf<#ident>;

                fn table_ref() -> #krate::expr::TableRef {
                    #krate::expr::TableRef::of(&__TABLE)
                }
            }

            #[automatically_derived]
            impl #krate::query::Rowset for #ident {
                type As<const N: u8> = #alias<N>;
            }

            #[allow(dead_code, private_interfaces, unreachable_pub)]
            impl<const N: u8> #alias<N> {
                #(#alias_constants)*
                #[doc = #all]
                #vis const ALL: #krate::expr::All<#alias<N>> = #krate::expr::All::new();
            }

            #[automatically_derived]
            impl<const N: u8> #krate::expr::Selectable for #alias<N> {
                type Name = #private::Numbered<N, <#ident as #krate::expr::Selectable>::Name>;
                type Whole = #krate::query::RowsOf<#ident>;
                type MaybeWhole = #krate::query::MaybeRowsOf<#ident>;

                fn table_ref() -> #krate::expr::TableRef {
                    #krate::expr::TableRef { table: &__TABLE, alias: #krate::expr::Alias::Numbered(N) }
                }
            }

            #record
        };
    }
}
