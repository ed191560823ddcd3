//! Reads a JSON document by a [`Shape`]: into drafts and the keys that it names, every mistake with the path to its place.

use std::collections::BTreeMap;

use bytes::BytesMut;
use serde_json::{Map, Value};

use crate::error::{Error, Rejection, Result, ValidationError};
use crate::model::{AnyDraft, ColumnInfo, ColumnSet, RelationInfo, RelationKind, Table};
use crate::session::json_shape::{Along, Members, Shape};
use crate::session::key::KeyBytes;
use crate::types::{DecodeError, Raw, encode_json, not};

/// Mistakes of a document: the path to each, and what is wrong there.
pub(in crate::session) type Problems = Vec<(String, String)>;

pub(in crate::session) fn shape_error(table: &'static Table) -> impl Fn(Problems) -> Error {
    move |problems| {
        let rejections = problems.into_iter().map(|(path, message)| Rejection {
            model: table.model,
            field: path.into(),
            message,
        });
        Error::Validation(Box::new(ValidationError {
            rejections: rejections.collect(),
        }))
    }
}

/// An object of a document, read.
pub(in crate::session) struct Graph {
    pub(in crate::session) table: &'static Table,
    /// The values of the document alone: what a new row has by default is not in it.
    pub(in crate::session) draft: Box<dyn AnyDraft>,
    pub(in crate::session) links: Vec<Link>,
    /// The row that a document to be merged speaks of.
    pub(in crate::session) key: Option<KeyBytes>,
    /// Where it stands in the document.
    pub(in crate::session) path: String,
    /// What it lacks if there is no row of its key.
    pub(in crate::session) if_new: Problems,
}

/// A relationship of an object.
pub(in crate::session) struct Link {
    pub(in crate::session) relation: &'static RelationInfo,
    /// None where a to-one is `null`, or a list is empty.
    pub(in crate::session) ends: Vec<End>,
    /// Whether rows may be named that it doesn't lead to yet.
    pub(in crate::session) existing: bool,
}

/// What a relationship of an object leads to.
pub(in crate::session) enum End {
    Object(Graph),
    /// A row that is there: its key, and where the document names it.
    Existing(KeyBytes, String),
}

/// Reads a document. It goes on behind a mistake, so that all of them are found.
pub(in crate::session) struct Reader {
    root: &'static Table,
    /// Whether objects may be rows that are there, whose keys they give.
    merges: bool,
    /// Where it is: `items[2].quantity`.
    path: String,
    problems: Problems,
}

/// Where an object stands below another one: its `belongs_to` that this sets, and the key of that row.
#[derive(Clone, Copy)]
struct Place<'a> {
    via: Option<&'static RelationInfo>,
    parent: &'a dyn AnyDraft,
}

impl Reader {
    pub(in crate::session) fn new(root: &'static Table, merges: bool) -> Self {
        Reader {
            root,
            merges,
            path: String::new(),
            problems: Vec::new(),
        }
    }

    pub(in crate::session) fn finish(&mut self) -> Result<()> {
        if self.problems.is_empty() {
            return Ok(());
        }
        Err(shape_error(self.root)(std::mem::take(&mut self.problems)))
    }

    fn reject(&mut self, message: impl Into<String>) {
        self.problems.push((self.path.clone(), message.into()));
    }

    /// Does something one step further down.
    fn at<T>(&mut self, step: &str, read: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.path.len();
        if length > 0 && !step.is_empty() && !step.starts_with('[') {
            self.path.push('.');
        }
        self.path.push_str(step);
        let result = read(self);
        self.path.truncate(length);
        result
    }

    /// The document itself. `known` has the key of its row, where that is not for the document to say.
    pub(in crate::session) fn root(
        &mut self,
        shape: &Shape,
        value: &Value,
        known: Option<Box<dyn AnyDraft>>,
    ) -> Graph {
        self.object(shape, value, None, known)
    }

    /// An object that is an entity: a new one, or, in a document that is merged, one of a key.
    fn object(
        &mut self,
        shape: &Shape,
        value: &Value,
        place: Option<Place<'_>>,
        known: Option<Box<dyn AnyDraft>>,
    ) -> Graph {
        let table = shape.table;
        let mut graph = Graph {
            table,
            draft: (shape.draft)(),
            links: Vec::new(),
            key: None,
            path: self.path.clone(),
            if_new: Problems::new(),
        };
        let Value::Object(fields) = value else {
            self.reject(not("an object", value));
            return graph;
        };
        // The columns that a relationship sets, and which one.
        let mut set_by: BTreeMap<u16, String> = BTreeMap::new();
        if let Some(via) = place.and_then(|place| place.via) {
            let columns = via.columns().0.iter();
            set_by.extend(columns.map(|column| (*column, "its place".to_owned())));
        }
        let key = self.key_of(shape, fields, place, known.as_deref());
        let mut wrong = ColumnSet::default();
        for (name, value) in fields {
            if let Some(column) = shape.column(name) {
                if !self.at(name, |reader| {
                    reader.column(table, column, value, &mut *graph.draft)
                }) {
                    wrong.insert(column);
                }
            } else if let Some(along) = shape.relation(name) {
                let link = self.at(name, |reader| reader.along(shape, along, value, &*key));
                graph.links.extend(link);
                if along.relation.foreign_key().is_some() {
                    let columns = along.relation.columns().0.iter();
                    set_by.extend(columns.map(|column| (*column, format!("`{name}`"))));
                }
            } else if !shape.ignore_unknown {
                let message = shape.unknown(name);
                self.at(name, |reader| reader.reject(message));
            }
        }
        for (column, by) in &set_by {
            if graph.draft.given().contains(*column) {
                let field = table.columns[*column as usize].field;
                self.at(field, |reader| {
                    reader.reject(format!("is set by {by} already"));
                });
            }
        }
        if let Some(known) = &known {
            self.require_same_key(table, &*graph.draft, &**known);
        }
        if self.merges {
            graph.key = key_bytes(table, &*key);
        }
        let mut whole = graph.draft.clone();
        whole.apply_defaults();
        let given = whole.given().union(wrong);
        let has = |column: u16| given.contains(column) || set_by.contains_key(&column);
        let before = self.problems.len();
        self.require(shape, fields, has);
        if graph.key.is_some() {
            graph.if_new = self.problems.split_off(before);
        }
        graph
    }

    /// The columns of an object's key that are known before everything else is read: its own, and those that its place
    /// gives.
    fn key_of(
        &mut self,
        shape: &Shape,
        fields: &Map<String, Value>,
        place: Option<Place<'_>>,
        known: Option<&dyn AnyDraft>,
    ) -> Box<dyn AnyDraft> {
        if let Some(known) = known {
            return known.boxed_clone();
        }
        let (table, mut key) = (shape.table, (shape.draft)());
        if !self.merges {
            return key;
        }
        let before = self.problems.len();
        for column in table.primary_key {
            let field = table.columns[*column as usize].field;
            if shape.columns.contains(*column)
                && let Some(value) = fields.get(field)
            {
                // What is wrong with it is said when it is read in its turn.
                self.column(table, *column, value, &mut *key);
                self.problems.truncate(before);
            }
        }
        if let Some(Place {
            via: Some(via),
            parent,
        }) = place
        {
            let (here, there) = via.columns();
            for (here, there) in here.iter().zip(there) {
                let mut bytes = BytesMut::new();
                if table.primary_key.contains(here) && parent.encode(*there, &mut bytes) {
                    // The two columns are of one type.
                    let _ = key.write(*here, raw(table, *here, Some(&bytes)));
                }
            }
        }
        key
    }

    /// A document about a row that is known can name no other.
    fn require_same_key(
        &mut self,
        table: &'static Table,
        given: &dyn AnyDraft,
        known: &dyn AnyDraft,
    ) {
        for column in table.primary_key {
            let (mut one, mut other) = (BytesMut::new(), BytesMut::new());
            if given.encode(*column, &mut one) && known.encode(*column, &mut other) && one != other
            {
                let field = table.columns[*column as usize].field;
                self.at(field, |reader| reader.reject("is the key of another row"));
            }
        }
    }

    /// Rejects what is required, allowed and absent.
    fn require(&mut self, shape: &Shape, fields: &Map<String, Value>, has: impl Fn(u16) -> bool) {
        let columns = shape.table.columns;
        for column in shape.columns.iter().filter(|column| !has(*column)) {
            let info = &columns[column as usize];
            if is_required(info) {
                self.at(info.field, |reader| reader.reject("is missing"));
            }
        }
        for along in &shape.along {
            let name = along.name();
            let key = along.relation.required_column().is_some();
            let lacks = |column: &u16| !has(*column) && !shape.columns.contains(*column);
            if key && !fields.contains_key(&name) && along.relation.columns().0.iter().any(lacks) {
                self.at(&name, |reader| reader.reject("is missing"));
            }
        }
    }

    /// A value of a column. Says whether it was one.
    fn column(
        &mut self,
        table: &'static Table,
        column: u16,
        value: &Value,
        draft: &mut dyn AnyDraft,
    ) -> bool {
        let info = &table.columns[column as usize];
        let mut bytes = BytesMut::new();
        // In a `jsonb` that cannot be NULL, `null` is a value.
        let is_null = value.is_null() && (info.nullable || info.ty.name != "jsonb");
        if is_null && !info.nullable {
            self.reject("must not be null");
            return false;
        }
        if !is_null && let Err(misfit) = encode_json(info.ty, value, &mut bytes) {
            self.at(&misfit.place, |reader| reader.reject(misfit.message));
            return false;
        }
        if let (Some(most), Value::String(text)) = (info.longest(), value)
            && text.chars().count() > most
        {
            self.reject(format!("must have at most {most} characters"));
            return false;
        }
        let value_of_it = raw(table, column, (!is_null).then_some(&*bytes));
        let Err(error) = draft.write(column, value_of_it) else {
            return true;
        };
        let null_at = value
            .as_array()
            .and_then(|elements| elements.iter().position(Value::is_null));
        match null_at {
            Some(at) => self.at(&format!("[{at}]"), |reader| {
                reader.reject("must not be null")
            }),
            None => self.reject(format!("cannot be taken: {}", without_type(&error))),
        }
        false
    }

    /// The value of a relationship. `key` is that of the object that it starts at.
    fn along(
        &mut self,
        shape: &Shape,
        along: &Along,
        value: &Value,
        key: &dyn AnyDraft,
    ) -> Option<Link> {
        let relation = along.relation;
        let mut ends = Vec::new();
        if !relation.is_to_one() {
            let Value::Array(members) = value else {
                self.reject(not("a list", value));
                return None;
            };
            for (at, member) in members.iter().enumerate() {
                let end = self.at(&format!("[{at}]"), |reader| {
                    let end = reader.one(shape, along, member, key)?;
                    let same = |other: &End| end.key().is_some() && other.key() == end.key();
                    if reader.merges && ends.iter().any(same) {
                        reader.reject("names a row that the list has already");
                    }
                    Some(end)
                });
                ends.extend(end);
            }
        } else if value.is_null() {
            if relation.required_column().is_some() {
                self.reject("must not be null");
                return None;
            }
        } else {
            ends.push(self.one(shape, along, value, key)?);
        }
        Some(Link {
            relation,
            ends,
            existing: along.existing.is_some(),
        })
    }

    /// One target of a relationship.
    fn one(
        &mut self,
        shape: &Shape,
        along: &Along,
        value: &Value,
        parent: &dyn AnyDraft,
    ) -> Option<End> {
        let nested = match &along.nested {
            Some(Members::AsAbove) => Some(shape),
            Some(Members::Of(shape)) => Some(shape),
            None => None,
        };
        let key = along.relation.to.primary_key;
        let names_a_row = |nested: &Shape| match value {
            Value::Object(fields) => key.iter().any(|column| {
                let field = nested.table.columns[*column as usize].field;
                !nested.columns.contains(*column) && fields.contains_key(field)
            }),
            _ => true,
        };
        match (nested, along.existing) {
            (Some(nested), Some(draft)) if names_a_row(nested) => {
                self.key(along.relation.to, nested.ignore_unknown, draft(), value)
            }
            (None, Some(draft)) => self.key(along.relation.to, false, draft(), value),
            (Some(nested), _) => {
                let via = match &along.relation.kind {
                    RelationKind::HasMany { via } | RelationKind::HasOne { via } => Some(*via),
                    _ => None,
                };
                let place = Place { via, parent };
                Some(End::Object(self.object(nested, value, Some(place), None)))
            }
            (None, None) => None,
        }
    }

    /// The primary key of a row that is there: its value, or an object of its columns.
    fn key(
        &mut self,
        table: &'static Table,
        ignore_unknown: bool,
        mut draft: Box<dyn AnyDraft>,
        value: &Value,
    ) -> Option<End> {
        let before = self.problems.len();
        let field = |column: u16| table.columns[column as usize].field;
        match (value, table.primary_key) {
            (Value::Object(fields), key) => {
                for column in key {
                    let name = field(*column);
                    self.at(name, |reader| match fields.get(name) {
                        Some(value) => {
                            reader.column(table, *column, value, &mut *draft);
                        }
                        None => reader.reject("is missing"),
                    });
                }
                for name in fields.keys().filter(|_| !ignore_unknown) {
                    if !key.iter().any(|column| field(*column) == name) {
                        let message = format!("is not part of the key of `{}`", table.model);
                        self.at(name, |reader| reader.reject(message));
                    }
                }
            }
            (value, [column]) => {
                self.column(table, *column, value, &mut *draft);
            }
            (value, key) => {
                let fields: Vec<_> = key.iter().map(|column| field(*column)).collect();
                let expected = format!("an object with `{}`", fields.join("` and `"));
                self.reject(not(&expected, value));
            }
        }
        if self.problems.len() > before {
            return None;
        }
        let key = key_bytes(table, &*draft)?;
        Some(End::Existing(key, self.path.clone()))
    }
}

impl End {
    /// The row that it names.
    fn key(&self) -> Option<&KeyBytes> {
        match self {
            End::Object(graph) => graph.key.as_ref(),
            End::Existing(key, _) => Some(key),
        }
    }
}

fn key_bytes(table: &'static Table, draft: &dyn AnyDraft) -> Option<KeyBytes> {
    let key = table.primary_key;
    KeyBytes::encode(key.len(), &mut |part, out| draft.encode(key[part], out))
}

/// A value of a column, as it would come off the wire.
pub(in crate::session) fn raw<'a>(
    table: &'static Table,
    column: u16,
    bytes: Option<&'a [u8]>,
) -> Raw<'a> {
    table.columns[column as usize].ty.raw(bytes)
}

impl Shape {
    fn column(&self, name: &str) -> Option<u16> {
        let mut allowed = self.columns.iter();
        allowed.find(|column| self.table.columns[*column as usize].field == name)
    }

    fn relation(&self, name: &str) -> Option<&Along> {
        self.along.iter().find(|along| along.name() == name)
    }

    /// What to say of a field that isn't allowed. Whether the model has it is not for strangers to know.
    fn unknown(&self, name: &str) -> String {
        let fields = self.columns.iter();
        let fields = fields.map(|column| self.table.columns[column as usize].field.to_owned());
        let allowed = fields.chain(self.along.iter().map(Along::name));
        let near = allowed
            .map(|allowed| (edits(name, &allowed), allowed))
            .filter(|(edits, allowed)| *edits <= 1 + allowed.len() / 4)
            .min();
        let hint = near.map_or_else(String::new, |(_, near)| format!("; did you mean `{near}`?"));
        format!("is not a field that can be set here{hint}")
    }
}

/// Whether a new row needs a value for a column from the document: nothing else gives it one.
fn is_required(column: &ColumnInfo) -> bool {
    !column.nullable && !column.identity && column.server_default.is_none()
}

/// What a type has against a value, without the type's name in Rust before it, which is nothing to a client.
fn without_type(error: &DecodeError) -> &str {
    match error
        .0
        .strip_prefix('`')
        .and_then(|rest| rest.split_once("`: "))
    {
        Some((_, why)) => why,
        None => &error.0,
    }
}

/// How many characters have to be put in, taken out or exchanged to make one text of the other.
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let exchanged = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = exchanged.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
