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
//! trait __Otherwise { const ALL: NotAModel = NotAModel; const CATEGORY: NothingOfThisName = NothingOfThisName; }
//! impl<T> __Otherwise for T {}
//! const fn __products_via() -> &'static RelationInfo {
//!     mark(&<Product>::ALL).leads_back::<Product, Category, _>(&<Product>::CATEGORY);
//!     <Product>::CATEGORY.__via()
//! }
//! static __PRODUCTS: RelationInfo = RelationInfo {
//!     to: <Product as Model>::TABLE,
//!     kind: RelationKind::HasMany { via: __products_via() },
//!     ..
//! };
//! ```

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Path, Type};

use super::{link_table, position, private, private_at, some};
use crate::names;
use crate::parse::link::Link;
use crate::parse::model::Model;
use crate::parse::relation::{BelongsTo, Has, Kind, OnDelete, Relation, last};

pub(super) fn statics(model: &Model) -> TokenStream {
    let relations = model.relations.iter().enumerate();
    let statics = relations.map(|(at, relation)| description(model, at as u16, relation));
    let otherwise = otherwise(model);
    quote! {
        #otherwise
        #(#statics)*
    }
}

/// What `via` means where there is nothing of this name: without it rustc would say so of a constant that the user has not
/// written.
fn otherwise(model: &Model) -> Option<TokenStream> {
    let (krate, mut names) = (&model.krate, Vec::new());
    for relation in &model.relations {
        match &relation.kind {
            Kind::HasMany(has) | Kind::HasOne(has) => names.push(names::constant(&has.via)),
            Kind::ManyToMany { link, .. } => match link {
                Link::Model {
                    via: Some((near, far)),
                    ..
                } => names.extend([names::constant(near), names::constant(far)]),
                Link::OtherSide(via) => names.push(names::constant(via)),
                Link::Model { via: None, .. } | Link::Table(_) => {}
            },
            Kind::BelongsTo(_) => {}
        }
    }
    names.sort();
    names.dedup();
    names.retain(|name| name != "ALL");
    (!names.is_empty()).then(|| {
        quote! {
            #[allow(dead_code)]
            trait __Otherwise {
                const ALL: #krate::model::NotAModel = #krate::model::NotAModel;
                #(const #names: #krate::model::NothingOfThisName = #krate::model::NothingOfThisName;)*
            }
            impl<T> __Otherwise for T {}
        }
    })
}

fn description(model: &Model, index: u16, relation: &Relation) -> TokenStream {
    let krate = &model.krate;
    let constant = names::constant(&relation.name);
    let (info, name) = (format_ident!("__{constant}"), constant.to_string());
    let target = target(model, &relation.target);
    let (checks, to, kind) = match &relation.kind {
        Kind::BelongsTo(key) => belongs_to(model, key, &target),
        Kind::HasMany(has) => has_via(model, relation, has, &quote! { HasMany }),
        Kind::HasOne(has) => has_via(model, relation, has, &quote! { HasOne }),
        Kind::ManyToMany { link, .. } => many_to_many(model, relation, link),
    };
    let (delete, delete_orphan, passive_deletes) = match &relation.kind {
        Kind::HasMany(has) | Kind::HasOne(has) => {
            (has.delete, has.delete_orphan, has.passive_deletes)
        }
        _ => (false, false, false),
    };
    let members = members(model, relation, &target);
    quote! {
        #checks
        static #info: #krate::model::RelationInfo = #krate::model::RelationInfo {
            name: #name,
            index: #index,
            from: &__TABLE,
            to: #to,
            kind: #kind,
            cascade: #krate::model::Cascade {
                delete: #delete,
                delete_orphan: #delete_orphan,
                passive_deletes: #passive_deletes,
            },
            members: #members,
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
            let private = private_at(model, there.span());
            let check = quote_spanned! { there.span() => #private::refers::<#ty, #target, _> };
            column_there(model, target, there, &check)
        });
        quote! { &[#(#columns),*] }
    });
    let to = match (&references, types.as_slice()) {
        (Some(_), _) => quote! { <#target as #krate::model::Model>::TABLE },
        (None, [ty]) => {
            let private = private_at(model, target.span());
            quote_spanned! { target.span() => #private::target::<#target, #ty>() }
        }
        (None, types) => {
            let private = private_at(model, target.span());
            quote_spanned! { target.span() => #private::target::<#target, (#(#types,)*)>() }
        }
    };
    let references = some(&private, references);
    let on_delete = on_delete(key.on_delete.as_ref().map(|on_delete| on_delete.value));
    let deferred = key.deferred;
    let kind = quote! {
        #krate::model::RelationKind::BelongsTo(#krate::model::ForeignKey {
            columns: &[#(#columns),*],
            references: #references,
            on_delete: #krate::model::OnDelete::#on_delete,
            deferred: #deferred,
        })
    };
    (TokenStream::new(), to, kind)
}

fn has_via(model: &Model, relation: &Relation, has: &Has, kind: &TokenStream) -> Parts {
    let (krate, there) = (&model.krate, target(model, &relation.target));
    let name = via_name(relation);
    let link = link(model, &name, &there, &has.via, &model.ident.clone().into());
    (
        link,
        quote_spanned! { there.span() => <#there as #krate::model::Model>::TABLE },
        quote! { #krate::model::RelationKind::#kind { via: #name() } },
    )
}

/// The function that gives what `via` of a `has_many` or `has_one` names.
pub(super) fn via_name(relation: &Relation) -> Ident {
    format_ident!("__{}_via", names::plain(&relation.name))
}

/// The variant of `OnDelete`.
pub(super) fn on_delete(on_delete: Option<OnDelete>) -> TokenStream {
    match on_delete {
        None | Some(OnDelete::NoAction) => quote! { NoAction },
        Some(OnDelete::Restrict) => quote! { Restrict },
        Some(OnDelete::Cascade) => quote! { Cascade },
        Some(OnDelete::SetNull) => quote! { SetNull },
        Some(OnDelete::SetDefault) => quote! { SetDefault },
    }
}

fn many_to_many(model: &Model, relation: &Relation, between: &Link) -> Parts {
    let (krate, here) = (&model.krate, Path::from(model.ident.clone()));
    let target = target(model, &relation.target);
    let (checks, near, far) = match between {
        Link::Table(table) => {
            let (statics, near, far) = link_table::statics(model, relation, table);
            (statics, quote! { &#near }, quote! { &#far })
        }
        Link::OtherSide(via) => return other_side(model, relation, via, &target),
        Link::Model { through, via: None } => {
            let only = |to: &Path| quote! { <#through as #krate::model::LinksTo<#to>>::LINK };
            (TokenStream::new(), only(&here), only(&target))
        }
        Link::Model {
            through,
            via: Some((near, far)),
        } => {
            let name = names::plain(&relation.name);
            let (near_name, far_name) = (
                format_ident!("__{name}_near"),
                format_ident!("__{name}_far"),
            );
            let near = link(model, &near_name, through, near, &here);
            let far = link(model, &far_name, through, far, &target);
            (
                quote! { #near #far },
                quote! { #near_name() },
                quote! { #far_name() },
            )
        }
    };
    let to = match between {
        Link::Table(_) => quote! { <#target as #krate::model::Model>::TABLE },
        _ => quote! { #far.to },
    };
    (
        checks,
        to,
        quote! { #krate::model::RelationKind::ManyToMany { near: #near, far: #far } },
    )
}

/// The other side of a `many_to_many` that the target declares: its two ends, exchanged.
fn other_side(model: &Model, relation: &Relation, via: &Ident, target: &Path) -> Parts {
    let (krate, here) = (&model.krate, &model.ident);
    let name = via_name(relation);
    let (span, private) = (via.span(), private_at(model, via.span()));
    let via = names::constant(via);
    let own = shape(model, relation);
    let own = quote! { #krate::model::#own };
    let links_back = quote_spanned! { span => #private::links_back::<#target, #here, #own, _>(&<#target>::#via) };
    let private = super::private(model);
    let checks = quote! {
        const fn #name() -> &'static #krate::model::RelationInfo {
            #links_back;
            <#target>::#via.__via()
        }
    };
    (
        checks,
        quote! { #name().from },
        quote! { #private::other_side(#name()) },
    )
}

/// Which members, and in which order.
fn members(model: &Model, relation: &Relation, target: &Path) -> TokenStream {
    let krate = &model.krate;
    let Some(members) = relation.members() else {
        return quote! { #krate::model::Members::ALL };
    };
    if members.order_by.is_empty() && members.filter.is_none() && !members.read_only {
        return quote! { #krate::model::Members::ALL };
    }
    let order_by = members.order_by.iter().map(|part| {
        let (span, descending) = (part.column.span(), part.descending);
        let private = private_at(model, span);
        let check = quote_spanned! { span => #private::field::<#target, _> };
        let column = column_there(model, target, &part.column, &check);
        quote! { #krate::model::MemberOrder { column: #column, descending: #descending } }
    });
    let filter = members.filter.as_ref().map(|function| {
        let private = private_at(model, function.span());
        quote_spanned! { function.span() => || #private::condition::<#target, _, _>(#function()) }
    });
    let filter = some(&private(model), filter);
    let read_only = members.read_only;
    quote! {
        #krate::model::Members {
            order_by: &[#(#order_by),*],
            filter: #filter,
            read_only: #read_only,
        }
    }
}

/// The position of a column of the model there. `check` is called with the field, which stands there in the user's word: where
/// there is none, that is what rustc reports, with what was meant, and the constant is another's that says nothing.
fn column_there(model: &Model, there: &Path, field: &Ident, check: &TokenStream) -> TokenStream {
    let (krate, column) = (&model.krate, names::constant(field));
    let position = quote_spanned! { field.span() => <#there>::#column.__position() };
    quote! {{
        #[allow(dead_code)]
        trait __NoColumn {
            const #column: #krate::model::NothingOfThisName = #krate::model::NothingOfThisName;
        }
        impl __NoColumn for #there {}
        #check(|row| &row.#field);
        #position
    }}
}

/// A function that gives what `via` names, which has to be a `belongs_to` of the model there that leads to the model here.
///
/// The check stands in the function: where it fails, the function is never evaluated. Two relationships that name each other
/// are no circle then, which rustc would report in its own words.
fn link(model: &Model, name: &Ident, there: &Path, via: &Ident, here: &Path) -> TokenStream {
    let krate = &model.krate;
    let (span, private) = (via.span(), private_at(model, via.span()));
    let via = names::constant(via);
    let leads_back = quote_spanned! { span => #private::mark(&<#there>::ALL).leads_back::<#there, #here, _>(&<#there>::#via) };
    quote! {
        const fn #name() -> &'static #krate::model::RelationInfo {
            #leads_back;
            <#there>::#via.__via()
        }
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
    let shape = shape(model, relation);
    quote! { #krate::model::Relation<#source, #to, #krate::model::#shape> }
}

/// How many a relationship leads to, and on which side it is declared: the last of its type's parameters.
fn shape(model: &Model, relation: &Relation) -> TokenStream {
    match &relation.kind {
        Kind::BelongsTo(key) if is_nullable(model, key) => quote! { OptionalOne },
        Kind::BelongsTo(_) => quote! { One },
        Kind::HasOne(_) if relation.is_read_only() => quote! { ReadOnlyOne },
        _ if relation.is_read_only() => quote! { ReadOnlyMany },
        Kind::HasOne(_) => quote! { OneChild },
        Kind::HasMany(_) => quote! { Many },
        Kind::ManyToMany {
            link: Link::OtherSide(_),
            ..
        } => quote! { ManyBack },
        Kind::ManyToMany { .. } => quote! { ManyThrough },
    }
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
        Kind::ManyToMany { link, .. } => {
            let by = match link {
                Link::Model { through, .. } => format!("a `{}`", last(through)),
                Link::Table(table) => format!("a row of `{}`", table.name.value),
                Link::OtherSide(via) => format!("its `{}`", names::plain(via)),
            };
            format!("Each `{target}` that {by} links this one to: `{name}`.")
        }
    }
}
