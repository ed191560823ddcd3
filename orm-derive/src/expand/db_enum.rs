//! A native PostgreSQL enum:
//!
//! ```text
//! impl DbEnum for OrderStatus {
//!     const NAME: &'static str = "order_status";
//!     const LABELS: &'static [&'static str] = &["pending", "shipped"];
//!     fn label(self) -> &'static str { match self { OrderStatus::Pending => "pending", .. } }
//!     fn from_label(label: &str) -> Option<Self> { match label { "pending" => Some(OrderStatus::Pending), .. } }
//! }
//! impl SqlType for OrderStatus { /* calls of encode_enum and decode_enum */ }
//! ```

use proc_macro2::TokenStream;
use quote::quote;

use crate::parse::enumeration::DbEnum;

/// Everything that `#[derive(DbEnum)]` makes.
pub(crate) fn db_enum(described: &DbEnum) -> TokenStream {
    let (krate, ident, name) = (&described.krate, &described.ident, &described.name.value);
    let private = quote! { #krate::__private };
    let variants: Vec<_> = described
        .variants
        .iter()
        .map(|(variant, _)| variant)
        .collect();
    let labels: Vec<_> = described
        .variants
        .iter()
        .map(|(_, label)| &label.value)
        .collect();
    let schema = super::some(
        &private,
        described.schema.as_ref().map(|schema| &schema.value),
    );
    quote! {
        const _: () = {
            #[automatically_derived]
            impl #krate::types::DbEnum for #ident {
                const NAME: &'static str = #name;
                const LABELS: &'static [&'static str] = &[#(#labels),*];

                fn label(self) -> &'static str {
                    match self {
                        #(#ident::#variants => #labels,)*
                    }
                }

                fn from_label(label: &str) -> #private::Option<Self> {
                    match label {
                        #(#labels => #private::Option::Some(#ident::#variants),)*
                        _ => #private::Option::None,
                    }
                }
            }

            #[automatically_derived]
            impl #krate::types::SqlType for #ident {
                type Base = #ident;
                type Nullify<U: #krate::types::SqlType> = U;
                const TYPE: &'static #krate::types::PgType = &#krate::types::enum_type(
                    #name,
                    #schema,
                    &[#(#labels),*],
                );

                fn encode(&self, out: &mut #private::BytesMut) -> bool {
                    #krate::types::encode_enum(#private::Clone::clone(self), out)
                }

                fn decode(raw: #krate::types::Raw<'_>) -> #private::Result<Self, #krate::types::DecodeError> {
                    #krate::types::decode_enum(raw)
                }

                fn same(&self, other: &Self) -> bool {
                    #private::same_variant(self, other)
                }
            }

        };
    }
}
