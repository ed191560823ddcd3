//! Walking a statement as data: every node, and every SELECT that stands in another, wherever it stands.
//!
//! The `match` and the patterns here name every variant and every field, so that whoever adds one is asked what stands in
//! it.

use super::{AggregateCall, CaseNode, Item, Join, Node, OrderNode, Select, TableRef};

/// Looks at the parts of a statement and may change them. What isn't written goes on to the parts inside.
pub(crate) trait Visit {
    /// An expression.
    fn node(&mut self, node: &mut Node)
    where
        Self: Sized,
    {
        node.walk(self);
    }

    /// A SELECT: the statement itself, or one inside.
    fn select(&mut self, select: &mut Select)
    where
        Self: Sized,
    {
        select.walk(self);
    }
}

impl Node {
    /// Visits what stands directly in this node.
    pub(crate) fn walk<V: Visit>(&mut self, visit: &mut V) {
        match self {
            Node::Column(..) | Node::Param(_) | Node::Word(_) => {}
            Node::Infix(left, _, right) => {
                visit.node(left);
                visit.node(right);
            }
            Node::Junction(_, nodes)
            | Node::InRows(nodes, _)
            | Node::Row(nodes)
            | Node::Template(_, nodes)
            | Node::Call {
                function: _,
                arguments: nodes,
            } => nodes.iter_mut().for_each(|node| visit.node(node)),
            Node::Prefix(_, node)
            | Node::Postfix(node, _)
            | Node::Extract(_, node)
            | Node::Cast(node, _)
            | Node::Quantified(_, node) => visit.node(node),
            Node::Between(operand, low, high) => {
                visit.node(operand);
                visit.node(low);
                visit.node(high);
            }
            Node::Aggregate(call) => {
                let AggregateCall {
                    function: _,
                    distinct: _,
                    arguments,
                    order_by,
                    within_group: _,
                    filter,
                } = call.as_mut();
                let order = order_by.iter_mut().map(|part| &mut part.node);
                let nodes = arguments.iter_mut().chain(order).chain(filter);
                nodes.for_each(|node| visit.node(node));
            }
            Node::Case(case) => {
                let CaseNode {
                    operand,
                    branches,
                    otherwise,
                } = case.as_mut();
                for (when, then) in branches {
                    visit.node(when);
                    visit.node(then);
                }
                let rest = operand.iter_mut().chain(otherwise);
                rest.for_each(|node| visit.node(node));
            }
            Node::Exists(select) | Node::Subquery(select) => visit.select(select),
        }
    }
}

impl Select {
    /// Visits what stands directly in this SELECT.
    pub(crate) fn walk<V: Visit>(&mut self, visit: &mut V) {
        let Select {
            items,
            distinct: _,
            distinct_on,
            from: _,
            joins,
            filters,
            group_by,
            having,
            order_by,
            limit: _,
            offset: _,
            lock: _,
            refresh: _,
            unfiltered: _,
        } = self;
        for item in items {
            match item {
                Item::Whole(_) => {}
                Item::Expr(node) => visit.node(node),
            }
        }
        for Join { on, .. } in joins {
            visit.node(on);
        }
        let groups = [distinct_on, filters, group_by, having];
        for node in groups.into_iter().flatten() {
            visit.node(node);
        }
        for OrderNode { node, .. } in order_by {
            visit.node(node);
        }
    }

    /// The tables in FROM.
    pub(crate) fn tables(&self) -> impl Iterator<Item = TableRef> {
        let joined = self.joins.iter().map(|join| join.table);
        std::iter::once(self.from).chain(joined)
    }
}

/// Gives the columns of a table under one name to the same table under another.
struct Renamed {
    from: TableRef,
    to: TableRef,
}

impl Visit for Renamed {
    fn node(&mut self, node: &mut Node) {
        if let Node::Column(table, _) = node
            && table.same(&self.from)
        {
            *table = self.to;
        }
        node.walk(self);
    }

    fn select(&mut self, select: &mut Select) {
        // Where the name is used anew inside, it is another table's.
        if !select.tables().any(|table| table.same(&self.from)) {
            select.walk(self);
        }
    }
}

impl Node {
    /// The same expression about a table under another name.
    pub(crate) fn renamed(mut self, from: TableRef, to: TableRef) -> Node {
        if !from.same(&to) {
            Renamed { from, to }.node(&mut self);
        }
        self
    }
}
