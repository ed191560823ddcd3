//! The relationships and their foreign keys.

use crate::ctxt::Ctxt;
use crate::names;
use crate::parse::link::{Link, LinkTable};
use crate::parse::model::Model;
use crate::parse::relation::{BelongsTo, Kind, OnDelete, Relation, last};

pub(super) fn check(cx: &Ctxt, model: &Model) {
    for at in 0..model.relations.len() {
        name(cx, model, at);
    }
    for relation in &model.relations {
        match &relation.kind {
            Kind::BelongsTo(key) => foreign_key(cx, model, relation, key),
            Kind::ManyToMany { link, .. } => match link {
                Link::Model { via, .. } => both_sides(cx, model, relation, via.is_some()),
                Link::Table(table) => link_table(cx, model, relation, table),
                Link::OtherSide(_) => {}
            },
            Kind::HasMany(_) | Kind::HasOne(_) => {}
        }
    }
}

/// A relationship is a constant beside those of the columns and the other relationships, so its name is its own.
fn name(cx: &Ctxt, model: &Model, at: usize) {
    let relation = &model.relations[at];
    let (name, constant) = (
        names::plain(&relation.name),
        names::constant(&relation.name),
    );
    let column = model
        .columns
        .iter()
        .find(|column| names::constant(&column.ident) == constant);
    let earlier = model.relations[..at]
        .iter()
        .any(|other| names::constant(&other.name) == constant);
    if let Some(column) = column {
        let help = match &relation.kind {
            Kind::BelongsTo(_) => {
                format!("call the field `{name}_id`, or the relationship something else")
            }
            _ => "call the relationship something else".to_owned(),
        };
        cx.error(
            &relation.name,
            format!(
                "the relationship `{name}` and the field `{}` have the same name\nhelp: {help}",
                column.ident
            ),
        );
    } else if earlier {
        cx.error(
            &relation.name,
            format!("there are two relationships called `{name}`"),
        );
    } else if constant == "ALL" {
        cx.error(
            &relation.name,
            "a relationship cannot be called `all`: its constant would be `ALL`, which stands for the whole row",
        );
    }
}

/// A foreign key's columns are fields of the struct; it has as many as it refers to; and what the database does when the
/// other row goes has to be possible for them.
fn foreign_key(cx: &Ctxt, model: &Model, relation: &Relation, key: &BelongsTo) {
    if !super::fields_exist(cx, model, &key.columns) {
        return;
    }
    let columns: Vec<_> = key
        .columns
        .iter()
        .filter_map(|field| model.position(field))
        .map(|at| &model.columns[at])
        .collect();
    if let Some(references) = key
        .references
        .as_ref()
        .filter(|references| references.len() != columns.len())
    {
        cx.error(
            &references[0],
            format!(
                "the foreign key has {} column{}, and refers to {}\nhelp: name as many columns of `{}` as there are here",
                columns.len(),
                if columns.len() == 1 { "" } else { "s" },
                references.len(),
                last(&relation.target),
            ),
        );
    }
    let Some(on_delete) = &key.on_delete else {
        return;
    };
    match on_delete.value {
        OnDelete::SetNull => {
            if let Some(column) = columns.iter().find(|column| !column.nullable) {
                cx.error_at(
                    on_delete.span,
                    format!(
                        "`{}` cannot be set to NULL\nhelp: make the field an `Option`, or write \"cascade\" or \"restrict\"",
                        column.ident
                    ),
                );
            }
        }
        OnDelete::SetDefault => {
            let without = |column: &&&_| -> bool {
                let column: &crate::parse::field::Column = column;
                !column.nullable && column.server_default.is_none()
            };
            if let Some(column) = columns.iter().find(without) {
                cx.error_at(
                    on_delete.span,
                    format!(
                        "`{}` has no default in the database that it could be set to\nhelp: add `server_default = \"..\"`",
                        column.ident
                    ),
                );
            }
        }
        OnDelete::NoAction | OnDelete::Restrict | OnDelete::Cascade => {}
    }
}

/// A many-to-many from a model to itself has two keys in the link model that lead to the same model, so it has to be said
/// which one leads where.
fn both_sides(cx: &Ctxt, model: &Model, relation: &Relation, said: bool) {
    if model.is_self(&relation.target) && !said {
        let name = names::plain(&model.ident);
        cx.error(
            &relation.name,
            format!(
                "both sides of this `many_to_many` are `{name}`, so it has to say which key of the link model leads where\n\
                 help: add `via = (near, far)`: the `belongs_to` that leads back here, and the one that leads to the other `{name}`"
            ),
        );
    }
}

/// A link table's columns have names of their own, and as many hold this side's key as the key has columns. (The other
/// side's key is for the compiler to count.)
fn link_table(cx: &Ctxt, model: &Model, relation: &Relation, table: &LinkTable) {
    let (near, far) = table.columns(model, relation);
    if let Some(twice) = near.iter().find(|column| far.contains(column)) {
        let help = if model.is_self(&relation.target) {
            "both sides are the same model: name the columns with `near = ..` and `far = ..`"
        } else {
            "the names in `near` and `far` have to differ"
        };
        cx.error(
            &relation.name,
            format!("the link table has two columns called `{twice}`\nhelp: {help}"),
        );
    }
    let key = model.key().len();
    if key > 0 && near.len() != key {
        cx.error(
            &relation.name,
            format!(
                "the primary key of `{}` has {key} columns, and the link table has {} for it\n\
                 help: name one for each with `near(..)`, in the order of the fields",
                names::plain(&model.ident),
                near.len(),
            ),
        );
    }
}
