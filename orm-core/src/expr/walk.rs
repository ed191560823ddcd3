//! Walking a statement as data: every node, and every SELECT that stands in another, wherever it stands.
//!
//! The `match` and the patterns here name every variant and every field, so that whoever adds one is asked what stands in
//! it.

use super::{
    Action, AggregateCall, CaseNode, Conflict, ConflictAction, Cte, CteBody, FrameBound, Item,
    Join, NewRows, Node, OrderNode, Rows, Select, TableRef, WindowNode, Write,
};

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

    /// The conditions of an UPDATE or DELETE under which rows of a table are written or joined; its nodes have been visited.
    fn write(&mut self, table: TableRef, filters: &mut Vec<Node>) {
        let _ = (table, filters);
    }
}

impl Node {
    /// Visits what stands directly in this node.
    pub(crate) fn walk<V: Visit>(&mut self, visit: &mut V) {
        match self {
            Node::Column(..)
            | Node::Param(_)
            | Node::Word(_)
            | Node::Output(_)
            | Node::RowNumber(_) => {}
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
            | Node::Collate(node, _)
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
            Node::Over(function, window) => {
                visit.node(function);
                let WindowNode {
                    partition,
                    order,
                    frame,
                } = window.as_mut();
                let order = order.iter_mut().map(|part| &mut part.node);
                let bounds = frame
                    .iter_mut()
                    .flat_map(|frame| [&mut frame.start, &mut frame.end]);
                let bounds = bounds.filter_map(|bound| match bound {
                    FrameBound::Preceding(node) | FrameBound::Following(node) => Some(node),
                    FrameBound::Unbounded | FrameBound::Current => None,
                });
                let nodes = partition.iter_mut().chain(order).chain(bounds);
                nodes.for_each(|node| visit.node(node));
            }
            Node::Exists(select) | Node::Subquery(select) => visit.select(select),
        }
    }
}

impl Select {
    /// Visits what stands directly in this SELECT.
    pub(crate) fn walk<V: Visit>(&mut self, visit: &mut V) {
        let Select {
            ctes,
            set,
            items,
            distinct: _,
            distinct_on,
            from: _,
            joins,
            computed,
            filters,
            group_by,
            having,
            order_by,
            limit: _,
            offset: _,
            lock: _,
            refresh: _,
            unfiltered: _,
            pipelined: _,
        } = self;
        for Cte { body, .. } in ctes {
            match body {
                CteBody::Select(select) => visit.select(select),
                CteBody::Recursive { base, step, .. } => {
                    visit.select(base);
                    visit.select(step);
                }
                CteBody::Write(write) => write.walk(visit),
            }
        }
        if let Some(set) = set {
            visit.select(&mut set.left);
            visit.select(&mut set.right);
        }
        for (_, rows) in computed {
            match rows {
                Rows::Select { select, .. } | Rows::Numbered(select) => visit.select(select),
                Rows::Function(node) => visit.node(node),
                Rows::Values(_) | Rows::Guarded => {}
            }
        }
        items_of(items, visit);
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

impl Write {
    /// Visits what stands directly in this statement.
    pub(crate) fn walk<V: Visit>(&mut self, visit: &mut V) {
        items_of(&mut self.returning, visit);
        let (assignments, filters, using) = match &mut self.action {
            Action::Update {
                assignments,
                using,
                filters,
            } => (assignments.as_mut_slice(), filters, using.as_slice()),
            Action::Delete { using, filters } => (&mut [][..], filters, using.as_slice()),
            Action::Insert { rows, conflict, .. } => {
                if let NewRows::Select(select) = rows {
                    visit.select(select);
                }
                let Some(Conflict {
                    action:
                        ConflictAction::Update {
                            assignments,
                            filters,
                        },
                    ..
                }) = conflict
                else {
                    return;
                };
                (assignments.as_mut_slice(), filters, &[][..])
            }
        };
        let values = assignments.iter_mut().map(|(_, value)| value);
        let nodes = filters.iter_mut().chain(values);
        nodes.for_each(|node| visit.node(node));
        for table in std::iter::once(&self.table).chain(using) {
            visit.write(*table, filters);
        }
    }
}

fn items_of<V: Visit>(items: &mut [Item], visit: &mut V) {
    for item in items {
        match item {
            Item::Whole(_) => {}
            Item::Expr(node) => visit.node(node),
        }
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
