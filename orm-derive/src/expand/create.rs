//! The builder, with a type parameter for each required column:
//!
//! ```text
//! pub struct ProductCreate<Name = Unset, Price = Unset> { new: Building<ProductDraft>, .. }
//!
//! impl<Name, Price> ProductCreate<Name, Price> {
//!     pub fn name(self, value: impl IntoColumn<String>) -> ProductCreate<Set, Price>
//!     where Name: MissingFor<Product> { .. }
//!     pub fn description(self, value: impl IntoColumn<Option<String>>) -> Self { .. }
//!     pub fn category(self, target: impl Nested<Category, OPTIONAL_TARGET>) -> ProductCreate<Name, Price> { .. }
//!     pub fn reviews<__Member: Nested<Review, { place(__reviews_via()) }>>(self, members: impl Several<__Member>) -> Self { .. }
//! }
//!
//! impl<Name, Price> Insertable for ProductCreate<Name, Price>
//! where Name: GivenFor<Product, product_columns::name_of_Product>, Price: GivenFor<Product, product_columns::price_of_Product> { .. }
//! impl<Name, Price> Nested<Product, TARGET> for ProductCreate<Name, Price> where /* the same */ { .. }
//! impl<Name, Price> Nested<Product, 0> for ProductCreate<Name, Price> where /* all but what `category`, at 0, gives */ { .. }
//! ```
//!
//! What is called `Name` here is `__Name` in the `impl`s, where a type of the user's might have the same name. The struct itself
//! mentions none, and rustc shows its parameters as they are called there: `ProductCreate<Name, Price>`.
//!
//! The types in `product_columns` stand in the compiler's message about a column that is missing. rustc shows a type without
//! its path where no other has its name, so they are called `name_of_Product`: a column's name alone is seldom unique. A trait
//! for each column with a message of its own would say `name`, but a module with `no_implicit_prelude` does not know the
//! attribute.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::{create_name, draft_name, private, relations};
use crate::names;
use crate::parse::field::Column;
use crate::parse::model::Model;
use crate::parse::relation::{BelongsTo, Kind, Relation, last};

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
        let mut taken = Vec::new();
        let columns = columns.map(|(_, column)| {
            // `kind` and `kind_` are two columns, and one name in this case.
            let mut name = names::pascal_case(&names::plain(&column.ident));
            while taken.contains(&name) {
                name.push('_');
            }
            taken.push(name.clone());
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

    /// The parameters as the struct calls them, which mentions next to no other name.
    fn shown(&self, model: &Model) -> Vec<Ident> {
        let draft = draft_name(model);
        let krate = model.krate.segments.first();
        let shown = self.columns.iter().map(|(_, parameter)| {
            let name = parameter.to_string();
            match syn::parse_str::<Ident>(name.trim_start_matches('_')) {
                Ok(name) if name != draft && krate.is_none_or(|krate| krate.ident != name) => name,
                _ => parameter.clone(),
            }
        });
        shown.collect()
    }

    /// The condition that every required column has a value, but for some that get theirs otherwise.
    fn given(&self, model: &Model, otherwise: &[Ident]) -> TokenStream {
        let (krate, ident, markers) = (&model.krate, &model.ident, &self.markers);
        let needed = self.columns.iter();
        let bounds = needed
            .filter(|(column, _)| !otherwise.contains(&column.ident))
            .map(|(column, parameter)| {
                let marker = marker(model, column);
                quote! { #parameter: #krate::model::GivenFor<#ident, #markers::#marker> }
            });
        quote! { where #(#bounds,)* }
    }

    /// The parameters once some of the columns have a value, and the condition that they had none before.
    fn after(&self, model: &Model, given: &[&Ident]) -> (Vec<TokenStream>, TokenStream) {
        let (krate, ident) = (&model.krate, &model.ident);
        let is_given = |column: &Column| given.iter().any(|field| **field == column.ident);
        let arguments = self.columns.iter().map(|(column, parameter)| {
            if is_given(column) {
                quote! { #krate::model::Set }
            } else {
                quote! { #parameter }
            }
        });
        let newly = self.columns.iter().filter(|(column, _)| is_given(column));
        let bounds =
            newly.map(|(_, parameter)| quote! { #parameter: #krate::model::MissingFor<#ident> });
        (arguments.collect(), quote! { where #(#bounds),* })
    }
}

/// The type that names a required column: `name_of_Product`.
fn marker(model: &Model, column: &Column) -> Ident {
    let (column, model) = (names::plain(&column.ident), names::plain(&model.ident));
    format_ident!("{column}_of_{model}")
}

pub(super) fn types(model: &Model) -> TokenStream {
    let (krate, vis, private) = (&model.krate, &model.vis, private(model));
    let (create, draft, required) = (create_name(model), draft_name(model), Required::of(model));
    let (parameters, markers) = (required.shown(model), &required.markers);
    let doc = format!(
        "A new `{}` on its way into a session. A type parameter is `Set` once its required column has a value. Derived.",
        names::plain(&model.ident)
    );
    let columns = required.columns.iter();
    let columns = columns.map(|(column, _)| marker(model, column));
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
            new: #private::Building<#draft>,
            given: #private::PhantomData<fn() -> (#(#parameters,)*)>,
        }

        #module
    }
}

pub(super) fn impls(model: &Model) -> TokenStream {
    let (krate, ident, private) = (&model.krate, &model.ident, private(model));
    let (create, required) = (create_name(model), Required::of(model));
    let parameters = required.parameters();
    let name = create.to_string();
    let columns = model
        .columns
        .iter()
        .filter(|column| column.computed.is_none());
    let columns = columns.map(|column| column_setter(model, &required, column));
    let relations = model.foreign_keys();
    let relations =
        relations.map(|(relation, key)| relation_setter(model, &required, relation, key));
    let has = model.relations.iter();
    let has = has.filter_map(|relation| nested_setter(model, relation));
    let complete = required.given(model, &[]);
    let nested = nested_impls(model, &required);
    quote! {
        #[allow(dead_code, private_bounds, private_interfaces, unreachable_pub)]
        impl<#(#parameters),*> #create<#(#parameters),*> {
            #(#columns)*
            #(#relations)*
            #(#has)*
        }

        #[automatically_derived]
        impl<#(#parameters),*> #krate::model::OfModel for #create<#(#parameters),*> {
            type Model = #ident;
        }

        #[automatically_derived]
        impl<#(#parameters),*> #krate::model::Insertable for #create<#(#parameters),*>
        #complete
        {
            fn into_new(self) -> #krate::model::New<#ident> {
                self.new.into_new()
            }
        }

        #nested

        #[automatically_derived]
        impl #private::Default for #create {
            fn default() -> Self {
                #create {
                    new: #private::Default::default(),
                    given: #private::PhantomData,
                }
            }
        }

        #[automatically_derived]
        impl<#(#parameters),*> #private::Clone for #create<#(#parameters),*> {
            fn clone(&self) -> Self {
                #create {
                    new: #private::Clone::clone(&self.new),
                    given: #private::PhantomData,
                }
            }
        }

        #[automatically_derived]
        impl<#(#parameters),*> #private::fmt::Debug for #create<#(#parameters),*> {
            fn fmt(&self, f: &mut #private::fmt::Formatter<'_>) -> #private::fmt::Result {
                #private::debug_builder(f, #name, &self.new)
            }
        }
    }
}

fn column_setter(model: &Model, required: &Required<'_>, column: &Column) -> TokenStream {
    let (krate, private, create) = (&model.krate, private(model), create_name(model));
    let (vis, field, ty, docs) = (&column.vis, &column.ident, &column.ty, &column.docs);
    let gap = (!docs.is_empty()).then(|| quote! { #[doc = ""] });
    let give = quote! { #private::give(&mut self.new.draft.#field, value); };
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
                #give
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
            #give
            #create { new: self.new, given: #private::PhantomData }
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
        "Sets the relationship `{constant}`, and with it {}: a handle, or a new `{}`.",
        names::list(&columns),
        last(&target),
    );
    let place = if relations::is_nullable(model, key) {
        quote! { OPTIONAL_TARGET }
    } else {
        quote! { TARGET }
    };
    let given: Vec<&Ident> = key.columns.iter().collect();
    let (arguments, bounds) = required.after(model, &given);
    quote! {
        #[doc = #doc]
        #vis fn #name(
            mut self,
            target: impl #krate::model::Nested<#target, { #krate::model::#place }>,
        ) -> #create<#(#arguments),*>
        #bounds
        {
            self.new.link(#ident::#constant.info(), target);
            #create { new: self.new, given: #private::PhantomData }
        }
    }
}

/// The method of a relationship whose foreign key is elsewhere.
fn nested_setter(model: &Model, relation: &Relation) -> Option<TokenStream> {
    let (krate, vis, ident, private) = (&model.krate, &model.vis, &model.ident, private(model));
    let (name, constant) = (&relation.name, names::constant(&relation.name));
    let target = relations::target(model, &relation.target);
    let place = match &relation.kind {
        _ if relation.is_read_only() => return None,
        Kind::BelongsTo(_) => return None,
        Kind::ManyToMany { .. } => quote! { #krate::model::TARGET },
        // Of a model with a mistake the other side is not looked at.
        _ if model.broken => quote! { #krate::model::TARGET },
        Kind::HasMany(_) | Kind::HasOne(_) => {
            let via = relations::via_name(relation);
            quote! { #private::place(#via()) }
        }
    };
    let info = quote! { #ident::#constant.info() };
    let nested = quote! { #krate::model::Nested<#target, { #place }> };
    let target_name = last(&target);
    Some(if let Kind::HasOne(_) = &relation.kind {
        let doc =
            format!("Sets the relationship `{constant}`: a handle, or a new `{target_name}`.");
        quote! {
            #[doc = #doc]
            #vis fn #name(mut self, target: impl #nested) -> Self {
                self.new.link(#info, target);
                self
            }
        }
    } else {
        let doc = format!(
            "Adds to the relationship `{constant}`: handles, or each a new `{target_name}`. May be called several times."
        );
        quote! {
            #[doc = #doc]
            #vis fn #name<__Member: #nested>(mut self, members: impl #krate::model::Several<__Member>) -> Self {
                self.new.members(#info, members);
                self
            }
        }
    })
}

/// Where the builder and the row can stand among what another builder's relationships lead to.
fn nested_impls(model: &Model, required: &Required<'_>) -> TokenStream {
    let (krate, ident, private) = (&model.krate, &model.ident, private(model));
    let (create, parameters) = (create_name(model), required.parameters());
    let row = quote! {
        #[automatically_derived]
        impl<const PLACE: u16> #krate::model::Nested<#ident, PLACE> for #ident {
            fn into_end(self) -> #krate::model::LinkEnd {
                #krate::model::LinkEnd::New(#private::Into::into(#krate::model::Insertable::into_new(self)))
            }
        }
    };
    if model.broken {
        // Nothing is required, whatever the place.
        return quote! {
            #row
            #[automatically_derived]
            impl<const PLACE: u16> #krate::model::Nested<#ident, PLACE> for #create {
                fn into_end(self) -> #krate::model::LinkEnd { #private::never() }
            }
        };
    }
    let targets = [quote! { TARGET }, quote! { OPTIONAL_TARGET }];
    let targets = targets.into_iter().map(|place| {
        (
            quote! { { #krate::model::#place } },
            required.given(model, &[]),
        )
    });
    let relations = model.relations.iter().enumerate();
    let children = relations.filter_map(|(at, relation)| match &relation.kind {
        Kind::BelongsTo(key) => {
            let at = at as u16;
            Some((quote! { #at }, required.given(model, &key.columns)))
        }
        _ => None,
    });
    let impls = targets.chain(children).map(|(place, bounds)| {
        quote! {
            #[automatically_derived]
            impl<#(#parameters),*> #krate::model::Nested<#ident, #place> for #create<#(#parameters),*>
            #bounds
            {
                fn into_end(self) -> #krate::model::LinkEnd {
                    self.new.into_end()
                }
            }
        }
    });
    quote! { #row #(#impls)* }
}
