//! What a relationship says of its members beyond the keys: a condition of its own, and their order. Joins, `any(..)` and
//! loaders ask here, so that none of them sees other members than the rest.

use super::{Node, OrderNode, TableRef};
use crate::model::RelationInfo;

/// The condition of a relationship (`filter = recent`), on its target under the name that it has in a query.
pub(crate) fn own_condition(relation: &RelationInfo, there: TableRef) -> Option<Node> {
    let condition = (relation.members.filter?)().downcast::<Node>();
    let condition = *condition.unwrap_or_else(|_| unreachable!("the derive has put a node there"));
    Some(condition.renamed(TableRef::of(there.table), there))
}

/// `tie AND the relationship's own condition`: what a join along it is on.
pub(crate) fn with_own_condition(tie: Node, relation: &RelationInfo, there: TableRef) -> Node {
    match own_condition(relation, there) {
        Some(condition) => Node::junction(tie, "AND", condition),
        None => tie,
    }
}

/// The order of a relationship's members (`order_by(position)`).
pub(crate) fn own_order(relation: &RelationInfo, there: TableRef) -> Vec<OrderNode> {
    let order = relation.members.order_by.iter();
    order
        .map(|part| OrderNode {
            node: Node::Column(there, part.column),
            ty: Some(there.table.columns[part.column as usize].ty),
            descending: part.descending,
            nulls_first: None,
        })
        .collect()
}
