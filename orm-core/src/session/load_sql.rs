//! The statements of loaders: rows by key, and the members of collections.

use bytes::Bytes;

use super::Session;
use super::key::KeyBytes;
use crate::expr::{Alias, Item, Join, JoinKind, Node, Select, TableRef, own_condition, own_order};
use crate::model::{RelationInfo, RelationKind, Table};
use crate::query::{Levels, LoadStep, Loads, Statement, render};
use crate::types::{ArrayWriter, Param, PgType};

/// The columns under which a lateral join names its parents' keys: as many as PostgreSQL allows in a key.
#[rustfmt::skip]
const PARENT_KEYS: [&str; 32] = [
    "parents.k0", "parents.k1", "parents.k2", "parents.k3", "parents.k4", "parents.k5", "parents.k6", "parents.k7",
    "parents.k8", "parents.k9", "parents.k10", "parents.k11", "parents.k12", "parents.k13", "parents.k14", "parents.k15",
    "parents.k16", "parents.k17", "parents.k18", "parents.k19", "parents.k20", "parents.k21", "parents.k22", "parents.k23",
    "parents.k24", "parents.k25", "parents.k26", "parents.k27", "parents.k28", "parents.k29", "parents.k30", "parents.k31",
];

/// What is read of the members of a relationship.
#[derive(Clone, Copy)]
pub(super) enum Wanted<'a> {
    /// Entities.
    Whole,
    /// Some columns.
    Columns(&'a [u16]),
}

impl Wanted<'_> {
    fn push_to(self, table: TableRef, items: &mut Vec<Item>) {
        match self {
            Wanted::Whole => items.push(Item::Whole(table)),
            Wanted::Columns(columns) => {
                let columns = columns.iter();
                items.extend(columns.map(|column| Item::Expr(Node::Column(table, *column))));
            }
        }
    }

    /// Whether the key of the parent has to be read with each member, because its own columns don't have it.
    pub(super) fn needs_key(self, relation: &RelationInfo) -> bool {
        matches!(self, Wanted::Columns(_))
            || matches!(relation.kind, RelationKind::ManyToMany { .. })
    }
}

/// FROM the table that a relationship leads to, joined to the link table where there is one; and the columns that refer to
/// the parents: those of the link table, or the member's own. Those that meet the relationship's own condition.
fn members_of(relation: &'static RelationInfo) -> (Select, TableRef, &'static [u16]) {
    let there = TableRef::of(relation.to);
    let mut members = Select::from(there);
    members.filters.extend(own_condition(relation, there));
    let RelationKind::ManyToMany { near, far } = &relation.kind else {
        return (members, there, relation.columns().1);
    };
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
    (members, link, near.columns().0)
}

impl Session {
    /// The statement for the members of some parents. Behind the columns that are wanted of a member stands the key of the
    /// parent that it belongs to, where a whole member doesn't have it: behind a many-to-many's, and behind single
    /// columns. Then what is joined.
    pub(super) fn select_members(
        &self,
        step: LoadStep,
        keys: &[KeyBytes],
        wanted: Wanted<'_>,
    ) -> (Statement, Loads) {
        let (mut members, owner, owner_columns) = members_of(step.relation);
        let there = members.from;
        members.filters.extend(step.filters);
        members.order_by = step.order_by;
        if members.order_by.is_empty() {
            members.order_by = own_order(step.relation, there);
        }
        let keyed = wanted.needs_key(step.relation);
        let Some(limit) = step.limit else {
            wanted.push_to(there, &mut members.items);
            if keyed {
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
        members.items.push(Item::Whole(there));
        members.limit = Some(limit);
        for (column, key) in owner_columns.iter().zip(PARENT_KEYS) {
            members.filters.push(Node::infix(
                Node::Column(owner, *column),
                "=",
                Node::Word(key),
            ));
        }
        let mut outer = Select::from(there);
        wanted.push_to(there, &mut outer.items);
        if keyed {
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

    /// The statement for an aggregate over the members of each of some parents: the parent's key, and the value. One row
    /// more, whose key is NULL, has the value of no members, for the parents that have none.
    pub(super) fn select_aggregate(
        &self,
        relation: &'static RelationInfo,
        filters: Vec<Node>,
        keys: &[KeyBytes],
        aggregate: Node,
    ) -> Statement {
        let (mut groups, owner, owner_columns) = members_of(relation);
        let columns = owner_columns.iter();
        groups.group_by = columns.map(|column| Node::Column(owner, *column)).collect();
        let key = groups.group_by.iter().cloned().map(Item::Expr);
        groups.items = key.chain([Item::Expr(aggregate.clone())]).collect();
        groups.filters.extend(filters);
        groups
            .filters
            .push(self.is_one_of(owner, owner_columns, keys));
        self.restrict_read(&mut groups);
        let mut of_none = Select::from(groups.from);
        let nulls = owner_columns.iter().map(|_| Node::Word("NULL"));
        of_none.items = nulls.chain([aggregate]).map(Item::Expr).collect();
        of_none.filters.push(Node::Word("FALSE"));
        render::union_all(&groups, &of_none)
    }

    /// The statement for all rows that are reached along a relationship of a model to itself. Behind a row's own columns
    /// stands, for a many-to-many, the key of the row that it belongs to.
    pub(super) fn select_tree(
        &self,
        step: LoadStep,
        keys: &[KeyBytes],
        levels: Levels,
    ) -> Statement {
        let relation = step.relation;
        let (mut rows, owner, owner_columns) = members_of(relation);
        let there = rows.from;
        for (column, key) in owner_columns.iter().zip(PARENT_KEYS) {
            let tie = Node::infix(Node::Column(owner, *column), "=", Node::Word(key));
            rows.filters.push(tie);
        }
        rows.filters.extend(step.filters);
        let arrays = self.key_arrays(owner.table, owner_columns, keys);
        let mut level = rows.clone();
        // A cast, because a recursive column has one type: that of the arrays, and not a relative such as varchar.
        let next = relation.columns().0.iter().zip(&arrays);
        let next = next.map(|(column, (_, ty))| {
            Item::Expr(Node::Cast(Box::new(Node::Column(there, *column)), ty))
        });
        level.items = next.collect();
        rows.items.push(Item::Whole(there));
        if Wanted::Whole.needs_key(relation) {
            let columns = owner_columns.iter();
            rows.items
                .extend(columns.map(|column| Item::Expr(Node::Column(owner, *column))));
        }
        rows.order_by = step.order_by;
        if rows.order_by.is_empty() {
            rows.order_by = own_order(relation, there);
        }
        self.restrict_read(&mut level);
        self.restrict_read(&mut rows);
        let below = match levels {
            Levels::All => None,
            Levels::AtMost(levels) => Some(i32::try_from(levels).unwrap_or(i32::MAX)),
        };
        render::recursive(&arrays, &level, &rows, below)
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
