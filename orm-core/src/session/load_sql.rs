//! The statements of loaders: rows by key, and the members of collections.

use bytes::Bytes;

use super::Session;
use super::key::KeyBytes;
use crate::expr::{Alias, Item, Join, JoinKind, Node, Select, TableRef, own_condition, own_order};
use crate::model::{RelationInfo, RelationKind, Table};
use crate::query::render::levels::{self, Level, Parents};
use crate::query::{Levels, LoadStep, Loads, Statement, render};
use crate::types::{ArrayWriter, Param, PgType};

/// The columns under which a lateral join names its parents' keys: as many as PostgreSQL allows in a key.
#[rustfmt::skip]
const PARENT_KEYS: [&str; 32] = [
    "parent_keys.k0", "parent_keys.k1", "parent_keys.k2", "parent_keys.k3", "parent_keys.k4", "parent_keys.k5", "parent_keys.k6", "parent_keys.k7",
    "parent_keys.k8", "parent_keys.k9", "parent_keys.k10", "parent_keys.k11", "parent_keys.k12", "parent_keys.k13", "parent_keys.k14", "parent_keys.k15",
    "parent_keys.k16", "parent_keys.k17", "parent_keys.k18", "parent_keys.k19", "parent_keys.k20", "parent_keys.k21", "parent_keys.k22", "parent_keys.k23",
    "parent_keys.k24", "parent_keys.k25", "parent_keys.k26", "parent_keys.k27", "parent_keys.k28", "parent_keys.k29", "parent_keys.k30", "parent_keys.k31",
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

/// That a column has the key of the parent. Keys travel as texts where the column is a `char(n)`, whose blanks don't count.
fn tie_to_parent(owner: TableRef, column: u16, key: &'static str) -> Node {
    let key = match owner.table.columns[column as usize].padded() {
        None => Node::Word(key),
        Some(declared) => Node::infix(Node::Word(key), "::", Node::Word(declared)),
    };
    Node::infix(Node::Column(owner, column), "=", key)
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
        let keyed = wanted.needs_key(step.relation);
        let (mut members, owner, owner_columns) = members_of(step.relation);
        if step.limit.is_some() {
            let parents = self.known_parents(step.relation, keys);
            let (level, loads) = self.level(step, parents, wanted, keyed);
            return (levels::of_keys(&level), loads);
        }
        let there = members.from;
        members.unfiltered = step.unfiltered;
        members.filters.extend(step.filters);
        members.order_by = step.order_by;
        if members.order_by.is_empty() {
            members.order_by = own_order(step.relation, there);
        }
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
        (render::select(&members), loads)
    }

    /// The members of some parents, wherever the parents' keys come from. Behind the columns that are wanted of a member
    /// stands its parent's key, if `keyed`. Then what is joined.
    pub(super) fn level(
        &self,
        step: LoadStep,
        parents: Parents,
        wanted: Wanted<'_>,
        keyed: bool,
    ) -> (Level, Loads) {
        let (mut members, owner, owner_columns) = members_of(step.relation);
        let there = members.from;
        members.unfiltered = step.unfiltered;
        members.filters.extend(step.filters);
        members.items.push(Item::Whole(there));
        members.limit = step.limit;
        let keys = PARENT_KEYS.iter().take(owner_columns.len());
        let keys: Vec<_> = keys.map(|key| Node::Word(key)).collect();
        for (column, key) in owner_columns.iter().zip(PARENT_KEYS) {
            members.filters.push(tie_to_parent(owner, *column, key));
        }
        let mut outer = Select::from(there);
        outer.unfiltered = step.unfiltered;
        wanted.push_to(there, &mut outer.items);
        if keyed {
            outer.items.extend(keys.into_iter().map(Item::Expr));
        }
        outer.order_by = step.order_by;
        if outer.order_by.is_empty() {
            outer.order_by = own_order(step.relation, there);
        }
        if step.limit.is_some() {
            // Which ones there are is decided inside.
            members.order_by.clone_from(&outer.order_by);
        }
        let loads = Loads::plan(&mut outer, step.then);
        self.restrict_read(&mut members);
        self.restrict_joins(&mut outer);
        let level = Level {
            parents,
            members,
            outer,
        };
        (level, loads)
    }

    /// The keys as the parents of a level.
    pub(super) fn known_parents(
        &self,
        relation: &'static RelationInfo,
        keys: &[KeyBytes],
    ) -> Parents {
        let (_, owner, owner_columns) = members_of(relation);
        Parents::Keys(self.key_arrays(owner.table, owner_columns, keys))
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
        rows.unfiltered = step.unfiltered;
        for (column, key) in owner_columns.iter().zip(PARENT_KEYS) {
            rows.filters.push(tie_to_parent(owner, *column, key));
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
