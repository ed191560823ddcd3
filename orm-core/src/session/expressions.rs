//! `set_expr`: columns whose next value the server computes as the flush writes the row.
//!
//! An expression waits here, beside the row, whose field keeps its old value until the flush. Behind the flush the field
//! has what RETURNING brought. Whether an expression or a value was set last is told by the value: a field that is not what
//! it was when the expression was set has been written since, and the expression is forgotten.

use std::collections::BTreeMap;

use bytes::BytesMut;

use super::{Session, State};
use crate::error::{Error, Result};
use crate::expr::{Assigns, Node};
use crate::model::{ColumnSet, Handle, Model, RawHandle, Table};
use crate::query::{Statement, render};

/// The expressions that wait for the next flush, by entity and column.
#[derive(Debug, Default)]
pub(super) struct Expressions(BTreeMap<(RawHandle, u16), Waiting>);

#[derive(Debug)]
struct Waiting {
    value: Node,
    /// The field when the expression was set.
    field: Option<BytesMut>,
}

impl Expressions {
    fn of(&self, row: RawHandle) -> impl Iterator<Item = (u16, &Waiting)> {
        self.0
            .range((row, 0)..=(row, u16::MAX))
            .map(|((_, column), waiting)| (*column, waiting))
    }

    pub(super) fn forget(&mut self, row: RawHandle) {
        let columns: Vec<u16> = self.of(row).map(|(column, _)| column).collect();
        for column in columns {
            self.0.remove(&(row, column));
        }
    }

    pub(super) fn forget_columns(&mut self, row: RawHandle, columns: &[u16]) {
        for column in columns {
            self.0.remove(&(row, *column));
        }
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

impl Session {
    /// Lets the next flush set columns of an entity to what the server computes: `counter = counter + 1` without reading
    /// the counter first. Sends nothing by itself. SQLAlchemy: `product.stock = Product.stock - 1`.
    ///
    /// Takes what a bulk [`update`](crate::query::Query::update) takes: an assignment, or a tuple of them.
    ///
    /// ```
    #[doc = include_str!("example_shop.txt")]
    /// let order = Order::query().first(&mut db).await?.unwrap();
    /// db.set_expr(order, Order::TOTAL.set(Order::TOTAL + 5))?;
    /// assert_eq!(db[order].total, 30); // not computed yet
    /// db.flush().await?; // UPDATE orders SET total = orders.total + $1 WHERE id = $2 RETURNING total
    /// assert_eq!(db[order].total, 35);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    /// Until the flush the field has its old value; behind it, the one that the server returned. A field that is written
    /// after `set_expr` wins over the expression, and `set_expr` over a field that was written before. A plain value among
    /// the assignments is written into the field at once. Rollback forgets expressions and takes what came of them back.
    ///
    /// Rows with the same expression are one statement, whatever the values in it. An expression is computed from the row as
    /// it is when the UPDATE runs, so a row that was read in an earlier transaction needs no guard for it.
    ///
    /// For a pending entity the INSERT computes the value, from anything but the row itself: `func::now()`, a subquery.
    ///
    /// # Errors
    /// [`Error::Detached`], and [`Error::Invalid`] for a column of the primary key, the version, a computed column, and an
    /// expression that reads the row where there is none yet.
    pub fn set_expr<M: Model, I>(
        &mut self,
        handle: Handle<M>,
        assignments: impl Assigns<M, (M, ()), I>,
    ) -> Result<()> {
        self.check(handle)?;
        let row = handle.raw();
        if self.raw_state(row) == State::Deleted {
            return Err(Error::Detached {
                model: M::TABLE.model,
                why: "its row was deleted in this transaction",
            });
        }
        let mut values = Vec::new();
        assignments.push_to(&mut values);
        for (column, value) in &values {
            self.check_expression(row, *column, value)?;
        }
        self.touch(row);
        for (column, value) in values {
            if let Node::Param(param) = &value {
                self.expressions.0.remove(&(row, column));
                let raw = param.pg_type().raw(param.bytes());
                let written = self.store_mut(row).write(row.index, column, raw);
                written?;
                continue;
            }
            let field = self.field_bytes(row, column);
            self.expressions
                .0
                .insert((row, column), Waiting { value, field });
        }
        Ok(())
    }

    fn check_expression(&self, row: RawHandle, column: u16, value: &Node) -> Result<()> {
        let table = self.table(row);
        let info = &table.columns[column as usize];
        let why = if table.primary_key.contains(&column) {
            "is the primary key, by which the row is known: write the field"
        } else if table.version == Some(column) {
            "is the version column, which the session gives by itself"
        } else if info.computed.is_some() {
            "is computed by the server already"
        } else if self.raw_state(row) == State::Pending && reads_row(value, table) {
            "is set to an expression that reads a column of the row, and a new row has none to read: give it a value"
        } else {
            return Ok(());
        };
        Err(Error::invalid(format!(
            "`{}.{}` {why}",
            table.model, info.field
        )))
    }

    pub(super) fn field_bytes(&self, row: RawHandle, column: u16) -> Option<BytesMut> {
        let mut out = BytesMut::new();
        let present = self.store(row).encode(row.index, column, &mut out);
        present.then_some(out)
    }

    /// The expressions of a row whose fields were not written since they were set.
    fn expressions_of(&self, row: RawHandle) -> impl Iterator<Item = (u16, &Node)> {
        self.expressions
            .of(row)
            .filter(move |(column, waiting)| self.field_bytes(row, *column) == waiting.field)
            .map(|(column, waiting)| (column, &waiting.value))
    }

    /// The columns of a row that the next flush sets to expressions.
    pub(super) fn computed_columns(&self, row: RawHandle) -> ColumnSet {
        if self.expressions.0.is_empty() {
            return ColumnSet::EMPTY; // This is asked of every row of a flush.
        }
        self.expressions_of(row).map(|(column, _)| column).collect()
    }

    /// What a column of a row is set to, where it is an expression.
    pub(super) fn expression(&self, row: RawHandle, column: u16) -> Option<&Node> {
        let waiting = self.expressions.0.get(&(row, column))?;
        Some(&waiting.value)
    }

    /// The SQL of a row's expressions: rows where it is the same can be one statement. `None` for no expressions, and no empty
    /// text: it is compared for each row of a flush, and for comparing empty texts the C library may read, masked, where they
    /// point to, which is nowhere, and costs more than all else that is done to the row.
    pub(super) fn shape(&self, row: RawHandle) -> Option<String> {
        if self.expressions.0.is_empty() {
            return None;
        }
        let mut shape = String::new();
        for (column, value) in self.expressions_of(row) {
            let Statement { sql, params } = rendered(value);
            shape.push_str(&format!("{column} = {sql};"));
            // There the server takes no column of a batch, so the values have to be the same as well.
            if sql.contains(" LIMIT $") || sql.contains(" OFFSET $") {
                for param in params {
                    shape.push_str(&format!("{:?}", param.bytes()));
                }
            }
        }
        (!shape.is_empty()).then_some(shape)
    }
}

/// An expression by itself.
pub(super) fn rendered(value: &Node) -> Statement {
    render::statement(&|sql| sql.node(value))
}

/// Whether an expression reads a column of the row that it is for, apart from its subqueries.
fn reads_row(value: &Node, table: &'static Table) -> bool {
    let reads = |value: &Node| reads_row(value, table);
    match value {
        Node::Column(of, _) => std::ptr::eq(of.table, table),
        Node::Infix(left, _, right) => reads(left) || reads(right),
        Node::Junction(_, parts) => parts.iter().any(reads),
        Node::Prefix(_, operand)
        | Node::Postfix(operand, _)
        | Node::Cast(operand, _)
        | Node::Extract(_, operand)
        | Node::Quantified(_, operand) => reads(operand),
        Node::Between(operand, low, high) => reads(operand) || reads(low) || reads(high),
        Node::Call { arguments, .. } => arguments.iter().any(reads),
        // Others are the server's to refuse.
        _ => false,
    }
}
