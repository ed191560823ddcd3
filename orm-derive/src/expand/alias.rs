//! The model's aliases, which are types without values:
//!
//! ```text
//! pub enum EmployeeAs<const N: u8> {}
//! impl<const N: u8> Source for EmployeeAs<N> { type Model = Employee; type Name = Numbered<N, ..>; const ALIAS: Option<u8> = Some(N); }
//! ```

use proc_macro2::TokenStream;
use quote::quote;

use super::{alias_name, private};
use crate::names;
use crate::parse::model::Model;

pub(super) fn types(model: &Model) -> TokenStream {
    let (vis, alias, plain) = (&model.vis, alias_name(model), names::plain(&model.ident));
    let doc = format!(
        "`{plain}` under another name, to have it in a query twice: `Aliased<{plain}, 1>`. Derived."
    );
    quote! {
        #[doc = #doc]
        #[allow(dead_code, non_camel_case_types, unreachable_pub)]
        #vis enum #alias<const N: u8> {}
    }
}

pub(super) fn impls(model: &Model) -> TokenStream {
    let (krate, ident, private, alias) = (
        &model.krate,
        &model.ident,
        private(model),
        alias_name(model),
    );
    quote! {
        #[automatically_derived]
        impl<const N: u8> #krate::model::Source for #alias<N> {
            type Model = #ident;
            type Name = #private::Numbered<N, <#ident as #krate::model::Source>::Name>;
            const ALIAS: #private::Option<u8> = #private::Option::Some(N);
        }

        #[automatically_derived]
        impl<const N: u8> #private::fmt::Debug for #alias<N> {
            fn fmt(&self, _: &mut #private::fmt::Formatter<'_>) -> #private::fmt::Result {
                match *self {}
            }
        }
    }
}
