//! `#[derive(Model)]`: from the struct to its description.

use proc_macro2::Ident;
use syn::{DeriveInput, Fields, Path, Visibility};

use super::field::{self, Column, FieldKind, Skipped};
use super::relation::{self, Relation};
use super::spec::{FIELD, STRUCT};
use super::values::{self, At};
use super::{items, shape};
use crate::ctxt::Ctxt;
use crate::names;

/// A model as it was written. Names are still names; `check` sees that they lead somewhere.
pub(crate) struct Model {
    pub(crate) ident: Ident,
    pub(crate) vis: Visibility,
    /// Where orm-core is found.
    pub(crate) krate: Path,
    pub(crate) table: At<String>,
    pub(crate) schema: Option<At<String>>,
    pub(crate) columns: Vec<Column>,
    pub(crate) skipped: Vec<Skipped>,
    /// In the order in which they were written: those of the fields, then those of the struct.
    pub(crate) relations: Vec<Relation>,
    pub(crate) uniques: Vec<At<Vec<Ident>>>,
    /// Those that are checked at COMMIT.
    pub(crate) deferred_uniques: Vec<At<Vec<Ident>>>,
    pub(crate) indexes: Vec<At<Vec<Ident>>>,
    pub(crate) checks: Vec<At<String>>,
    /// A mistake was found: what is generated is there to keep the compiler from reporting its consequences.
    pub(crate) broken: bool,
}

/// Reads a struct. What cannot be a model at all is a model without columns afterwards.
pub(crate) fn read(cx: &Ctxt, input: &DeriveInput) -> Model {
    let mut model = Model {
        ident: input.ident.clone(),
        vis: input.vis.clone(),
        krate: super::default_crate(),
        table: At {
            value: names::snake_case(&names::plain(&input.ident)),
            span: input.ident.span(),
            word: input.ident.span(),
        },
        schema: None,
        columns: Vec::new(),
        skipped: Vec::new(),
        relations: Vec::new(),
        uniques: Vec::new(),
        deferred_uniques: Vec::new(),
        indexes: Vec::new(),
        checks: Vec::new(),
        broken: false,
    };
    if let Some(fields) = shape::named_fields(cx, input, "Model") {
        read_fields(cx, &mut model, fields);
    }
    read_struct(cx, &mut model, input);
    model
}

fn read_fields(cx: &Ctxt, model: &mut Model, fields: &Fields) {
    for field in fields {
        let Some(ident) = &field.ident else { continue };
        match field::read(cx, field, ident) {
            FieldKind::Column(column, relation) => {
                model.columns.push(*column);
                model.relations.extend(relation);
            }
            FieldKind::Skipped(skipped, relation) => {
                model.skipped.push(*skipped);
                model.relations.extend(relation);
            }
        }
    }
}

fn read_struct(cx: &Ctxt, model: &mut Model, input: &DeriveInput) {
    const REPEATABLE: [&str; 8] = [
        "has_many",
        "has_one",
        "many_to_many",
        "belongs_to",
        "unique",
        "unique_deferred",
        "index",
        "check",
    ];
    let items = items::of_attributes(cx, &input.attrs);
    for item in &values::without_repeats(cx, items, &REPEATABLE) {
        let form = STRUCT.form(&item.name);
        match item.name.to_string().as_str() {
            "table" => {
                if let Some(table) = values::text(cx, item, form) {
                    model.table = table;
                }
            }
            "schema" => model.schema = values::text(cx, item, form),
            "unique" => model.uniques.extend(values::names(cx, item, form)),
            "unique_deferred" => (model.deferred_uniques).extend(values::names(cx, item, form)),
            "index" => model.indexes.extend(values::names(cx, item, form)),
            "check" => model.checks.extend(values::text_in_list(cx, item, form)),
            "has_many" | "has_one" | "many_to_many" | "belongs_to" => {
                model.relations.extend(relation::of_struct(cx, item, form));
            }
            "crate" => {
                if let Some(krate) = super::crate_path(cx, item, form) {
                    model.krate = krate;
                }
            }
            // Of an enum, the shape is the mistake.
            _ if !shape::is_row(input) => {}
            _ => STRUCT.unknown(cx, &item.name, Some(&FIELD)),
        }
    }
}

impl Model {
    /// The position of a field's column.
    pub(crate) fn position(&self, field: &Ident) -> Option<usize> {
        let name = names::plain(field);
        self.columns
            .iter()
            .position(|column| names::plain(&column.ident) == name)
    }

    /// The primary key's columns, with their positions.
    pub(crate) fn key(&self) -> Vec<(usize, &Column)> {
        let columns = self.columns.iter().enumerate();
        columns
            .filter(|(_, column)| column.primary_key.is_some())
            .collect()
    }

    /// The `belongs_to` relationships.
    pub(crate) fn foreign_keys(&self) -> impl Iterator<Item = (&Relation, &relation::BelongsTo)> {
        self.relations
            .iter()
            .filter_map(|relation| match &relation.kind {
                relation::Kind::BelongsTo(key) => Some((relation, key)),
                _ => None,
            })
    }

    /// Whether a column is generated by the server: it was said so, or it is the only key column, an integer, and
    /// nothing else gives it a value.
    pub(crate) fn is_identity(&self, at: usize) -> bool {
        let column = &self.columns[at];
        if column.identity.is_some() {
            return true;
        }
        column.primary_key.is_some()
            && self.key().len() == 1
            && super::types::is_integer(&column.ty)
            && column.no_identity.is_none()
            && column.default.is_none()
            && column.server_default.is_none()
            && column.computed.is_none()
            && !self
                .foreign_keys()
                .any(|(_, key)| key.columns.contains(&column.ident))
    }

    /// Whether `create()` insists on a value: nothing else gives the column one, and it cannot be NULL.
    pub(crate) fn is_required(&self, at: usize) -> bool {
        let column = &self.columns[at];
        !column.nullable
            && !self.is_identity(at)
            && column.default.is_none()
            && column.server_default.is_none()
            && column.computed.is_none()
            && column.version.is_none()
    }

    /// Whether a relationship leads back to this model.
    pub(crate) fn is_self(&self, target: &Path) -> bool {
        target.is_ident("Self") || target.is_ident(&self.ident)
    }
}
