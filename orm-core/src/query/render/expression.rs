//! Expressions: one `match` over [`Node`], with brackets where PostgreSQL's precedence would read something else without them.

use super::Renderer;
use super::rows::number_name;
use crate::expr::template::{self, Piece};
use crate::expr::{AggregateCall, CaseNode, Node};
use crate::query::Effect;
use crate::types::{Param, PgType, SqlType};

impl Renderer {
    /// Appends an expression.
    ///
    /// PostgreSQL compares the expressions of a grouped query by their text: `coalesce(x, $1)` is not grouped by
    /// `coalesce(x, $2)`, whatever the values. So an expression that was selected or grouped by, and comes again, gets
    /// the numbers that it had. Not every equal value does: the server takes a type for each number from where it stands.
    pub(crate) fn node(&mut self, node: &Node) {
        if !self.repeating || matches!(node, Node::Param(_) | Node::Column(..) | Node::Word(_)) {
            return self.expression(node);
        }
        let mut known = self.repeatable.iter();
        let again = known.find(|(known, _)| known.same(node));
        if let Some((_, numbers)) = again
            && self.repeated.is_empty()
        {
            self.repeated.extend(numbers);
            return self.expression(node);
        }
        let (new, start) = (again.is_none(), self.numbers.len());
        self.expression(node);
        if new && self.numbers.len() > start {
            let numbers = self.numbers[start..].to_vec();
            self.repeatable.push((node.clone(), numbers));
        }
    }

    fn expression(&mut self, node: &Node) {
        match node {
            Node::Column(table, column) if self.bare_columns => {
                self.column_name(table.table.columns[*column as usize].name);
            }
            Node::Column(table, column) => self.sink.column(*table, *column),
            Node::Param(param) => self.param(param.clone()),
            Node::Word(word) => self.text(word),
            Node::Infix(left, operator, right) => {
                let own = precedence(operator);
                // `a = b = c` is a syntax error; `a - b - c` is `(a - b) - c`.
                self.operand(left, if own < LEFT_TO_RIGHT { own + 1 } else { own });
                self.text(" ");
                self.text(operator);
                self.text(" ");
                self.operand(right, own + 1);
            }
            Node::Junction(word, conditions) => {
                for (at, condition) in conditions.iter().enumerate() {
                    if at > 0 {
                        self.text(" ");
                        self.text(word);
                        self.text(" ");
                    }
                    self.operand(condition, precedence(word));
                }
            }
            Node::Prefix(operator, operand) => {
                self.text(operator);
                self.text(" ");
                self.operand(operand, rank(node) + 1);
            }
            Node::Postfix(operand, operator) => {
                self.operand(operand, precedence("IS") + 1);
                self.text(" ");
                self.text(operator);
            }
            Node::Between(operand, low, high) => {
                let above = precedence("LIKE") + 1;
                self.operand(operand, above);
                self.text(" BETWEEN ");
                self.operand(low, above);
                self.text(" AND ");
                self.operand(high, above);
            }
            Node::Call {
                function,
                arguments,
            } => {
                self.note(Effect::of_call(function));
                self.sink.function(function);
                self.row(arguments);
            }
            Node::Aggregate(call) => self.aggregate(call),
            Node::Case(case) => self.case(case),
            Node::Row(nodes) => self.row(nodes),
            Node::Template(text, operands) => self.template(text, operands),
            Node::Extract(field, source) => {
                self.text("extract(");
                self.text(field);
                self.text(" FROM ");
                self.node(source);
                self.text(")");
            }
            Node::Cast(operand, ty) => {
                self.text("CAST(");
                match &**operand {
                    // Else the server would take the parameter to be what it is cast to.
                    Node::Param(param)
                        if !param.pg_type().declared && param.pg_type().name != ty.name =>
                    {
                        self.expression(&Node::Cast(operand.clone(), param.pg_type()));
                    }
                    operand => self.node(operand),
                }
                self.text(" AS ");
                self.type_name(ty);
                self.text(")");
            }
            Node::Collate(operand, name) => {
                self.operand(operand, COLLATE + 1);
                self.text(" COLLATE ");
                self.made_name(name);
            }
            Node::Subquery(select) => {
                self.text("(");
                self.select(select);
                self.text(")");
            }
            Node::Over(function, window) => {
                self.node(function);
                self.text(" OVER (");
                self.window(window);
                self.text(")");
            }
            Node::Output(position) => self.made(&(position + 1).to_string()),
            Node::RowNumber(table) => {
                self.alias(*table);
                self.text(".");
                self.made_name(&number_name(table.table));
            }
            // A subquery has its brackets; two pairs would make one value of it.
            Node::Quantified(word, rows) if matches!(**rows, Node::Subquery(_)) => {
                self.text(word);
                self.text(" ");
                self.node(rows);
            }
            Node::Quantified(word, array) => {
                self.text(word);
                self.text("(");
                self.node(array);
                self.text(")");
            }
            Node::InRows(columns, arrays) => {
                self.text("(");
                self.list(columns, ", ", Self::node);
                self.text(") IN (SELECT ");
                self.keys_of_rows(columns, arrays);
                self.text(")");
            }
            Node::Exists(select) => {
                self.text("EXISTS (");
                self.select(select);
                self.text(")");
            }
        }
    }

    /// `* FROM unnest(..)`; where a column is a `char(n)`, whose blanks don't count, `u.k0::char(3), u.k1 FROM unnest(..) AS u(k0, k1)`.
    fn keys_of_rows(&mut self, columns: &[Node], arrays: &[(Param, &'static PgType)]) {
        let padded = |node: &Node| match node {
            Node::Column(of, column) => of.table.columns[*column as usize].padded(),
            _ => None,
        };
        if columns.iter().all(|column| padded(column).is_none()) {
            self.text("* FROM ");
            return self.unnest(arrays);
        }
        self.list(columns.iter().enumerate(), ", ", |sql, (at, column)| {
            sql.made(&format!("u.k{at}"));
            if let Some(declared) = padded(column) {
                sql.text("::");
                sql.text(declared);
            }
        });
        self.text(" FROM ");
        self.unnest(arrays);
        self.text(" AS u(");
        self.list(0..columns.len(), ", ", |sql, at| {
            sql.made(&format!("k{at}"));
        });
        self.text(")");
    }

    /// `(a, b)`.
    fn row(&mut self, nodes: &[Node]) {
        self.text("(");
        self.list(nodes, ", ", Self::node);
        self.text(")");
    }

    /// `function(DISTINCT x ORDER BY y) FILTER (WHERE z)`.
    fn aggregate(&mut self, call: &AggregateCall) {
        self.note(Effect::of_call(&call.function));
        self.sink.function(&call.function);
        self.text(if call.distinct { "(DISTINCT " } else { "(" });
        self.list(&call.arguments, ", ", Self::node);
        if call.within_group {
            self.text(") WITHIN GROUP (ORDER BY ");
            self.order_parts(&call.order_by);
        } else {
            self.order_by(&call.order_by);
        }
        self.text(")");
        if let Some(filter) = &call.filter {
            self.text(" FILTER (WHERE ");
            self.node(filter);
            self.text(")");
        }
    }

    fn case(&mut self, case: &CaseNode) {
        self.text("CASE");
        if let Some(operand) = &case.operand {
            self.text(" ");
            self.node(operand);
        }
        for (when, then) in &case.branches {
            self.text(" WHEN ");
            self.node(when);
            self.text(" THEN ");
            self.node(then);
        }
        if let Some(otherwise) = &case.otherwise {
            self.text(" ELSE ");
            self.node(otherwise);
        }
        self.text(" END");
    }

    /// The text with its operands in the places of its question marks. An operand that is more than one word is in brackets,
    /// since nobody knows what stands beside it, nor what it does. A question mark too many stays, and the server says what it thinks of it.
    fn template(&mut self, text: &'static str, operands: &[Node]) {
        self.note(Effect::MayHold);
        let mut operands = operands.iter();
        for piece in template::pieces(text) {
            match piece {
                Piece::Text(text) => self.text(text),
                Piece::Operand => match operands.next() {
                    Some(operand) => self.operand(operand, u8::MAX),
                    None => self.text("?"),
                },
            }
        }
    }

    /// Appends an operand, in brackets if it binds less tightly than it must.
    pub(super) fn operand(&mut self, node: &Node, at_least: u8) {
        if rank(node) < at_least {
            self.text("(");
            self.node(node);
            self.text(")");
        } else {
            self.node(node);
        }
    }
}

/// Whether a value is text, which is what the server takes an undeclared parameter for.
pub(super) fn is_text(param: &Param) -> bool {
    param.pg_type().name == <String as SqlType>::TYPE.name
}

/// How tightly an expression binds.
fn rank(node: &Node) -> u8 {
    match node {
        Node::Infix(_, operator, _) | Node::Junction(operator, _) => precedence(operator),
        Node::Prefix("-", _) => 11,
        Node::Collate(..) => COLLATE,
        Node::Prefix(operator, _) => precedence(operator),
        Node::Postfix(..) => precedence("IS"),
        Node::Between(..) => precedence("LIKE"),
        // It says nothing of itself.
        Node::Template(..) => 0,
        _ => u8::MAX,
    }
}

/// COLLATE binds tighter than every operator.
const COLLATE: u8 = 12;

/// From this rank on operators may stand in a row, and are applied from left to right; below it they need brackets.
const LEFT_TO_RIGHT: u8 = 7;

/// PostgreSQL's operator precedence, from loose to tight.
pub(super) fn precedence(operator: &str) -> u8 {
    match operator {
        "OR" => 1,
        "AND" => 2,
        "NOT" => 3,
        "IS" | "IS NOT DISTINCT FROM" | "IS DISTINCT FROM" => 4,
        "=" | "<>" | "<" | "<=" | ">" | ">=" => 5,
        "IN" | "NOT IN" | "LIKE" | "NOT LIKE" | "ILIKE" | "NOT ILIKE" | "SIMILAR TO"
        | "NOT SIMILAR TO" => 6,
        "+" | "-" => 8,
        "*" | "/" | "%" => 9,
        "^" => 10,
        // Every operator without a rank of its own: `||`, `@>` and the like.
        _ => 7,
    }
}
