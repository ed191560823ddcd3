//! A link table without a struct, described beside the relationship that declares it:
//!
//! ```text
//! // many_to_many(tags: Tag, table = "post_tags") of Post
//! static __TAGS_TABLE: Table = Table {
//!     name: "post_tags",
//!     columns: &[
//!         link_column::<<Post as Model>::Key>("post_id", 0, 1),
//!         link_column::<<Tag as Model>::Key>("tag_id", 0, 1),
//!     ],
//!     primary_key: &[0, 1],
//!     relations: &[&__TAGS_NEAR, &__TAGS_FAR],
//!     ..
//! };
//! static __TAGS_NEAR: RelationInfo = RelationInfo { from: &__TAGS_TABLE, to: Post::TABLE, kind: BelongsTo(..), .. };
//! static __TAGS_FAR: RelationInfo = RelationInfo { from: &__TAGS_TABLE, to: Tag::TABLE, kind: BelongsTo(..), .. };
//! ```

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::Path;

use super::relations::{on_delete, target};
use super::{private, private_at, some};
use crate::names;
use crate::parse::link::LinkTable;
use crate::parse::model::Model;
use crate::parse::relation::Relation;

/// The statics, and the names of the two foreign keys.
pub(super) fn statics(
    model: &Model,
    relation: &Relation,
    table: &LinkTable,
) -> (TokenStream, Ident, Ident) {
    let (krate, private) = (&model.krate, private(model));
    let constant = names::constant(&relation.name);
    let (this, near, far) = (
        format_ident!("__{constant}_TABLE"),
        format_ident!("__{constant}_NEAR"),
        format_ident!("__{constant}_FAR"),
    );
    let (here, there) = (
        Path::from(model.ident.clone()),
        target(model, &relation.target),
    );
    let (near_columns, far_columns) = table.columns(model, relation);
    let at = private_at(model, relation.name.span());
    let column = |owner: &Path, names: &[String]| {
        let parts = names.len();
        let columns = names.iter().enumerate().map(|(part, name)| {
            quote_spanned! { relation.name.span() => #at::link_column::<<#owner as #krate::model::Model>::Key>(#name, #part, #parts) }
        });
        quote! { #(#columns,)* }
    };
    let (near_infos, far_infos) = (column(&here, &near_columns), column(&there, &far_columns));
    let count = (near_columns.len() + far_columns.len()) as u16;
    let middle = near_columns.len() as u16;
    let all: Vec<u16> = (0..count).collect();
    let name = &table.name.value;
    let schema = some(&private, table.schema.as_ref().map(|schema| &schema.value));
    let on_delete = on_delete(table.on_delete.as_ref().map(|on_delete| on_delete.value));
    let key = |info: &Ident, word: &str, index: u16, to: &Path, columns: &[u16]| {
        quote! {
            static #info: #krate::model::RelationInfo = #krate::model::RelationInfo {
                name: #word,
                index: #index,
                from: &#this,
                to: <#to as #krate::model::Model>::TABLE,
                kind: #krate::model::RelationKind::BelongsTo(#krate::model::ForeignKey {
                    columns: &[#(#columns),*],
                    references: #private::Option::None,
                    on_delete: #krate::model::OnDelete::#on_delete,
                    deferred: false,
                }),
                cascade: #krate::model::Cascade {
                    delete: false,
                    delete_orphan: false,
                    passive_deletes: false,
                },
                members: #krate::model::Members::ALL,
            };
        }
    };
    let (mine, others) = all.split_at(middle as usize);
    let near_key = key(&near, "NEAR", 0, &here, mine);
    let far_key = key(&far, "FAR", 1, &there, others);
    let statics = quote! {
        static #this: #krate::model::Table = #krate::model::Table {
            model: #name,
            schema: #schema,
            name: #name,
            columns: &[#near_infos #far_infos],
            primary_key: &[#(#all),*],
            version: #private::Option::None,
            relations: &[&#near, &#far],
            uniques: &[],
            deferred_uniques: &[],
            indexes: &[],
            checks: &[],
            is_bare_link: true,
            arena: #private::no_entities,
            knot: #krate::model::Knot::new(),
        };
        #near_key
        #far_key
    };
    (statics, near, far)
}
