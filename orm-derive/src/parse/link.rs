//! What lies between the two sides of a `many_to_many`: `through = PostTag`, a link model; `table = "post_tags"`, a link table
//! without a struct; or `via = tags`, the other side's `many_to_many`.

use proc_macro2::Ident;
use syn::{Expr, Path};

use super::items::{Item, Value};
use super::model::Model;
use super::relation::{ON_DELETE, OnDelete, Relation, last, take};
use super::values::{self, At};
use crate::ctxt::Ctxt;
use crate::names;

/// What lies between the two sides.
pub(crate) enum Link {
    /// A model.
    Model {
        through: Path,
        /// Its `belongs_to` that leads back here, and the one that leads to the target.
        via: Option<(Ident, Ident)>,
    },
    /// A table without a struct, which is declared here.
    Table(LinkTable),
    /// What the other side's relationship says.
    OtherSide(Ident),
}

/// A link table without a struct.
pub(crate) struct LinkTable {
    pub(crate) name: At<String>,
    pub(crate) schema: Option<At<String>>,
    /// The columns that hold the key of this side, where they were named.
    pub(crate) near: Option<Vec<String>>,
    /// Those that hold the key of the other side.
    pub(crate) far: Option<Vec<String>>,
    pub(crate) on_delete: Option<At<OnDelete>>,
}

impl LinkTable {
    /// The columns that hold the key of this side and of the other: `post_id` and `tag_id`, where they weren't named.
    pub(crate) fn columns(&self, model: &Model, relation: &Relation) -> (Vec<String>, Vec<String>) {
        let of = |name: &str| vec![format!("{}_id", names::snake_case(name))];
        let here = names::plain(&model.ident);
        let there = match relation.target.is_ident("Self") {
            true => here.clone(),
            false => last(&relation.target).trim_start_matches("r#").to_owned(),
        };
        (
            self.near.clone().unwrap_or_else(|| of(&here)),
            self.far.clone().unwrap_or_else(|| of(&there)),
        )
    }
}

/// Takes the options of a link out of those of a `many_to_many`.
pub(super) fn read(
    cx: &Ctxt,
    item: &Item,
    options: &mut Vec<Item>,
    name: &Ident,
    target: &Path,
) -> Link {
    let model = last(target);
    let via = take(options, "via");
    let through = take(options, "through");
    if let Some(table) = take(options, "table") {
        for other in [&via, &through].into_iter().flatten() {
            cx.error(
                &other.name,
                format!(
                    "`table` declares a link table without a struct, and `{}` names what is there already\n\
                     help: leave out one of the two",
                    other.name
                ),
            );
        }
        let form = format!("{}({name}: {model}, table = \"links\")", item.name);
        let name = values::text(cx, &table, &form);
        return Link::Table(LinkTable {
            schema: take(options, "schema")
                .and_then(|item| values::text(cx, &item, "schema = \"shop\"")),
            near: take(options, "near").and_then(|item| columns(cx, &item)),
            far: take(options, "far").and_then(|item| columns(cx, &item)),
            on_delete: take(options, "on_delete").and_then(|item| {
                values::choice(cx, &item, "on_delete = \"cascade\"", &ON_DELETE[..2])
            }),
            // One that is missing has been reported.
            name: name.unwrap_or_else(|| At {
                value: "links".to_owned(),
                span: table.name.span(),
                word: table.name.span(),
            }),
        });
    }
    let mut said = false;
    for word in ["schema", "near", "far", "on_delete"] {
        if let Some(stray) = take(options, word) {
            said = true;
            cx.error(
                &stray.name,
                format!(
                    "`{word}` describes a link table without a struct\n\
                     help: add `table = \"..\"`, or leave `{word}` out"
                ),
            );
        }
    }
    match (through, via) {
        (None, Some(via)) => match &via.value {
            Value::Is(value) => match values::as_name(value) {
                Some(other) => Link::OtherSide(other),
                None => {
                    cx.error_at(
                        via.value_span(),
                        format!(
                            "`via` without `through` has to be the other side's `many_to_many`\n\
                             help: write `via = ..`, the name that `{model}` has for it; or add `through = LinkModel`"
                        ),
                    );
                    unknown(target)
                }
            },
            Value::Broken => unknown(target),
            _ => {
                values::name(
                    cx,
                    &via,
                    &format!("{}({name}: {model}, via = ..)", item.name),
                );
                unknown(target)
            }
        },
        (Some(through), via) => Link::Model {
            via: via.and_then(|via| near_and_far(cx, &via)),
            through: link_model(cx, item, &through, name, target).unwrap_or_else(|| target.clone()),
        },
        (None, None) if said => unknown(target),
        (None, None) => {
            cx.error(
                name,
                format!(
                    "this `many_to_many` does not say through which table it leads\n\
                     help: add `table = \"..\"` for a link table without a struct, `through = LinkModel` for one with a model, \
                     or `via = ..` where `{model}` says it"
                ),
            );
            unknown(target)
        }
    }
}

/// In place of what was not said, and has been reported.
fn unknown(target: &Path) -> Link {
    Link::Model {
        through: target.clone(),
        via: None,
    }
}

fn link_model(cx: &Ctxt, item: &Item, through: &Item, name: &Ident, target: &Path) -> Option<Path> {
    match &through.value {
        Value::Is(Expr::Path(path)) if path.qself.is_none() => Some(path.path.clone()),
        Value::Broken => None,
        _ => {
            let form = format!(
                "{}({name}: {}, through = LinkModel)",
                item.name,
                last(target)
            );
            cx.error_at(
                through.value_span(),
                format!("the value of `through` has to be a model\nhelp: write `{form}`"),
            );
            None
        }
    }
}

/// `near = post_id`, `near(room, number)`
fn columns(cx: &Ctxt, item: &Item) -> Option<Vec<String>> {
    let form = format!("{0} = post_id` or `{0}(room, number)", item.name);
    let names = match item.value {
        Value::List(_) => values::names(cx, item, &form)?.value,
        _ => vec![values::name(cx, item, &form)?],
    };
    Some(names.iter().map(crate::names::plain).collect())
}

/// `via = (follower, followed)`
fn near_and_far(cx: &Ctxt, item: &Item) -> Option<(Ident, Ident)> {
    if let Value::Is(Expr::Tuple(tuple)) = &item.value {
        let names: Vec<_> = tuple.elems.iter().filter_map(values::as_name).collect();
        if let (2, [near, far]) = (tuple.elems.len(), names.as_slice()) {
            return Some((near.clone(), far.clone()));
        }
    }
    if !matches!(item.value, Value::Broken) {
        cx.error_at(
            item.value_span(),
            "`via` of a `many_to_many` has to be two `belongs_to` of the link model\n\
             help: write `via = (near, far)`: the one that leads back here, and the one that leads to the other side",
        );
    }
    None
}
