//! [`RelationInfo`]: the static description of a relationship. Written by the derive; what the session and the renderer
//! work on once the types have been checked.

use std::any::Any;

use super::{ColumnSet, Table};

/// The description of a relationship: one `static` for each `belongs_to`, `has_many`, `has_one` and `many_to_many`.
/// SQLAlchemy: `RelationshipProperty`.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// let info = Order::ITEMS.info();
/// assert_eq!((info.path().as_str(), info.from.name, info.to.name), ("Order::ITEMS", "orders", "order_items"));
/// assert!(info.cascade.delete_orphan && !info.is_to_one());
/// ```
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
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// let members = Order::ITEMS.info().members;
/// assert!(members.order_by.is_empty() && members.filter.is_none() && !members.read_only); // as `Members::ALL`
/// ```
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
///
/// ```
/// use orm_core::prelude::*;
///
/// #[derive(Model, Clone)]
/// #[orm(table = "users", has_many(posts: Post, via = author, order_by(desc(id))))]
/// struct User {
///     #[orm(primary_key)]
///     id: i32,
/// }
/// # #[derive(Model, Clone)]
/// # #[orm(table = "posts")]
/// # struct Post { #[orm(primary_key)] id: i32, #[orm(belongs_to(author: User))] author_id: i32 }
///
/// let order = User::POSTS.info().members.order_by[0];
/// assert_eq!((order.column, order.descending), (0, true));
/// ```
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

/// How two tables are tied together. SQLAlchemy: `MANYTOONE`, `ONETOMANY`, `MANYTOMANY`.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::model::RelationKind;
///
/// let RelationKind::HasMany { via } = &Order::ITEMS.info().kind else { panic!() };
/// assert_eq!(via.path(), "OrderItem::ORDER");
/// ```
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

/// The columns of a foreign key. SQLAlchemy: `ForeignKeyConstraint`.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// # use orm_core::model::Model as _;
/// use orm_core::model::OnDelete;
///
/// let key = Profile::USER.info().foreign_key().expect("a `belongs_to` has one");
/// assert_eq!(Profile::TABLE.columns[key.columns[0] as usize].name, "user_id");
/// assert_eq!((key.on_delete, key.deferred), (OnDelete::Cascade, false));
/// ```
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

/// `ON DELETE` of a foreign key. SQLAlchemy: `ondelete=..`.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::model::OnDelete;
///
/// // #[orm(belongs_to(user: User, on_delete = "cascade"))]
/// assert_eq!(Profile::USER.info().foreign_key().unwrap().on_delete, OnDelete::Cascade);
/// ```
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

/// What the session does along a relationship when its owner is deleted. SQLAlchemy: `relationship(cascade=..)`.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// // #[orm(has_many(items: OrderItem, via = order, cascade(delete, delete_orphan)))]
/// let cascade = Order::ITEMS.info().cascade;
/// assert!(cascade.delete && cascade.delete_orphan && !cascade.passive_deletes);
/// ```
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
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// assert!(OrderItem::ORDER.info().foreign_key().is_some());
    /// assert!(Order::ITEMS.info().foreign_key().is_none()); // it is there, not here
    /// ```
    pub fn foreign_key(&self) -> Option<&ForeignKey> {
        match &self.kind {
            RelationKind::BelongsTo(key) => Some(key),
            _ => None,
        }
    }

    /// The columns that tie the two tables: positions at `from`, and positions at `to`. For many-to-many, those of this
    /// side's key and of the other side's.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// # use orm_core::model::Model as _;
    /// let (here, there) = Order::ITEMS.info().columns();
    /// assert_eq!(Order::TABLE.columns[here[0] as usize].name, "id");
    /// assert_eq!(OrderItem::TABLE.columns[there[0] as usize].name, "order_id");
    /// ```
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
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// assert!(Order::USER.info().required_column().is_some());
    /// assert!(Product::CATEGORY.info().required_column().is_none()); // `category_id: Option<i32>`
    /// ```
    pub fn required_column(&self) -> Option<u16> {
        let columns = self.foreign_key()?.columns;
        match self.nullable_columns().is_empty() {
            true => columns.first().copied(),
            false => None,
        }
    }

    /// The columns of a `belongs_to` that can be NULL, so that it leads nowhere.
    pub(crate) fn nullable_columns(&self) -> ColumnSet {
        let can_be_null = |column: &u16| {
            self.from.columns[*column as usize].nullable && !self.from.primary_key.contains(column)
        };
        let columns = self.foreign_key().map_or(&[][..], |key| key.columns);
        columns.iter().copied().filter(can_be_null).collect()
    }

    /// Whether it leads to at most one row.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// assert!(Order::USER.info().is_to_one() && User::PROFILE.info().is_to_one());
    /// assert!(!User::ORDERS.info().is_to_one());
    /// ```
    pub fn is_to_one(&self) -> bool {
        matches!(
            self.kind,
            RelationKind::BelongsTo(_) | RelationKind::HasOne { .. }
        )
    }

    /// The `belongs_to` whose foreign key decides: this one, or the other side's.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// assert_eq!(Order::ITEMS.info().owner().expect("no link table").path(), "OrderItem::ORDER");
    /// assert!(Product::TAGS.info().owner().is_none());
    /// ```
    pub fn owner(&'static self) -> Option<&'static RelationInfo> {
        match &self.kind {
            RelationKind::BelongsTo(_) => Some(self),
            RelationKind::HasMany { via } | RelationKind::HasOne { via } => Some(via),
            RelationKind::ManyToMany { .. } => None,
        }
    }

    /// The relationships of the other side that go along the same foreign key: for a `belongs_to`, the `has_many` and
    /// `has_one` that name it. They change with it; read-only ones don't, as nobody can tell in memory who is in them.
    /// SQLAlchemy: `back_populates`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let inverses = OrderItem::ORDER.info().inverses().map(|other| other.path());
    /// assert_eq!(inverses.collect::<Vec<_>>(), ["Order::ITEMS"]);
    /// ```
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
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// assert_eq!(Product::CATEGORY.info().path(), "Product::CATEGORY");
    /// ```
    pub fn path(&self) -> String {
        format!("{}::{}", self.from.model, self.name)
    }
}
