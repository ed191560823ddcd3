//! `#[derive(FromRow)]`, `#[derive(Rowset)]` and `#[derive(Changes)]`: structs whose fields stand for columns of something else.

use proc_macro2::Ident;
use syn::{DeriveInput, Path, Type, Visibility};

use super::field::Skipped;
use super::items;
use super::spec::{CHANGES, CHANGES_FIELD, Place, ROW, ROW_FIELD, ROWSET, ROWSET_FIELD};
use super::values::{self, At};
use super::{shape, types};
use crate::ctxt::Ctxt;
use crate::names;

/// A struct that rows are read into.
pub(crate) struct Row {
    pub(crate) vis: Visibility,
    pub(crate) ident: Ident,
    pub(crate) krate: Path,
    pub(crate) fields: Vec<RowField>,
    pub(crate) skipped: Vec<Skipped>,
    /// Whether it says which columns it is read from.
    pub(crate) listed: bool,
}

/// One field of it.
pub(crate) struct RowField {
    pub(crate) vis: Visibility,
    pub(crate) ident: Ident,
    pub(crate) ty: Type,
    pub(crate) name: At<String>,
    /// What stands before the names of its columns, if it is another such struct.
    pub(crate) nested: Option<String>,
    /// The model and the constant of the column that it is read from.
    pub(crate) from: Option<(Path, Ident)>,
}

/// A set of changes.
pub(crate) struct Changes {
    pub(crate) ident: Ident,
    pub(crate) krate: Path,
    pub(crate) model: Option<Path>,
    pub(crate) fields: Vec<Change>,
}

/// One field of it.
pub(crate) struct Change {
    pub(crate) ident: Ident,
    /// The field of the model.
    pub(crate) target: Ident,
    /// Its type, an `Option`.
    pub(crate) ty: Type,
}

/// Which of the two derives reads a struct.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    FromRow,
    Rowset,
}

/// Reads a struct for `FromRow` or `Rowset`.
pub(crate) fn read(cx: &Ctxt, input: &DeriveInput, kind: Kind) -> Row {
    let (place, field_place, derive) = match kind {
        Kind::FromRow => (&ROW, &ROW_FIELD, "FromRow"),
        Kind::Rowset => (&ROWSET, &ROWSET_FIELD, "Rowset"),
    };
    let mut row = Row {
        vis: input.vis.clone(),
        ident: input.ident.clone(),
        krate: super::default_crate(),
        fields: Vec::new(),
        skipped: Vec::new(),
        listed: false,
    };
    let mut model = None;
    for item in &values::without_repeats(cx, items::of_attributes(cx, &input.attrs), &[]) {
        if !place.knows(&item.name) {
            place.unknown(cx, &item.name, Some(field_place));
            continue;
        }
        let form = place.form(&item.name);
        match item.name.to_string().as_str() {
            "from" => model = values::path(cx, item, "a model", form),
            _ => {
                if let Some(krate) = super::crate_path(cx, item, form) {
                    row.krate = krate;
                }
            }
        }
    }
    let fields = shape::named_fields(cx, input, derive);
    for field in fields.into_iter().flatten() {
        let Some(ident) = &field.ident else { continue };
        let Some(read) = read_field(cx, field, ident, model.as_ref(), (place, field_place)) else {
            row.skipped.push(Skipped {
                ident: ident.clone(),
                vis: field.vis.clone(),
                ty: field.ty.clone(),
            });
            continue;
        };
        row.listed |= read.from.is_some();
        row.fields.push(read);
    }
    if row.listed {
        let unknown = |field: &&RowField| field.from.is_none() && field.nested.is_none();
        for field in row.fields.iter().filter(unknown) {
            cx.error(
                &field.ident,
                format!(
                    "which column is `{0}` read from?\n\
                     help: write `#[orm(from = Model::{1})]` on it, or `#[orm(from = Model)]` on the struct",
                    field.ident,
                    names::constant(&field.ident)
                ),
            );
        }
    } else {
        row.listed = model.is_some();
    }
    row
}

/// One field; `None` if it is skipped.
fn read_field(
    cx: &Ctxt,
    field: &syn::Field,
    ident: &Ident,
    model: Option<&Path>,
    (place, field_place): (&Place, &Place),
) -> Option<RowField> {
    let mut read = RowField {
        vis: field.vis.clone(),
        ident: ident.clone(),
        ty: field.ty.clone(),
        name: At {
            value: names::plain(ident),
            span: ident.span(),
            word: ident.span(),
        },
        nested: None,
        from: model.map(|model| (model.clone(), names::constant(ident))),
    };
    let (mut skip, mut nested, mut prefix, mut own) = (false, None, None, None);
    for item in field_items(cx, &field.attrs, field_place, place) {
        let form = field_place.form(&item.name);
        match item.name.to_string().as_str() {
            "skip" => skip |= values::flag(cx, &item).is_some(),
            "nested" => nested = values::flag(cx, &item),
            "prefix" => prefix = values::text(cx, &item, form),
            "from" => {
                own = Some(item.name.clone());
                let column = values::path(cx, &item, "a column", form);
                read.from = column.and_then(|path| column_of(cx, path, form));
            }
            _ => read.name = values::text(cx, &item, form).unwrap_or(read.name),
        }
    }
    if skip {
        return None;
    }
    if nested.is_some() {
        if let Some(word) = own {
            cx.error(
                &word,
                "a nested struct is read from the columns that it names itself\n\
                 help: write `#[orm(from = ..)]` in that struct",
            );
        }
        read.from = None;
        read.nested = Some(prefix.map(|prefix| prefix.value).unwrap_or_default());
    } else if let Some(prefix) = prefix {
        cx.error_at(
            prefix.word,
            "`prefix` stands before the names of a nested struct's columns\nhelp: write `#[orm(nested, prefix = \"..\")]`",
        );
    }
    Some(read)
}

/// `Category::NAME`: the model and the constant.
fn column_of(cx: &Ctxt, mut path: Path, form: &str) -> Option<(Path, Ident)> {
    let last = path.segments.pop().map(|last| last.ident);
    path.segments.pop_punct();
    match last {
        Some(column) if !path.segments.is_empty() => Some((path, column)),
        column => {
            cx.error(
                column,
                format!("the value of `from` has to be a column of a model\nhelp: write `{form}`"),
            );
            None
        }
    }
}

/// Reads a struct for `Changes`.
pub(crate) fn read_changes(cx: &Ctxt, input: &DeriveInput) -> Changes {
    let mut changes = Changes {
        ident: input.ident.clone(),
        krate: super::default_crate(),
        model: None,
        fields: Vec::new(),
    };
    let mut said = false;
    for item in &values::without_repeats(cx, items::of_attributes(cx, &input.attrs), &[]) {
        let form = CHANGES.form(&item.name);
        match item.name.to_string().as_str() {
            "model" => {
                said = true;
                changes.model = values::path(cx, item, "a model", form);
            }
            "crate" => {
                if let Some(krate) = super::crate_path(cx, item, form) {
                    changes.krate = krate;
                }
            }
            _ => CHANGES.unknown(cx, &item.name, Some(&CHANGES_FIELD)),
        }
    }
    let fields = shape::named_fields(cx, input, "Changes");
    if !said && fields.is_some() {
        cx.error(
            &input.ident,
            format!(
                "which model does `{}` change?\nhelp: write `#[orm(model = ..)]` on the struct",
                input.ident
            ),
        );
    }
    for field in fields.into_iter().flatten() {
        let Some(ident) = &field.ident else { continue };
        let mut target = ident.clone();
        let mut skip = false;
        for item in field_items(cx, &field.attrs, &CHANGES_FIELD, &CHANGES) {
            match item.name.to_string().as_str() {
                "skip" => skip |= values::flag(cx, &item).is_some(),
                _ => {
                    target =
                        values::name(cx, &item, CHANGES_FIELD.form(&item.name)).unwrap_or(target)
                }
            }
        }
        if skip {
            continue;
        }
        // A change is there or not, so each field is an `Option`.
        match types::inside_option(&field.ty) {
            Some(_) => changes.fields.push(Change {
                ident: ident.clone(),
                target,
                ty: field.ty.clone(),
            }),
            None => cx.error(
                &field.ty,
                format!(
                    "a change can be absent, so the field has to be an `Option`\n\
                     help: write `Option<{}>`, or `#[orm(skip)]` if the field is no change",
                    types::show(&field.ty)
                ),
            ),
        }
    }
    changes
}

/// The items of a field, those that are known there.
fn field_items(
    cx: &Ctxt,
    attributes: &[syn::Attribute],
    place: &Place,
    other: &Place,
) -> Vec<items::Item> {
    let mut items = values::without_repeats(cx, items::of_attributes(cx, attributes), &[]);
    items.retain(|item| {
        let known = place.knows(&item.name);
        if !known {
            place.unknown(cx, &item.name, Some(other));
        }
        known
    });
    items
}
