//! `add_json`: a graph of new entities from a JSON document. The document is read by a [`JsonShape`] into drafts, every
//! mistake of it with the path to its place; the rows that it refers to are looked up, one statement a table; and what came
//! of it is added as any graph of drafts.

use std::collections::BTreeMap;

use bytes::BytesMut;
use serde_json::{Map, Value};

use super::Session;
use super::by_key::Found;
use super::json_shape::{Along, JsonShape, Members, Shape};
use super::key::KeyBytes;
use crate::error::{Error, Rejection, Result, ValidationError};
use crate::model::{
    AnyDraft, ColumnInfo, ColumnSet, DraftLink, Handle, LinkEnd, Model, NewRow, RelationInfo,
    RelationKind, Table,
};
use crate::query::Running;
use crate::types::{DecodeError, Raw, encode_json, not};

impl Session {
    /// Adds a new entity and all that hangs on it from a JSON document: what [`add`](Session::add) does with a builder, for
    /// data of strangers. The shape says which fields the document may set; everything that is wrong with it comes in one
    /// error, each with its path.
    ///
    /// ```
    #[doc = include_str!("example_shop.txt")]
    /// use orm_core::session::JsonShape;
    /// use serde_json::json;
    ///
    /// let item = JsonShape::new().every_column();
    /// let shape = JsonShape::new()
    ///     .allow(Order::TOTAL)
    ///     .existing(Order::USER)
    ///     .nested(Order::ITEMS, item);
    ///
    /// let body = json!({"total": 30, "user": 1, "items": [{"product": "tea", "price": 15, "quantity": 2}]});
    /// let order = db.add_json(&shape, &body).await?; // SELECT .. FROM users WHERE id = $1
    /// db.commit().await?; // two statements: orders, order_items
    /// assert_eq!(db[order].user_id, Some(1));
    ///
    /// let body = json!({"total": "30", "items": [{"product": "tea", "price": 15, "quantty": 2}]});
    /// let error = db.add_json(&shape, &body).await.unwrap_err();
    /// let problems = &error.validation().unwrap().rejections; // a web service answers with 422 and these
    /// let problems: Vec<_> = problems.iter().map(|problem| format!("{} {}", problem.field, problem.message)).collect();
    /// assert_eq!(problems, [
    ///     "items[0].quantty is not a field that can be set here; did you mean `quantity`?",
    ///     "items[0].quantity is missing",
    ///     "total must be an integer, and is a string",
    /// ]);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    ///
    /// # What is checked
    /// That each value is of its column's type, within its range, one of an enum's labels, not longer than `length`, and not
    /// `null` where the column cannot be NULL; then the field's own type reads it, so a type of yours with a stricter
    /// `decode` refuses what it refuses. That what is allowed and required is there, and that the rows that are named
    /// exist. Unique values, checks and the like are for the database to say, at the flush.
    ///
    /// A column that is not allowed is yours to give: `db.set(order, Order::USER, me)`, or
    /// `db.draft(order)?.status = ..`, before the flush.
    ///
    /// # Which statements go out
    /// None, unless the document names rows that are there: then a flush of what is pending, and one SELECT for each table of
    /// which the session doesn't know them all. The new entities are pending.
    ///
    /// # Errors
    /// [`Error::Validation`], where nothing was added; what a SELECT can fail with.
    pub fn add_json<M: Model>(
        &mut self,
        shape: &JsonShape<M>,
        document: &Value,
    ) -> Running<'_, Handle<M>> {
        let shape = shape.erased();
        let mut reader = Reader::new(shape.table);
        let graph = reader.object(shape, document, None);
        Box::pin(async move {
            reader.finish()?;
            let mut named = Vec::new();
            graph.named(&mut named);
            let known = self.look_up(named, shape_error(M::TABLE)).await?;
            let row = graph.into_row(&known);
            Ok(Handle::from_raw(self.add_row(row)))
        })
    }

    /// The entities of the rows that a document names.
    async fn look_up(
        &mut self,
        named: Vec<(&'static Table, KeyBytes, String)>,
        error: impl Fn(Vec<(String, String)>) -> Error,
    ) -> Result<Found> {
        if named.is_empty() {
            return Ok(Found::default());
        }
        self.before_read().await?;
        self.unfiltered = false;
        let keys = named.iter().map(|(table, key, _)| (*table, key.clone()));
        let known = self.find_by_keys(keys.collect()).await?;
        let absent = |(table, key, _): &(&'static Table, KeyBytes, String)| {
            let found = known.get(&(table.id(), key.clone()));
            !found.is_some_and(|handle| self.is_alive(*handle))
        };
        let absent: Vec<_> = named.iter().filter(|one| absent(one)).collect();
        if absent.is_empty() {
            return Ok(known);
        }
        let say = |(table, _, path): &&(&'static Table, KeyBytes, String)| {
            let message = format!("names a `{}` that isn't there", table.model);
            (path.clone(), message)
        };
        Err(error(absent.iter().map(say).collect()))
    }
}

fn shape_error(table: &'static Table) -> impl Fn(Vec<(String, String)>) -> Error {
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
struct Graph {
    table: &'static Table,
    draft: Box<dyn AnyDraft>,
    links: Vec<(&'static RelationInfo, End)>,
}

/// What a relationship of an object leads to.
enum End {
    Nothing,
    New(Graph),
    /// A row that is there: its key, and where the document names it.
    Existing(KeyBytes, String),
}

impl Graph {
    /// The rows that are named, with their places in the document.
    fn named(&self, all: &mut Vec<(&'static Table, KeyBytes, String)>) {
        for (relation, end) in &self.links {
            match end {
                End::Nothing => {}
                End::New(graph) => graph.named(all),
                End::Existing(key, path) => all.push((relation.to, key.clone(), path.clone())),
            }
        }
    }

    fn into_row(self, known: &Found) -> NewRow {
        let links = self.links.into_iter().map(|(relation, end)| DraftLink {
            relation,
            end: match end {
                End::Nothing => LinkEnd::Nothing,
                End::New(graph) => LinkEnd::New(graph.into_row(known)),
                End::Existing(key, _) => LinkEnd::Entity(known[&(relation.to.id(), key)]),
            },
        });
        NewRow {
            table: self.table,
            links: links.collect(),
            draft: self.draft,
        }
    }
}

/// Reads a document. It goes on behind a mistake, so that all of them are found.
struct Reader {
    root: &'static Table,
    /// Where it is: `items[2].quantity`.
    path: String,
    problems: Vec<(String, String)>,
}

impl Reader {
    fn new(root: &'static Table) -> Self {
        Reader {
            root,
            path: String::new(),
            problems: Vec::new(),
        }
    }

    fn finish(&mut self) -> Result<()> {
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

    /// An object that is a new entity. `place` is its `belongs_to` that its place in the document sets.
    fn object(
        &mut self,
        shape: &Shape,
        value: &Value,
        place: Option<&'static RelationInfo>,
    ) -> Graph {
        let table = shape.table;
        let mut graph = Graph {
            table,
            draft: (shape.draft)(),
            links: Vec::new(),
        };
        let Value::Object(fields) = value else {
            self.reject(not("an object", value));
            return graph;
        };
        // The columns that a relationship sets, and which one.
        let mut set_by: BTreeMap<u16, String> = BTreeMap::new();
        if let Some(place) = place {
            let columns = place.columns().0.iter();
            set_by.extend(columns.map(|column| (*column, "its place".to_owned())));
        }
        let mut wrong = ColumnSet::default();
        for (name, value) in fields {
            if let Some(column) = shape.column(name) {
                if !self.at(name, |reader| {
                    reader.column(table, column, value, &mut *graph.draft)
                }) {
                    wrong.insert(column);
                }
            } else if let Some(along) = shape.relation(name) {
                self.at(name, |reader| {
                    reader.along(shape, along, value, &mut graph.links)
                });
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
        graph.draft.apply_defaults();
        let given = graph.draft.given().union(wrong);
        let has = |column: u16| given.contains(column) || set_by.contains_key(&column);
        self.require(shape, fields, has);
        graph
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
        if let (Some(most), Value::String(text)) = (longest(info), value)
            && text.chars().count() > most
        {
            self.reject(format!("must have at most {most} characters"));
            return false;
        }
        let raw = Raw {
            bytes: (!is_null).then_some(&*bytes),
            oid: info.ty.oid,
            type_name: info.ty.name,
        };
        let Err(error) = draft.write(column, raw) else {
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

    /// The value of a relationship.
    fn along(
        &mut self,
        shape: &Shape,
        along: &Along,
        value: &Value,
        links: &mut Vec<(&'static RelationInfo, End)>,
    ) {
        let relation = along.relation;
        if !relation.is_to_one() {
            let Value::Array(members) = value else {
                return self.reject(not("a list", value));
            };
            for (at, member) in members.iter().enumerate() {
                let end = self.at(&format!("[{at}]"), |reader| {
                    reader.one(shape, along, member)
                });
                links.extend(end.map(|end| (relation, end)));
            }
        } else if value.is_null() {
            match relation.required_column() {
                Some(_) => self.reject("must not be null"),
                None => links.push((relation, End::Nothing)),
            }
        } else if let Some(end) = self.one(shape, along, value) {
            links.push((relation, end));
        }
    }

    /// One target of a relationship.
    fn one(&mut self, shape: &Shape, along: &Along, value: &Value) -> Option<End> {
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
                let place = match &along.relation.kind {
                    RelationKind::HasMany { via } | RelationKind::HasOne { via } => Some(*via),
                    _ => None,
                };
                Some(End::New(self.object(nested, value, place)))
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
        let key = KeyBytes::encode(table.primary_key.len(), |part, out| {
            draft.encode(table.primary_key[part], out)
        })?;
        Some(End::Existing(key, self.path.clone()))
    }
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

/// How many characters a `varchar(n)` or `char(n)` holds.
fn longest(column: &ColumnInfo) -> Option<usize> {
    let (ty, rest) = column.declared?.split_once('(')?;
    if !matches!(ty, "varchar" | "char") {
        return None;
    }
    rest.strip_suffix(')')?.parse().ok()
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
