//! The relationships' descriptions, and what the compiler has to check of them:
//!
//! ```text
//! // belongs_to(category: Category) on category_id: Option<i32>
//! static __CATEGORY: RelationInfo = RelationInfo {
//!     name: "CATEGORY",
//!     from: &__TABLE,
//!     to: target::<Category, Option<i32>>(),         // Option<i32>: RefersTo<<Category as Model>::Key>
//!     kind: RelationKind::BelongsTo(ForeignKey { columns: &[5], .. }),
//!     ..
//! };
//! impl LinksTo<Category> for Product { const LINK: &RelationInfo = &__CATEGORY; }
//!
//! // has_many(products: Product, via = category)
//! const _: () = leads_back::<Product, Category, _>(&Product::CATEGORY);
//! const _: () = is_belongs_to(Product::CATEGORY.info());
//! static __PRODUCTS: RelationInfo = RelationInfo {
//!     to: Product::CATEGORY.info().from,
//!     kind: RelationKind::HasMany { via: Product::CATEGORY.info() },
//!     ..
//! };
//! ```

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::{Path, Type};

use super::{position, private, some};
use crate::names;
use crate::parse::model::Model;
use crate::parse::relation::{BelongsTo, Has, Kind, OnDelete, Relation, last};

pub(super) fn statics(model: &Model) -> TokenStream {
    let relations = model.relations.iter().enumerate();
    let statics = relations.map(|(at, relation)| description(model, at as u16, relation));
    quote! { #(#statics)* }
}

fn description(model: &Model, index: u16, relation: &Relation) -> TokenStream {
    let krate = &model.krate;
    let constant = names::constant(&relation.name);
    let (info, name) = (format_ident!("__{constant}"), constant.to_string());
    let target = target(model, &relation.target);
    let (checks, to, kind) = match &relation.kind {
        Kind::BelongsTo(key) => belongs_to(model, key, &target),
        Kind::HasMany(has) => has_via(model, has, &target, &quote! { HasMany }),
        Kind::HasOne(has) => has_via(model, has, &target, &quote! { HasOne }),
        Kind::ManyToMany { through, via } => many_to_many(model, &target, through, via.as_ref()),
    };
    let (delete, delete_orphan, passive_deletes) = match &relation.kind {
        Kind::HasMany(has) | Kind::HasOne(has) => {
            (has.delete, has.delete_orphan, has.passive_deletes)
        }
        _ => (false, false, false),
    };
    quote! {
        #checks
        static #info: #krate::model::RelationInfo = #krate::model::RelationInfo {
            name: #name,
            index: #index,
            from: &__TABLE,
            to: #to,
            kind: #krate::model::RelationKind::#kind,
            cascade: #krate::model::Cascade {
                delete: #delete,
                delete_orphan: #delete_orphan,
                passive_deletes: #passive_deletes,
            },
        };
    }
}

/// The checks, the target's table, and the kind.
type Parts = (TokenStream, TokenStream, TokenStream);

fn belongs_to(model: &Model, key: &BelongsTo, target: &Path) -> Parts {
    let (krate, private) = (&model.krate, private(model));
    let columns = key.columns.iter().map(|field| position(model, field));
    let fields = key.columns.iter().filter_map(|field| model.position(field));
    // A key of several columns is compared as a whole, whichever of them can be NULL.
    let types: Vec<&Type> = fields
        .map(|at| &model.columns[at])
        .map(|column| {
            if key.columns.len() == 1 {
                &column.ty
            } else {
                &column.base
            }
        })
        .collect();
    let references = key.references.as_ref().map(|references| {
        let columns = references.iter().zip(&types).map(|(there, ty)| {
            let constant = names::constant(there);
            quote! { #private::refers::<#ty, _, _>(&#target::#constant) }
        });
        quote! { &[#(#columns),*] }
    });
    let to = match (&references, types.as_slice()) {
        (Some(_), _) => quote! { <#target as #krate::model::Model>::TABLE },
        (None, [ty]) => quote! { #private::target::<#target, #ty>() },
        (None, types) => quote! { #private::target::<#target, (#(#types,)*)>() },
    };
    let references = some(&private, references);
    let on_delete = match key.on_delete.as_ref().map(|on_delete| on_delete.value) {
        None | Some(OnDelete::NoAction) => quote! { NoAction },
        Some(OnDelete::Restrict) => quote! { Restrict },
        Some(OnDelete::Cascade) => quote! { Cascade },
        Some(OnDelete::SetNull) => quote! { SetNull },
        Some(OnDelete::SetDefault) => quote! { SetDefault },
    };
    let deferred = key.deferred;
    let kind = quote! {
        BelongsTo(#krate::model::ForeignKey {
            columns: &[#(#columns),*],
            references: #references,
            on_delete: #krate::model::OnDelete::#on_delete,
            deferred: #deferred,
        })
    };
    (TokenStream::new(), to, kind)
}

fn has_via(model: &Model, has: &Has, target: &Path, kind: &TokenStream) -> Parts {
    let checks = check_link(model, target, &has.via, &model.ident.clone().into());
    let via = names::constant(&has.via);
    (
        checks,
        quote! { #target::#via.info().from },
        quote! { #kind { via: #target::#via.info() } },
    )
}

fn many_to_many(
    model: &Model,
    target: &Path,
    through: &Path,
    via: Option<&(Ident, Ident)>,
) -> Parts {
    let (krate, ident) = (&model.krate, &model.ident);
    let link = |to: TokenStream| quote! { <#through as #krate::model::LinksTo<#to>>::LINK };
    let (checks, near, far) = match via {
        None => (
            TokenStream::new(),
            link(quote! { #ident }),
            link(quote! { #target }),
        ),
        Some((near, far)) => {
            let near_check = check_link(model, through, near, &ident.clone().into());
            let far_check = check_link(model, through, far, target);
            let (near, far) = (names::constant(near), names::constant(far));
            (
                quote! { #near_check #far_check },
                quote! { #through::#near.info() },
                quote! { #through::#far.info() },
            )
        }
    };
    (
        checks,
        quote! { #far.to },
        quote! { ManyToMany { near: #near, far: #far } },
    )
}

/// `via` has to be a `belongs_to` of the model there that leads to the model here.
fn check_link(model: &Model, there: &Path, via: &Ident, here: &Path) -> TokenStream {
    let private = private(model);
    let via = names::constant(via);
    quote! {
        const _: () = #private::leads_back::<#there, #here, _>(&#there::#via);
        const _: () = #private::is_belongs_to(#there::#via.info());
    }
}

/// For each model that exactly one `belongs_to` leads to, that one. Two paths that look different count as two models.
pub(super) fn impls(model: &Model) -> TokenStream {
    let (krate, ident) = (&model.krate, &model.ident);
    let keys = model.foreign_keys();
    let keys: Vec<_> = keys
        .map(|(relation, _)| (relation, target(model, &relation.target)))
        .collect();
    let alone = |to: &Path| keys.iter().filter(|(_, other)| same(to, other)).count() == 1;
    let impls = keys
        .iter()
        .filter(|(_, to)| alone(to))
        .map(|(relation, to)| {
            let info = format_ident!("__{}", names::constant(&relation.name));
            quote! {
                #[automatically_derived]
                impl #krate::model::LinksTo<#to> for #ident {
                    const LINK: &'static #krate::model::RelationInfo = &#info;
                }
            }
        });
    quote! { #(#impls)* }
}

fn same(a: &Path, b: &Path) -> bool {
    quote!(#a).to_string() == quote!(#b).to_string()
}

/// The model that a relationship leads to; `Self` by its name, since the code stands where `Self` means nothing.
pub(super) fn target(model: &Model, target: &Path) -> Path {
    if target.is_ident("Self") {
        model.ident.clone().into()
    } else {
        target.clone()
    }
}

/// Whether the foreign key can be NULL.
pub(super) fn is_nullable(model: &Model, key: &BelongsTo) -> bool {
    let mut columns = key.columns.iter().filter_map(|field| model.position(field));
    columns.any(|at| model.columns[at].nullable)
}

/// `Relation<Product, Category, OptionalOne>`
pub(super) fn ty(model: &Model, relation: &Relation, source: &TokenStream) -> TokenStream {
    let krate = &model.krate;
    let target = target(model, &relation.target);
    let to = if model.is_self(&relation.target) {
        quote! { #krate::model::Itself<#target> }
    } else {
        quote! { #target }
    };
    let shape = match &relation.kind {
        Kind::BelongsTo(key) if is_nullable(model, key) => quote! { OptionalOne },
        Kind::BelongsTo(_) => quote! { One },
        Kind::HasOne(_) => quote! { OptionalOne },
        Kind::HasMany(_) => quote! { Many },
        Kind::ManyToMany { .. } => quote! { ManyThrough },
    };
    quote! { #krate::model::Relation<#source, #to, #krate::model::#shape> }
}

/// The documentation of the constant.
pub(super) fn doc(model: &Model, relation: &Relation) -> String {
    let (name, target) = (
        names::plain(&relation.name),
        last(&target(model, &relation.target)),
    );
    match &relation.kind {
        Kind::BelongsTo(key) => {
            let columns: Vec<String> = key.columns.iter().map(names::plain).collect();
            let one = if is_nullable(model, key) {
                "The one, or none,"
            } else {
                "The one"
            };
            format!(
                "{one} `{target}` that {} leads to: `{name}`.",
                names::list(&columns)
            )
        }
        Kind::HasMany(has) => {
            format!(
                "Each `{target}` whose `{}` is this one: `{name}`.",
                names::plain(&has.via)
            )
        }
        Kind::HasOne(has) => {
            format!(
                "The one `{target}`, or none, whose `{}` is this one: `{name}`.",
                names::plain(&has.via)
            )
        }
        Kind::ManyToMany { through, .. } => {
            format!(
                "Each `{target}` that a `{}` links this one to: `{name}`.",
                last(through)
            )
        }
    }
}
