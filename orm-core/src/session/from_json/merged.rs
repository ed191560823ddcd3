//! `merge_json` and `apply_json`: a document about rows that are there and new ones, merged as a graph of values.

use std::any::Any;
use std::fmt;

use bytes::BytesMut;
use serde_json::Value as Json;

use super::document::{End, Graph, Link, Problems, Reader, raw, shape_error};
use super::{Named, absent};
use crate::model::{AnyDraft, ColumnSet, Handle, Model, RawHandle, RelationInfo, Table};
use crate::query::Running;
use crate::session::Session;
use crate::session::detached::{Branch, Members, Value};
use crate::session::json_shape::{JsonShape, Shape};
use crate::session::key::KeyBytes;
use crate::session::merge::flatten;
use crate::session::rows_by_key::Found;

impl Session {
    /// Merges a JSON document: objects with a key change the rows that they name, objects without one are new rows. What the
    /// document doesn't name stays as it is; a relationship that it does name leads where the document says, and nowhere else.
    /// [`merge`](Session::merge) for data of strangers. SQLAlchemy: `merge` of what a schema (pydantic, marshmallow) has read.
    ///
    /// ```
    #[doc = include_str!("../example_shop.txt")]
    /// use orm_core::session::JsonShape;
    /// use serde_json::json;
    ///
    /// let item = JsonShape::new().every_column().allow(OrderItem::ID);
    /// let shape = JsonShape::new().allow(Order::ID).allow(Order::TOTAL).nested(Order::ITEMS, item);
    ///
    /// // Item 1 is changed, a cup is new, and whatever else the order had is taken out.
    /// let body = json!({"id": 1, "items": [
    ///     {"id": 1, "quantity": 3},
    ///     {"product": "cup", "price": 8, "quantity": 1},
    /// ]});
    /// let order = db.merge_json(&shape, &body).await?; // SELECT the order, SELECT the item, SELECT the order's items
    /// assert_eq!(db[order].total, 30); // not in the document
    /// let items = db.related(order, Order::ITEMS)?;
    /// assert_eq!((items.len(), db[items[0]].quantity), (2, 3));
    ///
    /// let body = json!({"id": 1, "items": [{"id": 99, "quantity": 1}]});
    /// let error = db.merge_json(&shape, &body).await.unwrap_err();
    /// let problem = &error.validation().unwrap().rejections[0];
    /// assert_eq!(format!("{} {}", problem.field, problem.message), "items[0] names a `OrderItem` that isn't there");
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    ///
    /// # Which rows a document can name
    /// The shape decides, as it does of columns: an object names a row where all columns of its key are allowed, or are given
    /// by its place below its parent. Below another object a row must be one that the relationship leads to now; rows from
    /// elsewhere are accepted where the shape has [`existing`](JsonShape::existing), too. A row that isn't there is a mistake
    /// where the server makes its key, and a new row where people do. A version that is given must be the row's.
    ///
    /// Everything else is as [`add_json`](Session::add_json) checks it, but that only new rows need what is required.
    ///
    /// # Which statements go out
    /// Those of [`merge`](Session::merge): a flush of what is pending, one SELECT a table for the rows that the session
    /// doesn't know or that are stale, one a to-many relationship of the document. Nothing is written before the flush.
    ///
    /// # Errors
    /// [`Error::Validation`](crate::Error::Validation) and [`Error::Stale`](crate::Error::Stale), where nothing was changed;
    /// what a SELECT can fail with.
    pub fn merge_json<M: Model>(
        &mut self,
        shape: &JsonShape<M>,
        document: &Json,
    ) -> Running<'_, Handle<M>> {
        self.merge_document(shape.erased(), document, None)
    }

    /// Merges a JSON document onto an entity: a PATCH whose row the address names. As [`merge_json`](Session::merge_json), of
    /// which the document needs no key. Sends the same statements as that.
    ///
    /// ```
    #[doc = include_str!("../example_shop.txt")]
    /// use orm_core::session::JsonShape;
    /// use serde_json::json;
    ///
    /// let shape = JsonShape::new().allow(Order::TOTAL).existing(Order::USER);
    /// let order = Order::query().first(&mut db).await?.unwrap();
    /// db.apply_json(order, &shape, &json!({"user": null})).await?;
    /// assert_eq!((db[order].total, db.related(order, Order::USER)?), (30, None));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    ///
    /// # Errors
    /// As [`merge_json`](Session::merge_json); [`Error::Detached`](crate::Error::Detached) and
    /// [`Error::Pending`](crate::Error::Pending) of the handle.
    pub fn apply_json<M: Model>(
        &mut self,
        handle: Handle<M>,
        shape: &JsonShape<M>,
        document: &Json,
    ) -> Running<'_, Handle<M>> {
        if let Err(error) = self.check_row(handle.raw()) {
            return Running::new(std::future::ready(Err(error)));
        }
        let mut key = (shape.erased().draft)();
        for column in M::TABLE.primary_key {
            let mut bytes = BytesMut::new();
            self.store(handle.raw())
                .encode_before(handle.raw().index, *column, &mut bytes);
            // A value of the model itself fits it.
            let _ = key.write(*column, raw(M::TABLE, *column, Some(&bytes)));
        }
        self.merge_document(shape.erased(), document, Some(key))
    }

    fn merge_document<M: Model>(
        &mut self,
        shape: &Shape,
        document: &Json,
        root: Option<Box<dyn AnyDraft>>,
    ) -> Running<'_, Handle<M>> {
        let mut reader = Reader::new(shape.table, true);
        let graph = reader.root(shape, document, root);
        Running::new(async move {
            reader.finish()?;
            let error = shape_error(M::TABLE);
            let mut named = Vec::new();
            graph.all_keys(&mut named);
            let mut known = self.look_up(&named).await?;
            let mut problems = Problems::new();
            graph.require_rows(&known, &mut problems);
            if !problems.is_empty() {
                return Err(error(problems));
            }
            let value = graph.value();
            let mut all = Vec::new();
            flatten(&value, &mut all);
            self.check_versions(&all, &known)?;
            self.load_merged_collections(&all, &known).await?;
            self.require_members(&graph, &known, &mut problems);
            if !problems.is_empty() {
                return Err(error(problems));
            }
            let merged = self.merge_value(&value, &mut known);
            Ok(Handle::from_raw(merged))
        })
    }

    /// Finds rows that a relationship doesn't lead to, where it may not be led to them.
    fn require_members(&self, graph: &Graph, known: &Found, problems: &mut Problems) {
        let owner = graph.row(known);
        for link in &graph.links {
            for end in &link.ends {
                let End::Object(member) = end else { continue };
                if let Some(row) = member.row(known)
                    && !link.existing
                    && !owner.is_some_and(|owner| self.is_member(owner, link.relation, row))
                {
                    let message = format!(
                        "names a `{}` that `{}` does not lead to",
                        member.table.model,
                        link.relation.name.to_lowercase()
                    );
                    problems.push((member.path.clone(), message));
                }
                self.require_members(member, known, problems);
            }
        }
    }

    fn is_member(&self, from: RawHandle, relation: &'static RelationInfo, to: RawHandle) -> bool {
        let targets = self.targets(from, relation).unwrap_or_default();
        targets.contains(&to)
    }
}

impl Graph {
    /// The row that it speaks of, if that is there.
    fn row(&self, known: &Found) -> Option<RawHandle> {
        let key = self.key.clone()?;
        known.get(&(self.table.id(), key)).copied()
    }

    /// The rows that the document names and speaks of.
    fn all_keys(&self, all: &mut Vec<Named>) {
        all.extend((self.key.clone()).map(|key| (self.table, key, self.path.clone())));
        for Link { relation, ends, .. } in &self.links {
            for end in ends {
                match end {
                    End::Object(graph) => graph.all_keys(all),
                    End::Existing(key, path) => {
                        all.push((relation.to, key.clone(), path.clone()));
                    }
                }
            }
        }
    }

    /// Finds what is not there and must be, and what new rows lack.
    fn require_rows(&self, known: &Found, problems: &mut Problems) {
        if self.key.is_some() && self.row(known).is_none() {
            let made_by_server = self.table.primary_key.iter().any(|column| {
                let column = &self.table.columns[*column as usize];
                column.identity || column.server_default.is_some()
            });
            if made_by_server {
                problems.push((self.path.clone(), absent(self.table)));
            } else {
                problems.extend(self.if_new.iter().cloned());
            }
        }
        for Link { relation, ends, .. } in &self.links {
            for end in ends {
                match end {
                    End::Object(graph) => graph.require_rows(known, problems),
                    End::Existing(key, path) => {
                        if !known.contains_key(&(relation.to.id(), key.clone())) {
                            problems.push((path.clone(), absent(relation.to)));
                        }
                    }
                }
            }
        }
    }

    fn value(&self) -> JsonValue {
        let members = self.links.iter().map(|link| Members {
            relation: link.relation,
            branches: link
                .ends
                .iter()
                .map(|end| {
                    Branch(Box::new(match end {
                        End::Object(graph) => graph.value(),
                        End::Existing(key, _) => JsonValue::named(link.relation.to, key.clone()),
                    }))
                })
                .collect(),
            partial: false,
        });
        JsonValue {
            table: self.table,
            draft: Some(self.draft.clone()),
            key: self.key.clone(),
            members: members.collect(),
        }
    }
}

/// An object of a document as a value that can be merged.
#[derive(Clone)]
struct JsonValue {
    table: &'static Table,
    /// None of a row that is only named.
    draft: Option<Box<dyn AnyDraft>>,
    key: Option<KeyBytes>,
    members: Vec<Members>,
}

impl JsonValue {
    fn named(table: &'static Table, key: KeyBytes) -> Self {
        JsonValue {
            table,
            draft: None,
            key: Some(key),
            members: Vec::new(),
        }
    }
}

impl fmt::Debug for JsonValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a {}", self.table.model)
    }
}

impl Value for JsonValue {
    fn table(&self) -> &'static Table {
        self.table
    }

    fn key(&self) -> Option<KeyBytes> {
        self.key.clone()
    }

    fn given(&self) -> ColumnSet {
        self.draft
            .as_ref()
            .map_or(ColumnSet::EMPTY, |draft| draft.given())
    }

    fn encode(&self, column: u16, out: &mut BytesMut) -> bool {
        (self.draft.as_ref()).is_some_and(|draft| draft.encode(column, out))
    }

    fn members(&self) -> &[Members] {
        &self.members
    }

    fn members_mut(&mut self) -> Option<&mut Vec<Members>> {
        Some(&mut self.members)
    }

    fn draft(&self) -> Box<dyn Any> {
        let Some(draft) = &self.draft else {
            unreachable!("a row that is named is there")
        };
        let mut draft = draft.clone();
        draft.apply_defaults();
        draft.into_any()
    }

    fn copied(&self) -> Box<dyn Value> {
        Box::new(self.clone())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
