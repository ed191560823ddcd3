//! One field: its type, and what its attributes say of the column.

use proc_macro2::Ident;
use syn::{Attribute, Expr, Field, Type, Visibility};

use super::relation::{self, Relation};
use super::spec::{FIELD, STRUCT};
use super::values::{self, At};
use super::{items, types};
use crate::ctxt::Ctxt;
use crate::names;

/// A column: a field that isn't skipped.
pub(crate) struct Column {
    pub(crate) ident: Ident,
    pub(crate) vis: Visibility,
    pub(crate) docs: Vec<Attribute>,
    /// The field's type.
    pub(crate) ty: Type,
    /// The type without its `Option`.
    pub(crate) base: Type,
    /// Whether the type is written as an `Option`.
    pub(crate) nullable: bool,
    /// The column's name in the database.
    pub(crate) name: At<String>,
    pub(crate) primary_key: Option<At<()>>,
    pub(crate) length: Option<At<u32>>,
    pub(crate) fixed_length: Option<At<u32>>,
    pub(crate) precision: Option<At<u32>>,
    pub(crate) scale: Option<At<u32>>,
    pub(crate) sql_type: Option<At<String>>,
    pub(crate) unique: Option<At<()>>,
    pub(crate) index: Option<At<()>>,
    pub(crate) default: Option<At<Default>>,
    pub(crate) server_default: Option<At<String>>,
    pub(crate) computed: Option<At<String>>,
    pub(crate) on_update: Option<At<Expr>>,
    pub(crate) server_on_update: Option<At<()>>,
    pub(crate) version: Option<At<()>>,
    pub(crate) identity: Option<At<()>>,
    pub(crate) no_identity: Option<At<()>>,
}

/// A default that the client gives.
#[derive(Clone)]
pub(crate) enum Default {
    /// `default`: that of the type.
    OfType,
    /// `default = ..`
    Value(Expr),
}

/// A field that is no column.
pub(crate) struct Skipped {
    pub(crate) ident: Ident,
    pub(crate) vis: Visibility,
    pub(crate) ty: Type,
}

/// What a field is.
pub(crate) enum FieldKind {
    Column(Box<Column>, Option<Relation>),
    /// With the relationship that it was taken for.
    Skipped(Box<Skipped>, Option<Relation>),
}

/// Reads a named field.
pub(crate) fn read(cx: &Ctxt, field: &Field, ident: &Ident) -> FieldKind {
    let base = types::inside_option(&field.ty);
    let mut column = Column {
        ident: ident.clone(),
        vis: field.vis.clone(),
        docs: docs(&field.attrs),
        ty: field.ty.clone(),
        base: base.unwrap_or(&field.ty).clone(),
        nullable: base.is_some(),
        name: At {
            value: names::plain(ident),
            span: ident.span(),
            word: ident.span(),
        },
        primary_key: None,
        length: None,
        fixed_length: None,
        precision: None,
        scale: None,
        sql_type: None,
        unique: None,
        index: None,
        default: None,
        server_default: None,
        computed: None,
        on_update: None,
        server_on_update: None,
        version: None,
        identity: None,
        no_identity: None,
    };
    let mut relation = None;
    let mut skip = None;
    let mut misplaced = None;
    let items = items::of_attributes(cx, &field.attrs);
    let items = values::without_repeats(cx, items, &[]);
    for item in &items {
        let form = FIELD.form(&item.name);
        let c = &mut column;
        match item.name.to_string().as_str() {
            "primary_key" => c.primary_key = values::flag(cx, item),
            "column" => {
                if let Some(name) = values::text(cx, item, form) {
                    c.name = name;
                }
            }
            "length" => c.length = values::number(cx, item, form),
            "fixed_length" => c.fixed_length = values::number(cx, item, form),
            "precision" => c.precision = values::number(cx, item, form),
            "scale" => c.scale = values::number(cx, item, form),
            "sql_type" => c.sql_type = values::text(cx, item, form),
            "unique" => c.unique = values::flag(cx, item),
            "index" => c.index = values::flag(cx, item),
            "default" => c.default = default(cx, item, form),
            "server_default" => c.server_default = values::text(cx, item, form),
            "computed" => c.computed = values::text(cx, item, form),
            "on_update" => c.on_update = values::expression(cx, item, form),
            "server_on_update" => c.server_on_update = values::flag(cx, item),
            "version" => c.version = values::flag(cx, item),
            "identity" => c.identity = values::flag(cx, item),
            "no_identity" => c.no_identity = values::flag(cx, item),
            "skip" => skip = values::flag(cx, item),
            "belongs_to" => relation = relation::of_field(cx, item, ident, form),
            "has_many" | "has_one" | "many_to_many" => misplaced = of_the_struct(cx, item),
            _ => {
                FIELD.unknown(cx, &item.name, Some(&STRUCT));
                // A key that is mistyped is there: it isn't reported as missing, too.
                if c.primary_key.is_none() && FIELD.meant(&item.name, "primary_key") {
                    c.primary_key = Some(At {
                        value: (),
                        span: item.name.span(),
                        word: item.name.span(),
                    });
                }
            }
        }
    }
    let skipped = Box::new(Skipped {
        ident: ident.clone(),
        vis: field.vis.clone(),
        ty: field.ty.clone(),
    });
    // A field for the rows that a relationship leads to is no column, and one mistake with the attribute on it.
    if misplaced
        .as_ref()
        .is_some_and(|there| types::mentions(&field.ty, &relation::last(&there.target)))
    {
        return FieldKind::Skipped(skipped, misplaced);
    }
    let Some(skip) = skip else {
        return FieldKind::Column(Box::new(column), relation.or(misplaced));
    };
    // A field that is no column can have none of a column's attributes.
    if let Some(other) = items
        .iter()
        .find(|item| item.name != "skip" && FIELD.knows(&item.name))
    {
        cx.error_at(
            skip.span,
            format!(
                "a skipped field is no column, so it cannot have `{}`",
                other.name
            ),
        );
    }
    FieldKind::Skipped(skipped, None)
}

/// A relationship of the struct that stands on a field.
fn of_the_struct(cx: &Ctxt, item: &items::Item) -> Option<Relation> {
    let (name, form) = (&item.name, STRUCT.form(&item.name));
    cx.error(
        name,
        format!(
            "`{name}` is an attribute of the struct, not of a field\n\
             help: write `#[orm({form})]` on the struct, without a field: `db.related(..)` reads what was loaded"
        ),
    );
    relation::of_struct(cx, item, form)
}

fn default(cx: &Ctxt, item: &items::Item, form: &str) -> Option<At<Default>> {
    let value = match item.value {
        items::Value::Flag => Default::OfType,
        _ => Default::Value(values::expression(cx, item, form)?.value),
    };
    Some(At {
        value,
        span: item.name.span(),
        word: item.name.span(),
    })
}

/// The user's documentation of a thing.
pub(crate) fn docs(attributes: &[Attribute]) -> Vec<Attribute> {
    let docs = attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("doc"));
    docs.cloned().collect()
}
