//! The constants and the functions of the model itself:
//!
//! ```text
//! impl Product {
//!     pub const NAME: Column<Product, String> = Column::new(1);
//!     pub const CATEGORY: Relation<Product, Category, OptionalOne> = Relation::new(&__CATEGORY);
//!     pub const ALL: All<Product> = All::new();
//!
//!     pub fn query() -> EntityQuery<Product> { .. }
//!     pub fn create() -> ProductCreate { .. }
//!     pub fn column(name: &str) -> Result<NamedColumn<Product>> { .. }
//! }
//!
//! impl<const N: u8> ProductAs<N> { /* the same constants */ }
//! ```
//!
//! A column's constant is as visible as its field, everything else as visible as the struct.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::{alias_name, create_name, private, relations};
use crate::names;
use crate::parse::model::Model;

pub(super) fn of_model(model: &Model) -> TokenStream {
    let (krate, vis, ident) = (&model.krate, &model.vis, &model.ident);
    let (create, private) = (create_name(model), private(model));
    let plain = names::plain(ident);
    let constants = constants(model, &quote! { #ident }, Some(&plain));
    let query = format!("A query of `{plain}`: `{plain}::query().filter(..).all(&mut db).await?`.");
    let add = format!(
        "A new `{plain}`, to be filled in and given to a session: `db.add({plain}::create())`. What is required and still \
         missing, the compiler says there."
    );
    let column = format!(
        "The column of this name, or of the field of this name, to sort by what a request asks for: \
         `{plain}::query().order_by({plain}::column(name)?)`."
    );
    quote! {
        #[allow(dead_code, private_interfaces, unreachable_pub)]
        impl #ident {
            #constants

            #[doc = #query]
            #vis fn query() -> #krate::query::EntityQuery<#ident> {
                #krate::query::entity::<#ident>()
            }

            #[doc = #add]
            #vis fn create() -> #create {
                #private::Default::default()
            }

            #[doc = #column]
            ///
            /// # Errors
            /// `Error::Invalid`: there is no such column. The message has those that there are.
            #vis fn column(name: &str) -> #krate::Result<#krate::expr::NamedColumn<#ident>> {
                #krate::expr::NamedColumn::<#ident>::find(name)
            }
        }
    }
}

pub(super) fn of_alias(model: &Model) -> TokenStream {
    let alias = alias_name(model);
    let (krate, vis, ident) = (&model.krate, &model.vis, &model.ident);
    let plain = names::plain(ident);
    let constants = constants(model, &quote! { #alias<N> }, None);
    let query = format!(
        "A query of `{plain}` under this alias: `type Other = Aliased<{plain}, 1>; Other::query()`."
    );
    quote! {
        #[allow(dead_code, private_interfaces, unreachable_pub)]
        impl<const N: u8> #alias<N> {
            #constants

            #[doc = #query]
            #vis fn query() -> #krate::query::Query<#krate::expr::Whole<#ident>, (#alias<N>, ())> {
                #krate::query::entity_as::<#alias<N>>()
            }
        }
    }
}

/// `shown` is how the source is called in examples, where it has a name of its own.
fn constants(model: &Model, source: &TokenStream, shown: Option<&str>) -> TokenStream {
    let (krate, vis) = (&model.krate, &model.vis);
    let columns = model.columns.iter().enumerate().map(|(at, column)| {
        let (vis, name, ty, docs) = (
            &column.vis,
            names::constant(&column.ident),
            &column.ty,
            &column.docs,
        );
        let at = at as u16;
        let doc = format!(
            "The column `{}` of `{}`.",
            column.name.value, model.table.value
        );
        let gap = (!docs.is_empty()).then(|| quote! { #[doc = ""] });
        quote! {
            #[doc = #doc]
            #gap
            #(#docs)*
            #vis const #name: #krate::expr::Column<#source, #ty> = #krate::expr::Column::new(#at);
        }
    });
    let relations = model.relations.iter().map(|relation| {
        let name = names::constant(&relation.name);
        let (ty, info) = (
            relations::ty(model, relation, source),
            format_ident!("__{name}"),
        );
        let mut doc = relations::doc(model, relation);
        if let Some(plain) = shown {
            doc += &format!(" `.with({plain}::{name})` loads it, `db.related(handle, {plain}::{name})?` reads it.");
        }
        quote! {
            #[doc = #doc]
            #vis const #name: #ty = #krate::model::Relation::new(&#info);
        }
    });
    let mut all = format!(
        "All columns of `{}`: the whole row in a select list",
        model.table.value
    );
    all += &shown.map_or_else(
        || ".".to_owned(),
        |plain| format!(", `.select(({plain}::ALL, ..))`."),
    );
    quote! {
        #(#columns)*
        #(#relations)*
        #[doc = #all]
        #vis const ALL: #krate::expr::All<#source> = #krate::expr::All::new();
    }
}
