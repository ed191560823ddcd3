//! Relationships: `has_many(..)`, `has_one(..)`, `many_to_many(..)`, and `belongs_to(..)` of a field and of a struct.

use proc_macro2::Ident;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Path, Token};

use super::items::{self, Item, Value};
use super::link::{self, Link};
use super::members::{self, Members};
use super::values::{self, At};
use crate::ctxt::Ctxt;
use crate::names;

/// A relationship as it was written.
pub(crate) struct Relation {
    pub(crate) name: Ident,
    pub(crate) target: Path,
    pub(crate) kind: Kind,
}

impl Relation {
    /// What it says of its members; a `belongs_to` says nothing.
    pub(crate) fn members(&self) -> Option<&Members> {
        match &self.kind {
            Kind::BelongsTo(_) => None,
            Kind::HasMany(has) | Kind::HasOne(has) => Some(&has.members),
            Kind::ManyToMany { members, .. } => Some(members),
        }
    }

    /// Whether nothing can be put into it.
    pub(crate) fn is_read_only(&self) -> bool {
        self.members().is_some_and(|members| members.read_only)
    }
}

pub(crate) enum Kind {
    BelongsTo(BelongsTo),
    HasMany(Has),
    HasOne(Has),
    ManyToMany { link: Link, members: Members },
}

/// The foreign key of a `belongs_to`.
pub(crate) struct BelongsTo {
    /// The fields that hold it.
    pub(crate) columns: Vec<Ident>,
    /// The fields there, where it isn't the primary key.
    pub(crate) references: Option<Vec<Ident>>,
    pub(crate) on_delete: Option<At<OnDelete>>,
    pub(crate) deferred: bool,
}

/// What `has_many` and `has_one` say beyond their target.
pub(crate) struct Has {
    pub(crate) via: Ident,
    pub(crate) delete: bool,
    pub(crate) delete_orphan: bool,
    pub(crate) passive_deletes: bool,
    pub(crate) members: Members,
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum OnDelete {
    NoAction,
    Restrict,
    Cascade,
    SetNull,
    SetDefault,
}

pub(super) const ON_DELETE: [(&str, OnDelete); 5] = [
    ("cascade", OnDelete::Cascade),
    ("restrict", OnDelete::Restrict),
    ("set null", OnDelete::SetNull),
    ("set default", OnDelete::SetDefault),
    ("no action", OnDelete::NoAction),
];

/// Reads `has_many(orders: Order, via = user)` and its relatives of the struct.
pub(crate) fn of_struct(cx: &Ctxt, item: &Item, form: &str) -> Option<Relation> {
    let (name, target, mut options) = head(cx, item, form)?;
    let kind = match item.name.to_string().as_str() {
        "has_many" => Kind::HasMany(has(cx, item, &mut options, &target, &name)),
        "has_one" => Kind::HasOne(has(cx, item, &mut options, &target, &name)),
        "many_to_many" => Kind::ManyToMany {
            link: link::read(cx, item, &mut options, &name, &target),
            members: members::read(cx, &mut options),
        },
        _ => {
            let columns = take(&mut options, "columns");
            if columns.is_none() {
                let help = "write it on the field that holds the key, or `columns(..)` here for a key of several columns";
                cx.error(
                    &item.name,
                    format!("this `belongs_to` names no column\nhelp: {help}"),
                );
            }
            let columns =
                columns.and_then(|item| values::names(cx, &item, "columns(order_id, line_no)"));
            let columns = columns.map_or_else(Vec::new, |names| names.value);
            Kind::BelongsTo(belongs_to(cx, &mut options, columns))
        }
    };
    leftover(cx, &options, &kind);
    Some(Relation { name, target, kind })
}

/// Reads `belongs_to(category: Category)` of a field.
pub(crate) fn of_field(cx: &Ctxt, item: &Item, field: &Ident, form: &str) -> Option<Relation> {
    let (name, target, mut options) = head(cx, item, form)?;
    if let Some(columns) = take(&mut options, "columns") {
        cx.error(
            &columns.name,
            "`columns(..)` belongs to a `belongs_to` on the struct; on a field the key is that field",
        );
    }
    let kind = Kind::BelongsTo(belongs_to(cx, &mut options, vec![field.clone()]));
    leftover(cx, &options, &kind);
    Some(Relation { name, target, kind })
}

/// `orders: Order`, and the items that follow.
fn head(cx: &Ctxt, item: &Item, form: &str) -> Option<(Ident, Path, Vec<Item>)> {
    let tokens = match &item.value {
        Value::List(tokens) => tokens.clone(),
        Value::Broken => return None,
        _ => {
            cx.error(
                &item.name,
                format!(
                    "`{}` needs a name and a model\nhelp: write `{form}`",
                    item.name
                ),
            );
            return None;
        }
    };
    let mut result = None;
    items::parse(cx, tokens, |input| {
        let span = if input.is_empty() {
            item.name.span()
        } else {
            input.span()
        };
        match name_and_target(input) {
            Ok((name, target)) => {
                items::comma(cx, input);
                let options = values::without_repeats(cx, items::of_stream(cx, input), &[]);
                result = Some((name, target, options));
            }
            Err(_) => {
                cx.error_at(
                    span,
                    format!(
                        "`{}` begins with the relationship's name and the model that it leads to\nhelp: write `{form}`",
                        item.name
                    ),
                );
                while !input.is_empty() {
                    items::skip_to_comma(input);
                    let _ = input.parse::<Option<Token![,]>>();
                }
            }
        }
    });
    result
}

fn name_and_target(input: ParseStream<'_>) -> syn::Result<(Ident, Path)> {
    let name = input.call(Ident::parse_any)?;
    input.parse::<Token![:]>()?;
    // A path from a `macro_rules!` comes in invisible parentheses, which only a type's parser looks through.
    let ty: syn::Type = input.parse()?;
    match super::types::ungrouped(&ty) {
        syn::Type::Path(path) if path.qself.is_none() => {
            Ok((raw_if_keyword(name), path.path.clone()))
        }
        _ => Err(input.error("expected a model")),
    }
}

/// A relationship called `type` is the constant `TYPE` and the method `r#type`.
fn raw_if_keyword(name: Ident) -> Ident {
    let text = name.to_string();
    if syn::parse_str::<Ident>(&text).is_err()
        && !matches!(text.as_str(), "self" | "Self" | "super" | "crate")
    {
        Ident::new_raw(&text, name.span())
    } else {
        name
    }
}

fn belongs_to(cx: &Ctxt, options: &mut Vec<Item>, columns: Vec<Ident>) -> BelongsTo {
    let references = take(options, "references")
        .and_then(|item| values::names(cx, &item, "references(code)"))
        .map(|names| names.value);
    let on_delete = take(options, "on_delete")
        .and_then(|item| values::choice(cx, &item, "on_delete = \"cascade\"", &ON_DELETE));
    let deferred = take(options, "deferred").and_then(|item| values::flag(cx, &item));
    BelongsTo {
        columns,
        references,
        on_delete,
        deferred: deferred.is_some(),
    }
}

fn has(cx: &Ctxt, item: &Item, options: &mut Vec<Item>, target: &Path, name: &Ident) -> Has {
    let model = last(target);
    let form = format!("{}({name}: {model}, via = ..)", item.name);
    let via = match take(options, "via") {
        Some(via) => values::name(cx, &via, &form),
        None => {
            cx.error(
                name,
                format!(
                    "`{}({name}: {model})` does not say which foreign key it goes along\n\
                     help: add `via = ..`, the name of the `belongs_to` of `{model}` that leads back here",
                    item.name
                ),
            );
            None
        }
    };
    let (mut delete, mut delete_orphan) = (false, false);
    if let Some(cascade) = take(options, "cascade") {
        let form = "cascade(delete, delete_orphan)";
        for name in values::names(cx, &cascade, form).map_or(Vec::new(), |names| names.value) {
            match name.to_string().as_str() {
                "delete" => delete = true,
                "delete_orphan" => delete_orphan = true,
                other => {
                    let help = match names::nearest(other, ["delete", "delete_orphan"]) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => "it can be `delete` and `delete_orphan`".to_owned(),
                    };
                    cx.error(
                        &name,
                        format!("there is no cascade `{other}`\nhelp: {help}"),
                    );
                }
            }
        }
    }
    let passive = take(options, "passive_deletes").and_then(|item| values::flag(cx, &item));
    let members = members::read(cx, options);
    if members.read_only && (delete || delete_orphan || passive.is_some()) {
        cx.error(
            name,
            "a `read_only` relationship has no part in deletes\n\
             help: write `cascade(..)` or `passive_deletes` in the relationship that holds all of the rows",
        );
    }
    if item.name == "has_one"
        && let Some(part) = members.order_by.first()
    {
        cx.error(
            &part.column,
            "`order_by` is for relationships with many members, and a `has_one` has one\n\
             help: where there are several to choose from, write a `has_many` and take the first",
        );
    }
    // A name that is missing has been reported; with one of our own the relationship can still be named by others.
    Has {
        via: via.unwrap_or_else(|| name.clone()),
        delete,
        delete_orphan,
        passive_deletes: passive.is_some(),
        members,
    }
}

pub(super) fn take(options: &mut Vec<Item>, name: &str) -> Option<Item> {
    let at = options.iter().position(|item| item.name == name)?;
    Some(options.remove(at))
}

const BELONGS_TO: &[&str] = &["columns", "references", "on_delete", "deferred"];
const HAS: &[&str] = &[
    "via",
    "cascade",
    "passive_deletes",
    "order_by",
    "filter",
    "read_only",
];
const MANY_TO_MANY: &[&str] = &[
    "through",
    "table",
    "via",
    "schema",
    "near",
    "far",
    "on_delete",
    "order_by",
    "filter",
    "read_only",
];

fn leftover(cx: &Ctxt, options: &[Item], kind: &Kind) {
    let known = match kind {
        Kind::BelongsTo(_) => BELONGS_TO,
        Kind::HasMany(_) | Kind::HasOne(_) => HAS,
        Kind::ManyToMany { .. } => MANY_TO_MANY,
    };
    leftover_names(cx, options, known);
}

fn leftover_names(cx: &Ctxt, options: &[Item], known: &[&str]) {
    for item in options {
        let name = item.name.to_string();
        let help = match (name.as_str(), known) {
            ("cascade" | "passive_deletes", BELONGS_TO) => {
                "cascades belong to the other side's `has_many` or `has_one`; for the database's own, write `on_delete = \"cascade\"`".to_owned()
            }
            ("cascade" | "delete_orphan", MANY_TO_MANY) => {
                "a `many_to_many` owns its links and nothing else: they are removed with either side".to_owned()
            }
            ("delete" | "delete_orphan", HAS) => format!("write `cascade({name})`"),
            ("on_delete", HAS) => "ON DELETE belongs to the foreign key: write it in the other side's `belongs_to`".to_owned(),
            ("order_by" | "filter" | "read_only", BELONGS_TO) => {
                format!("`{name}` is for the other side: a `belongs_to` leads to one row")
            }
            ("via" | "back_populates", BELONGS_TO) => {
                "`via` belongs to the other side's `has_many` or `has_one`, and names this `belongs_to`".to_owned()
            }
            _ => match names::nearest(&name, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there can be {}", names::list(known)),
            },
        };
        cx.error(
            &item.name,
            format!("`{name}` is not known here\nhelp: {help}"),
        );
    }
}

/// The last name of a path, for messages.
pub(crate) fn last(path: &Path) -> String {
    path.segments
        .last()
        .map_or_else(String::new, |segment| segment.ident.to_string())
}
