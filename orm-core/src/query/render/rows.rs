//! What stands around a SELECT or in its FROM: CTEs, set operations, derived tables; and the windows of window functions.

use super::Renderer;
use crate::expr::{
    Cte, CteBody, Frame, FrameBound, Item, Node, OrderNode, Rows, Select, SetOperation, TableRef,
    WindowNode,
};
use crate::model::Table;

/// The column that says that a row closes a cycle, and the one that PostgreSQL keeps the way in: names that no rowset's
/// field is likely to have.
const CLOSES_CYCLE: &str = "closes_cycle";
const CYCLE_PATH: &str = "cycle_path";

/// The name of the column that numbers the rows of a query for a table's entities: none of the table's own.
pub(super) fn number_name(table: &Table) -> String {
    let mut name = "loaded_row".to_owned();
    while table.columns.iter().any(|column| column.name == name) {
        name.push('_');
    }
    name
}

impl Renderer {
    /// Appends `WITH name AS (..) `, without what a query around it has named.
    pub(super) fn with(&mut self, ctes: &[Cte]) {
        let mut ctes: Vec<&Cte> = ctes.iter().collect();
        ctes.retain(|cte| !self.ctes.contains(&cte.table.id()));
        if ctes.is_empty() {
            return;
        }
        self.ctes.extend(ctes.iter().map(|cte| cte.table.id()));
        let recursive = |cte: &&Cte| matches!(cte.body, CteBody::Recursive { .. });
        self.text(if ctes.iter().any(recursive) {
            "WITH RECURSIVE "
        } else {
            "WITH "
        });
        self.list(ctes, ", ", Self::cte);
        self.text(" ");
    }

    fn cte(&mut self, cte: &Cte) {
        self.column_name(cte.table.name);
        match &cte.body {
            CteBody::Select(select) => self.names_unless_same(cte.table, select.outputs()),
            CteBody::Write(write) => self.names_unless_same(cte.table, &write.returning),
            CteBody::Recursive { .. } => self.names(cte.table),
        }
        self.text(match cte.materialized {
            None => " AS (",
            Some(true) => " AS MATERIALIZED (",
            Some(false) => " AS NOT MATERIALIZED (",
        });
        match &cte.body {
            CteBody::Select(select) => self.select(select),
            CteBody::Write(write) => self.write(write),
            CteBody::Recursive {
                base,
                step,
                all,
                guard,
            } => {
                self.set_operand(base);
                self.text(if *all { " UNION ALL " } else { " UNION " });
                self.set_operand(step);
                if let Some(guard) = guard {
                    self.text(") CYCLE ");
                    self.list(&guard.columns, ", ", |sql, column| {
                        sql.column_name(cte.table.columns[*column as usize].name);
                    });
                    self.text(" SET ");
                    self.text(CLOSES_CYCLE);
                    self.text(" USING ");
                    self.text(CYCLE_PATH);
                    return;
                }
            }
        }
        self.text(")");
    }

    /// Appends `left UNION right ORDER BY ..`.
    pub(super) fn set_operation(&mut self, set: &SetOperation, order: &[OrderNode]) {
        // `a UNION b UNION c` is read from the left, so the left side needs no brackets for being the same operation.
        let same = |inner: &SetOperation| inner.operator == set.operator;
        match &set.left.set {
            Some(inner) if same(inner) && set.left.is_bare() => self.set_operation(inner, &[]),
            _ => self.set_operand(&set.left),
        }
        self.text(" ");
        self.text(set.operator);
        self.text(" ");
        self.set_operand(&set.right);
        self.order_by(order);
    }

    fn set_operand(&mut self, select: &Select) {
        if select.is_bare() && select.set.is_none() {
            self.select(select);
        } else {
            self.text("(");
            self.select(select);
            self.text(")");
        }
    }

    /// Appends what stands in FROM under a name: a table, or rows that are computed in place.
    pub(super) fn from_item(&mut self, table: TableRef, computed: &[(TableRef, Rows)]) {
        let rows = computed.iter().find(|(name, _)| name.same(&table));
        let Some((_, rows)) = rows else {
            return self.table(table);
        };
        match rows {
            Rows::Select { select, lateral } => {
                self.text(if *lateral { "LATERAL (" } else { "(" });
                self.select(select);
                self.text(") AS ");
                self.alias(table);
                self.names_unless_same(table.table, select.outputs());
            }
            Rows::Numbered(select) => {
                self.text("(");
                self.select(select);
                self.text(") AS ");
                self.alias(table);
                self.names_and(table.table, Some(&number_name(table.table)));
            }
            Rows::Function(call) => {
                self.node(call);
                self.text(" AS ");
                self.alias(table);
                self.names(table.table);
            }
            Rows::Values(arrays) => {
                self.unnest(arrays);
                self.text(" AS ");
                self.alias(table);
                self.names(table.table);
            }
            Rows::Guarded => {
                self.text("(SELECT ");
                self.item(&Item::Whole(table));
                self.text(" FROM ");
                self.table(table);
                self.text(" WHERE NOT ");
                self.text(CLOSES_CYCLE);
                self.text(") AS ");
                self.alias(table);
            }
        }
    }

    /// Appends `(a, b)`, the names of a rowset's columns.
    fn names(&mut self, table: &Table) {
        self.names_and(table, None);
    }

    /// The same, with the name of the row's number behind them.
    fn names_and(&mut self, table: &Table, number: Option<&str>) {
        self.text("(");
        let names = table.columns.iter().map(|column| column.name);
        self.list(names, ", ", Self::column_name);
        if let Some(number) = number {
            self.text(", ");
            self.made_name(number);
        }
        self.text(")");
    }

    /// The names of the columns, unless the rows have them anyway.
    fn names_unless_same(&mut self, table: &Table, outputs: &[Item]) {
        let names = outputs.iter().flat_map(|item| match item {
            Item::Whole(whole) => whole
                .table
                .columns
                .iter()
                .map(|column| Some(column.name))
                .collect(),
            Item::Expr(Node::Column(of, at)) => {
                vec![Some(of.table.columns[*at as usize].name)]
            }
            Item::Expr(_) => vec![None],
        });
        if !names.eq(table.columns.iter().map(|column| Some(column.name))) {
            self.names(table);
        }
    }

    /// Appends what stands between the brackets of `OVER (..)`.
    pub(super) fn window(&mut self, window: &WindowNode) {
        let mut between = "";
        if !window.partition.is_empty() {
            self.text("PARTITION BY ");
            self.list(&window.partition, ", ", Self::node);
            between = " ";
        }
        if !window.order.is_empty() {
            self.text(between);
            self.text("ORDER BY ");
            self.order_parts(&window.order);
            between = " ";
        }
        if let Some(frame) = &window.frame {
            self.text(between);
            self.frame(frame);
        }
    }

    fn frame(&mut self, frame: &Frame) {
        self.text(frame.mode);
        self.text(" BETWEEN ");
        self.bound(&frame.start, "UNBOUNDED PRECEDING");
        self.text(" AND ");
        self.bound(&frame.end, "UNBOUNDED FOLLOWING");
        if let Some(exclude) = frame.exclude {
            self.text(" ");
            self.text(exclude);
        }
    }

    fn bound(&mut self, bound: &FrameBound, unbounded: &'static str) {
        match bound {
            FrameBound::Unbounded => self.text(unbounded),
            FrameBound::Current => self.text("CURRENT ROW"),
            FrameBound::Preceding(distance) => {
                self.node(distance);
                self.text(" PRECEDING");
            }
            FrameBound::Following(distance) => {
                self.node(distance);
                self.text(" FOLLOWING");
            }
        }
    }
}

impl Select {
    /// Whether it needs no brackets beside UNION: nothing stands before its SELECT or behind its HAVING.
    fn is_bare(&self) -> bool {
        self.ctes.is_empty()
            && self.order_by.is_empty()
            && self.limit.is_none()
            && self.offset.is_none()
            && self.lock.is_none()
    }
}
