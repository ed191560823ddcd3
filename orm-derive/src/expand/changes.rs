//! A set of changes:
//!
//! ```text
//! impl Changes for ProductPatch {
//!     type Model = Product;
//!     fn apply(self, row: &mut Product) {
//!         change(&mut row.name, self.name);
//!         ..
//!     }
//! }
//! impl ChangesOf<Product> for ProductPatch {}
//! ```

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use crate::parse::row::Changes;

/// Everything that `#[derive(Changes)]` makes; nothing, if the model isn't known.
pub(crate) fn changes(changes: &Changes) -> TokenStream {
    let Some(model) = &changes.model else {
        return TokenStream::new();
    };
    let (krate, ident) = (&changes.krate, &changes.ident);
    let private = quote! { #krate::__private };
    let steps = changes.fields.iter().map(|change| {
        let (mut field, target) = (change.ident.clone(), &change.target);
        // A value of another type than the model's field is a mistake in the type that is written here.
        field.set_span(change.ty.span().resolved_at(field.span()));
        let value = quote_spanned! { change.ty.span() => self.#field };
        quote! { #private::change(&mut row.#target, #value); }
    });
    quote! {
        const _: () = {
            #[automatically_derived]
            impl #krate::model::Changes for #ident {
                type Model = #model;

                fn apply(self, row: &mut #model) {
                    #(#steps)*
                }
            }
            #[automatically_derived]
            impl #krate::model::ChangesOf<#model> for #ident {}
        };
    }
}
