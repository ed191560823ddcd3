//! [`RelationInfo`]: the static description of a relationship. Written by the derive; what the session and the renderer
//! work on once the types have been checked.

use std::any::Any;

use super::Table;

/// The description of a relationship: one `static` for each `belongs_to`, `has_many`, `has_one` and `many_to_many`.
/// SQLAlchemy: `RelationshipProperty`.
#[derive(Debug)]
pub struct RelationInfo {
    /// The constant's name: `ORDERS`.
    pub name: &'static str,
    /// The position among its table's relationships.
    pub index: u16,
    /// The table that it starts at.
    pub from: &'static Table,
    /// The table that it leads to.
    pub to: &'static Table,
    /// How the two are tied together.
    pub kind: RelationKind,
    /// What happens along it when its owner is deleted.
    pub cascade: Cascade,
    /// Which of the rows that the keys tie are its members, and in which order.
    pub members: Members,
}

/// What a to-many (or a `has_one`) says of its members beyond the keys.
#[derive(Debug, Clone, Copy)]
pub struct Members {
    /// The order in which they are loaded. SQLAlchemy: `relationship(order_by=..)`.
    pub order_by: &'static [MemberOrder],
    /// Makes the condition that they meet: a boxed `expr::Node`, which this layer does not know. SQLAlchemy: a
    /// `primaryjoin` with a condition more.
    pub filter: Option<fn() -> Box<dyn Any>>,
    /// Whether it is for reading alone: what is pushed to others doesn't show in it until it is loaded again. SQLAlchemy:
    /// `viewonly=True`.
    pub read_only: bool,
}

/// A column that members are ordered by.
#[derive(Debug, Clone, Copy)]
pub struct MemberOrder {
    /// The column there.
    pub column: u16,
    /// Whether in descending order.
    pub descending: bool,
}

impl Members {
    /// All that the keys tie, in no order.
    pub const ALL: Members = Members {
        order_by: &[],
        filter: None,
        read_only: false,
    };
}

/// How two tables are tied together.
#[derive(Debug)]
pub enum RelationKind {
    /// Many-to-one: the foreign key is here.
    BelongsTo(ForeignKey),
    /// One-to-many: the foreign key is there. `via` is the other side.
    HasMany {
        /// The `belongs_to` of the other side.
        via: &'static RelationInfo,
    },
    /// One-to-one: the foreign key is there.
    HasOne {
        /// The `belongs_to` of the other side.
        via: &'static RelationInfo,
    },
    /// Many-to-many: a link table refers to both sides.
    ManyToMany {
        /// The link table's `belongs_to` that leads back to this side.
        near: &'static RelationInfo,
        /// The link table's `belongs_to` that leads to the other side.
        far: &'static RelationInfo,
    },
}

/// The columns of a foreign key.
#[derive(Debug)]
pub struct ForeignKey {
    /// The columns here.
    pub columns: &'static [u16],
    /// The columns there, where it isn't the primary key.
    pub references: Option<&'static [u16]>,
    /// What the database does when the row referred to is deleted.
    pub on_delete: OnDelete,
    /// Whether the constraint is checked at COMMIT.
    pub deferred: bool,
}

/// `ON DELETE` of a foreign key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnDelete {
    /// Refuse it, at the end of the statement.
    NoAction,
    /// Refuse it at once.
    Restrict,
    /// Delete the referring rows.
    Cascade,
    /// Set the foreign key to NULL.
    SetNull,
    /// Set the foreign key to its default.
    SetDefault,
}

/// What the session does along a relationship when its owner is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cascade {
    /// Delete the children with their parent. SQLAlchemy: `cascade="delete"`.
    pub delete: bool,
    /// Delete a child that is taken out of its parent. SQLAlchemy: `cascade="delete-orphan"`.
    pub delete_orphan: bool,
    /// Leave children that the session does not have, as they are in this transaction, to the database's ON DELETE. SQLAlchemy: `passive_deletes=True`.
    pub passive_deletes: bool,
}

impl RelationInfo {
    /// The foreign key, where it is on this side.
    pub fn foreign_key(&self) -> Option<&ForeignKey> {
        match &self.kind {
            RelationKind::BelongsTo(key) => Some(key),
            _ => None,
        }
    }

    /// The columns that tie the two tables: positions at `from`, and positions at `to`. For many-to-many, those of this
    /// side's key and of the other side's.
    pub fn columns(&self) -> (&'static [u16], &'static [u16]) {
        match &self.kind {
            RelationKind::BelongsTo(key) => {
                (key.columns, key.references.unwrap_or(self.to.primary_key))
            }
            RelationKind::HasMany { via } | RelationKind::HasOne { via } => {
                let (there, here) = via.columns();
                (here, there)
            }
            RelationKind::ManyToMany { near, far } => (near.columns().1, far.columns().1),
        }
    }

    /// A column because of which a `belongs_to` cannot lead nowhere: all of its foreign key are NOT NULL or part of the
    /// primary key. One column that can be NULL is enough, as PostgreSQL ignores a foreign key with a NULL in it.
    pub fn required_column(&self) -> Option<u16> {
        let columns = self.foreign_key()?.columns;
        let can_be_null = |column: &u16| {
            self.from.columns[*column as usize].nullable && !self.from.primary_key.contains(column)
        };
        if columns.iter().any(can_be_null) {
            return None;
        }
        columns.first().copied()
    }

    /// Whether it leads to at most one row.
    pub fn is_to_one(&self) -> bool {
        matches!(
            self.kind,
            RelationKind::BelongsTo(_) | RelationKind::HasOne { .. }
        )
    }

    /// The `belongs_to` whose foreign key decides: this one, or the other side's.
    pub fn owner(&'static self) -> Option<&'static RelationInfo> {
        match &self.kind {
            RelationKind::BelongsTo(_) => Some(self),
            RelationKind::HasMany { via } | RelationKind::HasOne { via } => Some(via),
            RelationKind::ManyToMany { .. } => None,
        }
    }

    /// The relationships of the other side that go along the same foreign key: for a `belongs_to`, the `has_many` and
    /// `has_one` that name it. They change with it; read-only ones don't, as nobody can tell in memory who is in them.
    pub fn inverses(&'static self) -> impl Iterator<Item = &'static RelationInfo> {
        self.to
            .relations
            .iter()
            .copied()
            .filter(|other| !other.members.read_only)
            .filter(move |other| match &other.kind {
                RelationKind::HasMany { via } | RelationKind::HasOne { via } => {
                    std::ptr::eq(*via, self)
                }
                RelationKind::ManyToMany { near, far } => match &self.kind {
                    RelationKind::ManyToMany {
                        near: my_near,
                        far: my_far,
                    } => std::ptr::eq(*near, *my_far) && std::ptr::eq(*far, *my_near),
                    _ => false,
                },
                RelationKind::BelongsTo(_) => false,
            })
    }

    /// `Product::CATEGORY`, for messages.
    pub fn path(&self) -> String {
        format!("{}::{}", self.from.model, self.name)
    }
}
