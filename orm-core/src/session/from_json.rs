//! Entities from JSON documents. A document is read by a [`JsonShape`] into drafts, every mistake of it with the path to its
//! place; the rows that it names are looked up, one statement a table; and what came of it is added as any graph of drafts
//! (`add_json`), or merged as any graph of values.
//!
//! | file | what it is |
//! | --- | --- |
//! | `document` | reads a document |
//! | `merged` | `merge_json` and `apply_json`: documents about rows that are there |

mod document;
mod merged;

use serde_json::Value;

use self::document::{End, Graph, Problems, Reader, shape_error};
use super::Session;
use super::json_shape::JsonShape;
use super::key::KeyBytes;
use super::rows_by_key::Found;
use crate::error::Result;
use crate::model::{DraftLink, Handle, LinkEnd, Model, NewRow, Table};
use crate::query::Running;

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
    /// [`Error::Validation`](crate::Error::Validation), where nothing was added; what a SELECT can fail with.
    pub fn add_json<M: Model>(
        &mut self,
        shape: &JsonShape<M>,
        document: &Value,
    ) -> Running<'_, Handle<M>> {
        let shape = shape.erased();
        let mut reader = Reader::new(shape.table, false);
        let graph = reader.root(shape, document, None);
        Running::new(async move {
            reader.finish()?;
            let mut named = Vec::new();
            graph.named(&mut named);
            let known = self.look_up(&named).await?;
            let mut problems = Problems::new();
            for (table, key, path) in named {
                if !known.contains_key(&(table.id(), key)) {
                    problems.push((path, absent(table)));
                }
            }
            if !problems.is_empty() {
                return Err(shape_error(M::TABLE)(problems));
            }
            let row = graph.into_row(&known);
            Ok(Handle::from_raw(self.add_row(row)))
        })
    }

    /// The entities of the rows that a document names, those that are there.
    async fn look_up(&mut self, named: &[Named]) -> Result<Found> {
        if named.is_empty() {
            return Ok(Found::default());
        }
        self.before_read().await?;
        let keys = named.iter().map(|(table, key, _)| (*table, key.clone()));
        let mut known = self.find_by_keys(keys.collect()).await?;
        known.retain(|_, handle| self.is_alive(*handle));
        Ok(known)
    }
}

/// A row that a document names, and where.
type Named = (&'static Table, KeyBytes, String);

fn absent(table: &'static Table) -> String {
    format!("names a `{}` that isn't there", table.model)
}

impl Graph {
    /// The rows that are named, with their places in the document.
    fn named(&self, all: &mut Vec<Named>) {
        for link in &self.links {
            for end in &link.ends {
                match end {
                    End::Object(graph) => graph.named(all),
                    End::Existing(key, path) => {
                        all.push((link.relation.to, key.clone(), path.clone()));
                    }
                }
            }
        }
    }

    fn into_row(mut self, known: &Found) -> NewRow {
        self.draft.apply_defaults();
        let mut links = Vec::new();
        for link in self.links {
            let relation = link.relation;
            if relation.is_to_one() && link.ends.is_empty() {
                let end = LinkEnd::Nothing;
                links.push(DraftLink { relation, end });
            }
            links.extend(link.ends.into_iter().map(|end| DraftLink {
                relation,
                end: match end {
                    End::Object(graph) => LinkEnd::New(graph.into_row(known)),
                    End::Existing(key, _) => LinkEnd::Entity(known[&(relation.to.id(), key)]),
                },
            }));
        }
        NewRow {
            table: self.table,
            links,
            draft: self.draft,
        }
    }
}
