//! The statements of loaders: rows by key, and the members of collections.

use bytes::Bytes;

use super::Session;
use super::key::KeyBytes;
use crate::expr::{Alias, Item, Join, JoinKind, Node, Select, TableRef};
use crate::model::{RelationKind, Table};
use crate::query::{LoadStep, Loads, Statement, render};
use crate::types::{ArrayWriter, Param, PgType};

/// The columns under which a lateral join names its parents' keys: as many as PostgreSQL allows in a key.
#[rustfmt::skip]
const PARENT_KEYS: [&str; 32] = [
    "parents.k0", "parents.k1", "parents.k2", "parents.k3", "parents.k4", "parents.k5", "parents.k6", "parents.k7",
    "parents.k8", "parents.k9", "parents.k10", "parents.k11", "parents.k12", "parents.k13", "parents.k14", "parents.k15",
    "parents.k16", "parents.k17", "parents.k18", "parents.k19", "parents.k20", "parents.k21", "parents.k22", "parents.k23",
    "parents.k24", "parents.k25", "parents.k26", "parents.k27", "parents.k28", "parents.k29", "parents.k30", "parents.k31",
];

impl Session {
    /// The statement for the members of some parents. Behind a member's own columns stands, for a many-to-many, the key
    /// of the parent that it is linked to; then what is joined.
    pub(super) fn select_members(&self, step: LoadStep, keys: &[KeyBytes]) -> (Statement, Loads) {
        let relation = step.relation;
        let there = TableRef::of(relation.to);
        let mut members = Select::from(there);
        members.items.push(Item::Whole(there));
        members.filters = step.filters;
        members.order_by = step.order_by;
        // The columns that refer to the parent: those of the link table, or the member's own.
        let (owner, owner_columns) = match &relation.kind {
            RelationKind::ManyToMany { near, far } => {
                let link = TableRef {
                    table: near.from,
                    alias: Alias::Link(1),
                };
                let (link_far, there_key) = far.columns();
                members.joins.push(Join {
                    kind: JoinKind::Inner,
                    table: link,
                    on: Node::tie(link, link_far, there, there_key),
                });
                (link, near.columns().0)
            }
            _ => (there, relation.columns().1),
        };
        let linked = matches!(relation.kind, RelationKind::ManyToMany { .. });
        let Some(limit) = step.limit else {
            if linked {
                let columns = owner_columns.iter();
                members
                    .items
                    .extend(columns.map(|column| Item::Expr(Node::Column(owner, *column))));
            }
            members
                .filters
                .push(self.is_one_of(owner, owner_columns, keys));
            let loads = Loads::plan(&mut members, step.then);
            self.restrict_read(&mut members);
            return (render::select(&members), loads);
        };
        members.limit = Some(limit);
        for (column, key) in owner_columns.iter().zip(PARENT_KEYS) {
            members.filters.push(Node::infix(
                Node::Column(owner, *column),
                "=",
                Node::Word(key),
            ));
        }
        let mut outer = Select::from(there);
        outer.items.push(Item::Whole(there));
        if linked {
            let keys = PARENT_KEYS.iter().take(owner_columns.len());
            outer
                .items
                .extend(keys.map(|key| Item::Expr(Node::Word(key))));
        }
        outer.order_by.clone_from(&members.order_by);
        let loads = Loads::plan(&mut outer, step.then);
        self.restrict_read(&mut members);
        self.restrict_joins(&mut outer);
        let arrays = self.key_arrays(owner.table, owner_columns, keys);
        (render::lateral(&outer, arrays, &members), loads)
    }

    /// `column = $1` for one key, `column = ANY($1)` for many, `(a, b) IN (SELECT ..)` for keys of several columns.
    pub(super) fn is_one_of(&self, table: TableRef, columns: &[u16], keys: &[KeyBytes]) -> Node {
        let ty = |column: &u16| table.table.columns[*column as usize].ty;
        if let [key] = keys {
            let values = columns.iter().zip(key.parts(columns.len()));
            return Node::all(values.map(|(column, value)| {
                let value = Param::from_bytes(ty(column), Some(Bytes::copy_from_slice(value)));
                Node::infix(Node::Column(table, *column), "=", Node::Param(value))
            }))
            .unwrap_or(Node::Word("FALSE"));
        }
        let mut arrays = self.key_arrays(table.table, columns, keys);
        if let ([column], [_]) = (columns, arrays.as_slice())
            && let Some((array, _)) = arrays.pop()
        {
            let any = Node::Quantified("ANY", Box::new(Node::Param(array)));
            return Node::infix(Node::Column(table, *column), "=", any);
        }
        let columns = columns.iter().map(|column| Node::Column(table, *column));
        Node::InRows(columns.collect(), arrays)
    }

    /// Keys as one array a column, with the type of its elements.
    fn key_arrays(
        &self,
        table: &'static Table,
        columns: &[u16],
        keys: &[KeyBytes],
    ) -> Vec<(Param, &'static PgType)> {
        let mut arrays: Vec<ArrayWriter> = columns.iter().map(|_| ArrayWriter::new()).collect();
        for key in keys {
            for (array, part) in arrays.iter_mut().zip(key.parts(columns.len())) {
                array.push_bytes(Some(part));
            }
        }
        let types = columns
            .iter()
            .map(|column| table.columns[*column as usize].ty);
        arrays
            .into_iter()
            .zip(types)
            .map(|(array, ty)| (array.into_param_of(ty), ty))
            .collect()
    }
}
