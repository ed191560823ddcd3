//! [`Write`]: INSERT, UPDATE and DELETE as plain data, as [`Select`] is for SELECT. The builders in `query` make it, one
//! renderer writes it out, alone or inside another statement.

use super::{Batch, Item, Node, Select, TableRef};
use crate::types::Param;

/// A statement that writes to one table.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::expr::{Action, TableRef, Write};
/// use orm_core::model::Model;
///
/// let all = Action::Delete { using: Vec::new(), filters: Vec::new() };
/// let write = Write { table: TableRef::of(Tag::TABLE), action: all, returning: Vec::new(), unfiltered: false };
/// assert!(write.is_delete() && !write.is_empty());
/// assert!(write.set_columns().is_empty());
/// ```
#[derive(Debug, Clone)]
pub struct Write {
    /// The table.
    pub table: TableRef,
    /// What is done to it.
    pub action: Action,
    /// RETURNING.
    pub returning: Vec<Item>,
    /// Whether a session leaves its criteria out. Not SQL.
    pub unfiltered: bool,
}

/// What a [`Write`] does to its table.
#[derive(Debug, Clone)]
pub enum Action {
    /// INSERT.
    Insert {
        /// The columns that get values; none is DEFAULT VALUES.
        columns: Vec<u16>,
        /// The values.
        rows: NewRows,
        /// ON CONFLICT.
        conflict: Option<Conflict>,
    },
    /// UPDATE.
    Update {
        /// The columns and their values.
        assignments: Vec<(u16, Node)>,
        /// Other tables that the conditions and values use: FROM.
        using: Vec<TableRef>,
        /// Which rows: conditions that must all hold.
        filters: Vec<Node>,
    },
    /// DELETE.
    Delete {
        /// Other tables that the conditions use: USING.
        using: Vec<TableRef>,
        /// Which rows: conditions that must all hold.
        filters: Vec<Node>,
    },
}

/// The rows of an INSERT, in an [`Action`].
///
/// ```
/// # use guide_shop::*;
/// use orm_core::expr::{Action, NewRows, TableRef, Write};
/// use orm_core::model::Model;
///
/// let action = Action::Insert { columns: Vec::new(), rows: NewRows::None, conflict: None };
/// let write = Write { table: TableRef::of(Tag::TABLE), action, returning: Vec::new(), unfiltered: false };
/// assert!(write.is_empty());
/// ```
#[derive(Debug, Clone)]
pub enum NewRows {
    /// None: there is nothing to send.
    None,
    /// One, as one would write it by hand.
    One(Vec<Param>),
    /// Many with the same columns, as one array a column.
    Batch(Batch),
    /// Rows of which some leave to the server what others say: `None` is DEFAULT.
    Mixed(Vec<Vec<Option<Param>>>),
    /// Those of a SELECT.
    Select(Box<Select>),
}

/// What happens to a row that is there already.
///
/// ```
/// use orm_core::expr::{Conflict, ConflictAction, ConflictTarget};
///
/// let do_nothing = Conflict { target: ConflictTarget::Any, action: ConflictAction::Nothing }; // ON CONFLICT DO NOTHING
/// # let _ = do_nothing;
/// ```
#[derive(Debug, Clone)]
pub struct Conflict {
    /// Which constraint tells that it is.
    pub target: ConflictTarget,
    /// What happens.
    pub action: ConflictAction,
}

/// Which constraint or index a [`Conflict`] is about.
#[derive(Debug, Clone)]
pub enum ConflictTarget {
    /// Any.
    Any,
    /// The unique index of these columns; one with conditions is partial.
    Columns {
        /// The columns.
        columns: Vec<u16>,
        /// The conditions of the index.
        filters: Vec<Node>,
    },
    /// The constraint of this name.
    Constraint(String),
}

/// What a [`Conflict`] leads to.
#[derive(Debug, Clone)]
pub enum ConflictAction {
    /// The new row is left out.
    Nothing,
    /// The row that is there is changed.
    Update {
        /// The columns and their values.
        assignments: Vec<(u16, Node)>,
        /// Conditions without which it is left as it is.
        filters: Vec<Node>,
    },
}

impl Write {
    /// Whether there is nothing to send: an INSERT of no rows.
    pub fn is_empty(&self) -> bool {
        matches!(
            self.action,
            Action::Insert {
                rows: NewRows::None,
                ..
            }
        )
    }

    /// Whether it is a DELETE.
    pub fn is_delete(&self) -> bool {
        matches!(self.action, Action::Delete { .. })
    }

    /// The columns that it sets in rows that were there before.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// use orm_core::expr::{Action, Expression, TableRef, Write};
    /// use orm_core::model::Model;
    ///
    /// let assignments = vec![(Tag::WORD.position(), value("new").into_node())];
    /// let action = Action::Update { assignments, using: Vec::new(), filters: Vec::new() };
    /// let write = Write { table: TableRef::of(Tag::TABLE), action, returning: Vec::new(), unfiltered: false };
    /// assert_eq!(write.set_columns(), [1]);
    /// ```
    pub fn set_columns(&self) -> Vec<u16> {
        let assignments = match &self.action {
            Action::Update { assignments, .. }
            | Action::Insert {
                conflict:
                    Some(Conflict {
                        action: ConflictAction::Update { assignments, .. },
                        ..
                    }),
                ..
            } => assignments.as_slice(),
            Action::Insert { .. } | Action::Delete { .. } => &[],
        };
        assignments.iter().map(|(column, _)| *column).collect()
    }

    /// The number of columns that RETURNING gives.
    pub(crate) fn returned(&self) -> usize {
        let width = |item: &Item| match item {
            Item::Whole(table) => table.table.columns.len(),
            Item::Expr(_) => 1,
        };
        self.returning.iter().map(width).sum()
    }
}
