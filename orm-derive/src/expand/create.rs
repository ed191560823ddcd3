//! The builder, with a type parameter for each required column:
//!
//! ```text
//! pub struct ProductCreate<Name = Unset, Price = Unset> { draft: ProductDraft, links: Vec<DraftLink>, .. }
//!
//! impl<Name, Price> ProductCreate<Name, Price> {
//!     pub fn name(self, value: impl IntoColumn<String>) -> ProductCreate<Set, Price>
//!     where Name: MissingFor<Product, product_columns::name> { .. }
//!     pub fn description(self, value: impl IntoColumn<Option<String>>) -> Self { .. }
//!     pub fn category(self, target: impl Into<Option<Handle<Category>>>) -> ProductCreate<Name, Price> { .. }
//! }
//!
//! impl<Name, Price> Insertable for ProductCreate<Name, Price>
//! where Name: GivenFor<Product, product_columns::name>, Price: GivenFor<Product, product_columns::price> { .. }
//! ```
//!
//! The types in `product_columns` have the columns' names, and stand in the compiler's message about one that is missing.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::{create_name, draft_name, private, relations};
use crate::names;
use crate::parse::field::Column;
use crate::parse::model::Model;
use crate::parse::relation::{BelongsTo, Relation};

/// The required columns, each with its type parameter, and the module of their markers.
struct Required<'a> {
    columns: Vec<(&'a Column, Ident)>,
    markers: Ident,
}

impl<'a> Required<'a> {
    /// Of a model whose derive has reported a mistake nothing is required.
    fn of(model: &'a Model) -> Self {
        let columns = model.columns.iter().enumerate();
        let columns = columns.filter(|(at, _)| !model.broken && model.is_required(*at));
        let columns = columns.map(|(_, column)| {
            let name = names::pascal_case(&names::plain(&column.ident));
            (column, format_ident!("__{name}"))
        });
        Required {
            columns: columns.collect(),
            markers: format_ident!("{}_columns", names::snake_case(&names::plain(&model.ident))),
        }
    }

    fn parameters(&self) -> Vec<&Ident> {
        self.columns
            .iter()
            .map(|(_, parameter)| parameter)
            .collect()
    }

    /// The parameters once some of the columns have a value, and the condition that they had none before.
    fn after(&self, model: &Model, given: &[&Ident]) -> (Vec<TokenStream>, TokenStream) {
        let (krate, ident, markers) = (&model.krate, &model.ident, &self.markers);
        let is_given = |column: &Column| given.iter().any(|field| **field == column.ident);
        let arguments = self.columns.iter().map(|(column, parameter)| {
            if is_given(column) {
                quote! { #krate::model::Set }
            } else {
                quote! { #parameter }
            }
        });
        let newly = self.columns.iter().filter(|(column, _)| is_given(column));
        let bounds = newly.map(|(column, parameter)| {
            let marker = &column.ident;
            quote! { #parameter: #krate::model::MissingFor<#ident, #markers::#marker> }
        });
        (arguments.collect(), quote! { where #(#bounds),* })
    }
}

pub(super) fn types(model: &Model) -> TokenStream {
    let (krate, vis, private) = (&model.krate, &model.vis, private(model));
    let (create, draft, required) = (create_name(model), draft_name(model), Required::of(model));
    let (parameters, markers) = (required.parameters(), &required.markers);
    let doc = format!(
        "A new `{}` on its way into a session. A type parameter is `Set` once its required column has a value. Derived.",
        names::plain(&model.ident)
    );
    let columns = required.columns.iter().map(|(column, _)| &column.ident);
    let module = (!parameters.is_empty()).then(|| {
        quote! {
            #[doc(hidden)]
            #[allow(non_camel_case_types, dead_code, unreachable_pub, missing_debug_implementations)]
            #vis mod #markers {
                #(pub enum #columns {})*
            }
        }
    });
    quote! {
        #[doc = #doc]
        #[must_use = "it has to be given to a session: `db.add(..)`"]
        #[allow(dead_code, non_camel_case_types, private_interfaces, unreachable_pub)]
        #vis struct #create<#(#parameters = #krate::model::Unset),*> {
            draft: #draft,
            links: #private::Vec<#krate::model::DraftLink>,
            given: #private::PhantomData<fn() -> (#(#parameters,)*)>,
        }

        #module
    }
}

pub(super) fn impls(model: &Model) -> TokenStream {
    let (krate, ident, private) = (&model.krate, &model.ident, private(model));
    let (create, required) = (create_name(model), Required::of(model));
    let (parameters, markers) = (required.parameters(), &required.markers);
    let name = create.to_string();
    let columns = model
        .columns
        .iter()
        .filter(|column| column.computed.is_none());
    let columns = columns.map(|column| column_setter(model, &required, column));
    let relations = model.foreign_keys();
    let relations =
        relations.map(|(relation, key)| relation_setter(model, &required, relation, key));
    let bounds = required.columns.iter().map(|(column, parameter)| {
        let marker = &column.ident;
        quote! { #parameter: #krate::model::GivenFor<#ident, #markers::#marker> }
    });
    quote! {
        #[allow(dead_code, private_interfaces, unreachable_pub)]
        impl<#(#parameters),*> #create<#(#parameters),*> {
            #(#columns)*
            #(#relations)*
        }

        #[automatically_derived]
        impl<#(#parameters),*> #krate::model::OfModel for #create<#(#parameters),*> {
            type Model = #ident;
        }

        #[automatically_derived]
        impl<#(#parameters),*> #krate::model::Insertable for #create<#(#parameters),*>
        where
            #(#bounds,)*
        {
            fn into_new(self) -> #krate::model::New<#ident> {
                let mut draft = self.draft;
                #krate::model::Draft::apply_defaults(&mut draft);
                #krate::model::New { draft, links: self.links }
            }
        }

        #[automatically_derived]
        impl #private::Default for #create {
            fn default() -> Self {
                #create {
                    draft: #private::Default::default(),
                    links: #private::Vec::new(),
                    given: #private::PhantomData,
                }
            }
        }

        #[automatically_derived]
        impl<#(#parameters),*> #private::Clone for #create<#(#parameters),*> {
            fn clone(&self) -> Self {
                #create {
                    draft: #private::Clone::clone(&self.draft),
                    links: #private::Clone::clone(&self.links),
                    given: #private::PhantomData,
                }
            }
        }

        #[automatically_derived]
        impl<#(#parameters),*> #private::fmt::Debug for #create<#(#parameters),*> {
            fn fmt(&self, f: &mut #private::fmt::Formatter<'_>) -> #private::fmt::Result {
                f.debug_struct(#name).field("draft", &self.draft).field("links", &self.links).finish()
            }
        }
    }
}

fn column_setter(model: &Model, required: &Required<'_>, column: &Column) -> TokenStream {
    let (krate, private, create) = (&model.krate, private(model), create_name(model));
    let (vis, field, ty, docs) = (&column.vis, &column.ident, &column.ty, &column.docs);
    let gap = (!docs.is_empty()).then(|| quote! { #[doc = ""] });
    let value =
        quote! { #private::Option::Some(#krate::model::IntoColumn::<#ty>::into_column(value)) };
    if !required
        .columns
        .iter()
        .any(|(other, _)| other.ident == column.ident)
    {
        let doc = format!("Gives the column `{}` a value.", column.name.value);
        return quote! {
            #[doc = #doc]
            #gap
            #(#docs)*
            #vis fn #field(mut self, value: impl #krate::model::IntoColumn<#ty>) -> Self {
                self.draft.#field = #value;
                self
            }
        };
    }
    let doc = format!(
        "Gives the column `{}` its value, which is required.",
        column.name.value
    );
    let (arguments, bounds) = required.after(model, &[field]);
    quote! {
        #[doc = #doc]
        #gap
        #(#docs)*
        #vis fn #field(mut self, value: impl #krate::model::IntoColumn<#ty>) -> #create<#(#arguments),*>
        #bounds
        {
            self.draft.#field = #value;
            #create { draft: self.draft, links: self.links, given: #private::PhantomData }
        }
    }
}

fn relation_setter(
    model: &Model,
    required: &Required<'_>,
    relation: &Relation,
    key: &BelongsTo,
) -> TokenStream {
    let (krate, vis, ident, private) = (&model.krate, &model.vis, &model.ident, private(model));
    let create = create_name(model);
    let (name, constant) = (&relation.name, names::constant(&relation.name));
    let target = relations::target(model, &relation.target);
    let columns: Vec<String> = key.columns.iter().map(names::plain).collect();
    let doc = format!(
        "Sets the relationship `{constant}`, and with it {}. The target may be new itself.",
        names::list(&columns)
    );
    let handle = quote! { #krate::model::Handle<#target> };
    let (argument, value) = if relations::is_nullable(model, key) {
        (
            quote! { impl #private::Into<#private::Option<#handle>> },
            quote! { #private::Into::into(target) },
        )
    } else {
        (handle, quote! { #private::Option::Some(target) })
    };
    let given: Vec<&Ident> = key.columns.iter().collect();
    let (arguments, bounds) = required.after(model, &given);
    quote! {
        #[doc = #doc]
        #vis fn #name(mut self, target: #argument) -> #create<#(#arguments),*>
        #bounds
        {
            self.links.push(#krate::model::DraftLink::new::<#target>(#ident::#constant.info(), #value));
            #create { draft: self.draft, links: self.links, given: #private::PhantomData }
        }
    }
}
