//! [`New`]: a new entity on its way into a session, with what its relationships lead to: entities that are there, and
//! other new ones, to any depth. `create()` builders make it, and `Session::add` takes it apart.
//!
//! A graph has rows of several models in it, so inside it a draft has lost its type: [`NewRow`]. The types were checked where
//! the relationship was set, by [`Nested`].

use std::any::Any;
use std::fmt;

#[cfg(feature = "json")]
use bytes::BytesMut;

#[cfg(feature = "json")]
use super::ColumnSet;
use super::{Draft, Handle, Model, RawHandle, RelationInfo, Table};
#[cfg(feature = "json")]
use crate::types::{DecodeError, Raw};

/// A new entity on its way into a session: its draft, and the relationships that were set on it.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::model::{Insertable, New};
///
/// let new: New<Tag> = Tag::create().word("used").into_new();
/// assert_eq!(new.draft.word.as_deref(), Some("used"));
/// assert!(new.links.is_empty());
/// ```
#[derive(Debug)]
pub struct New<M: Model> {
    /// The values.
    pub draft: M::Draft,
    /// The relationships.
    pub links: Vec<DraftLink>,
}

/// A relationship that was set on a draft. A to-many has one for each member.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::model::{DraftLink, Insertable, LinkEnd};
///
/// let laptops = Category::create().name("Laptops");
/// let new = Product::create().name("Air").price(99_900).category(laptops).into_new();
/// let DraftLink { relation, end } = &new.links[0];
/// assert_eq!(relation.path(), "Product::CATEGORY");
/// assert!(matches!(end, LinkEnd::New(category) if category.table.name == "categories"));
/// ```
#[derive(Debug, Clone)]
pub struct DraftLink {
    /// Which relationship.
    pub relation: &'static RelationInfo,
    /// What it leads to.
    pub end: LinkEnd,
}

/// What a relationship of a draft leads to.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::model::{Insertable, LinkEnd};
///
/// let new = Product::create().name("Air").price(99_900).category(None).into_new();
/// assert!(matches!(new.links[0].end, LinkEnd::Nothing));
/// ```
#[derive(Debug, Clone)]
pub enum LinkEnd {
    /// Nothing: `.category(None)`.
    Nothing,
    /// An entity of the session that the draft will be added to.
    Entity(RawHandle),
    /// An entity that is new itself, and is added together with this one.
    New(NewRow),
}

/// A draft and its relationships, whatever the model.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::model::{Insertable, NewRow};
///
/// let row = NewRow::from(Tag::create().word("used").into_new());
/// assert_eq!((row.table.name, row.links.len()), ("tags", 0));
/// ```
#[derive(Debug, Clone)]
pub struct NewRow {
    /// The model's table.
    pub table: &'static Table,
    /// The values: a `Model::Draft` of that model.
    pub(crate) draft: Box<dyn AnyDraft>,
    /// The relationships.
    pub links: Vec<DraftLink>,
}

impl NewRow {
    /// A draft whose type is forgotten. Its columns with `default = ..` that have no value get their defaults.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// use orm_core::model::NewRow;
    ///
    /// let row = NewRow::new(TagDraft { id: None, word: Some("used".to_owned()) }, Vec::new());
    /// assert_eq!(row.table.name, "tags");
    /// ```
    pub fn new<D: Draft>(mut draft: D, links: Vec<DraftLink>) -> Self {
        draft.apply_defaults();
        NewRow {
            table: D::Model::TABLE,
            draft: Box::new(draft),
            links,
        }
    }
}

impl<M: Model> From<New<M>> for NewRow {
    fn from(new: New<M>) -> Self {
        NewRow {
            table: M::TABLE,
            draft: Box::new(new.draft),
            links: new.links,
        }
    }
}

/// A draft of any model.
pub(crate) trait AnyDraft: fmt::Debug + Send + Sync {
    fn boxed_clone(&self) -> Box<dyn AnyDraft>;
    fn into_any(self: Box<Self>) -> Box<dyn Any>;

    // [`Draft`]'s, for documents, whose reader knows no more than the table.
    #[cfg(feature = "json")]
    fn given(&self) -> ColumnSet;
    #[cfg(feature = "json")]
    fn encode(&self, column: u16, out: &mut BytesMut) -> bool;
    #[cfg(feature = "json")]
    fn write(&mut self, column: u16, value: Raw<'_>) -> Result<(), DecodeError>;
    #[cfg(feature = "json")]
    fn apply_defaults(&mut self);
}

impl<D: Draft> AnyDraft for D {
    fn boxed_clone(&self) -> Box<dyn AnyDraft> {
        Box::new(self.clone())
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }

    #[cfg(feature = "json")]
    fn given(&self) -> ColumnSet {
        Draft::given(self)
    }

    #[cfg(feature = "json")]
    fn encode(&self, column: u16, out: &mut BytesMut) -> bool {
        Draft::encode(self, column, out)
    }

    #[cfg(feature = "json")]
    fn write(&mut self, column: u16, value: Raw<'_>) -> Result<(), DecodeError> {
        Draft::write(self, column, value)
    }

    #[cfg(feature = "json")]
    fn apply_defaults(&mut self) {
        Draft::apply_defaults(self);
    }
}

impl Clone for Box<dyn AnyDraft> {
    fn clone(&self) -> Self {
        (**self).boxed_clone()
    }
}

/// The place of a target: the `PLACE` of [`Nested`] where a relationship needs exactly one, and where it is a member of a
/// `many_to_many`.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::model::{Nested, TARGET};
///
/// let ann = User::create().email("ann@example.com").name("Ann");
/// let end = Nested::<User, TARGET>::into_end(ann); // what `Order::create().user(ann)` does
/// # let _ = end;
/// ```
pub const TARGET: u16 = u16::MAX;

/// The place of a target that may be absent: the `PLACE` of [`Nested`] for a nullable `belongs_to`, which takes `None`, too.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::model::{LinkEnd, Nested, OPTIONAL_TARGET};
///
/// let nobody: Option<Handle<Category>> = None;
/// let end = Nested::<Category, OPTIONAL_TARGET>::into_end(nobody); // what `Product::create().category(None)` does
/// assert!(matches!(end, LinkEnd::Nothing));
/// ```
pub const OPTIONAL_TARGET: u16 = u16::MAX - 1;

/// What a relationship of a `create()` builder takes: a handle of an `M`, or a new `M`, which is added together with the row
/// that is being built. Implemented by `#[derive(Model)]`.
///
/// `PLACE` says where: [`TARGET`], [`OPTIONAL_TARGET`], or, for a child, the position of its `belongs_to` that leads to the
/// parent. The foreign key of that one is given by being there, so the child's builder may lack it.
///
/// ```
#[doc = include_str!("../session/example_shop.txt")]
/// let items = [OrderItem::create().product("tea").price(5).quantity(2)]; // no `order_id`: it is the new order's
/// let order = db.add(Order::create().total(10).user(User::create().name("Cara")).items(items));
/// db.commit().await?; // three INSERTs
/// assert_eq!(db.related(order, Order::ITEMS)?.len(), 1);
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "testing"))] fn main() {}
/// ```
#[diagnostic::on_unimplemented(
    message = "this relationship takes `{M}`, a new one or a handle, and was given something else",
    label = "expected `{M}::create()..` or a `Handle<{M}>`; found `{Self}`",
    note = "a row that is there already is given by its handle, or by its key in the foreign key's column; `{M}` as a value is added as a new row"
)]
pub trait Nested<M, const PLACE: u16> {
    /// What the relationship leads to.
    fn into_end(self) -> LinkEnd;
}

#[diagnostic::do_not_recommend]
impl<M: Model, const PLACE: u16> Nested<M, PLACE> for Handle<M> {
    fn into_end(self) -> LinkEnd {
        LinkEnd::Entity(self.raw())
    }
}

#[diagnostic::do_not_recommend]
impl<M: Model> Nested<M, OPTIONAL_TARGET> for Option<Handle<M>> {
    fn into_end(self) -> LinkEnd {
        self.map_or(LinkEnd::Nothing, |target| LinkEnd::Entity(target.raw()))
    }
}
