//! [`Detached`]: rows outside of any session, with what their relationships lead to, and the other values that `merge` takes. `detach` makes
//! them of entities and puts them into sessions, `merge` and `merge_json` copy from them.

use std::any::Any;
use std::fmt;
use std::ops::{Deref, DerefMut};

use bytes::BytesMut;

use super::key::KeyBytes;
use super::{Session, Store};
use crate::model::{ColumnSet, Draft, Model, Relation, RelationInfo, RelationShape, Table, Target};

/// A row outside of any session, with the rows that its relationships lead to. Derefs to the row, which can be read and
/// changed.
///
/// It comes from [`detach`](Session::detach), or is put together from values; it goes into a session by
/// [`attach`](Session::attach) or [`merge`](Session::merge):
///
/// ```
#[doc = include_str!("example_shop.txt")]
/// use orm_core::session::Detached;
///
/// let order = Order { id: 1, total: 8, user_id: Some(1) };
/// let cup = OrderItem { id: 1, product: "cup".to_owned(), price: 8, quantity: 1, order_id: 1 };
/// let order = db.merge(Detached::of(order).with(Order::ITEMS, [cup])).await?;
/// db.commit().await?; // order 1 has this item now, and no other
/// assert_eq!(db.related(order, Order::ITEMS)?.len(), 1);
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "testing"))] fn main() {}
/// ```
///
/// It knows what the row was when it was loaded, so that a session sends what was changed meanwhile and guards it. It isn't
/// serialisable: a model is (`#[derive(Serialize)]`), and `merge` takes what came back.
pub struct Detached<M: Model> {
    row: M,
    /// The row as it was last read or written; `None` where no session has read it.
    before: Option<Box<M>>,
    members: Vec<Members>,
}

/// What a relationship of a detached row leads to.
#[derive(Clone)]
pub(super) struct Members {
    pub(super) relation: &'static RelationInfo,
    pub(super) branches: Vec<Branch>,
    /// Whether these are not all: what is missing must not be taken out.
    pub(super) partial: bool,
}

/// A value on its way into a session, without its type.
///
/// ```
#[doc = include_str!("../guide/shop.txt")]
/// use orm_core::session::{Detached, Mergeable};
///
/// let branch = Detached::of(Tag { id: 1, word: "newer".to_owned() }).into_branch(); // what `merge` takes
/// assert_eq!(format!("{branch:?}"), "a Tag");
/// # Ok(())
/// # }
/// ```
pub struct Branch(pub(super) Box<dyn Value>);

/// What the session needs of a value, whatever its model.
pub(super) trait Value: Send + Sync {
    fn table(&self) -> &'static Table;
    /// The primary key, if all of it is given.
    fn key(&self) -> Option<KeyBytes>;
    /// The columns that are given.
    fn given(&self) -> ColumnSet;
    fn encode(&self, column: u16, out: &mut BytesMut) -> bool;
    fn members(&self) -> &[Members];
    fn members_mut(&mut self) -> Option<&mut Vec<Members>>;
    /// The draft of a new row.
    fn draft(&self) -> Box<dyn Any>;
    /// Puts the row into its arena, as a stale one, and gives its slot; `None` where it is no row.
    fn attach(&self, _store: &mut dyn Store) -> Option<u32> {
        None
    }
    fn copied(&self) -> Box<dyn Value>;
    fn as_any(&self) -> &dyn Any;
}

impl Clone for Branch {
    fn clone(&self) -> Self {
        Branch(self.0.copied())
    }
}

impl fmt::Debug for Branch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a {}", self.0.table().model)
    }
}

/// What [`merge`](Session::merge) takes: a row, a [`Detached`] with its relationships, or a [`Partial`] row.
///
/// ```
#[doc = include_str!("../guide/shop.txt")]
/// use orm_core::session::Partial;
///
/// let whole = db.merge(Tag { id: 1, word: "newer".to_owned() }).await?;
/// let part = db.merge(Partial(ProductDraft { id: Some(1), price: Some(89_900), ..Default::default() })).await?;
/// assert_eq!((db[whole].word.as_str(), db[part].name.as_str(), db[part].price), ("newer", "Air", 89_900));
/// # Ok(())
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "this cannot be merged into a session",
    label = "expected a row of a model, `Detached`, or `Partial(draft)`; found `{Self}`",
    note = "a new row is added: `db.add(..)`"
)]
pub trait Mergeable {
    /// The model.
    type Model: Model;

    /// The value without its type. Called by the session.
    #[doc(hidden)]
    fn into_branch(self) -> Branch;
}

#[diagnostic::do_not_recommend]
impl<M: Model> Mergeable for M {
    type Model = M;

    fn into_branch(self) -> Branch {
        Detached::of(self).into_branch()
    }
}

impl<M: Model> Mergeable for Detached<M> {
    type Model = M;

    fn into_branch(self) -> Branch {
        Branch(Box::new(self))
    }
}

/// A row of which some columns are given, for [`merge`](Session::merge): the others stay as they are. Without its key it is a new
/// row.
///
/// ```
#[doc = include_str!("example_shop.txt")]
/// use orm_core::session::Partial;
///
/// let cheaper = OrderItemDraft { id: Some(1), price: Some(9), ..Default::default() };
/// let item = db.merge(Partial(cheaper)).await?;
/// assert_eq!((db[item].price, db[item].product.as_str()), (9, "tea"));
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "testing"))] fn main() {}
/// ```
#[derive(Debug, Clone)]
pub struct Partial<D>(
    /// The draft.
    pub D,
);

impl<D: Draft> Mergeable for Partial<D> {
    type Model = D::Model;

    fn into_branch(self) -> Branch {
        Branch(Box::new(self))
    }
}

fn key_of(table: &'static Table, column: impl Fn(u16, &mut BytesMut) -> bool) -> Option<KeyBytes> {
    let key = table.primary_key;
    KeyBytes::encode(key.len(), &mut |part, out| column(key[part], out))
}

impl<D: Draft> Value for Partial<D> {
    fn table(&self) -> &'static Table {
        D::Model::TABLE
    }

    fn key(&self) -> Option<KeyBytes> {
        key_of(self.table(), |column, out| self.0.encode(column, out))
    }

    fn given(&self) -> ColumnSet {
        self.0.given()
    }

    fn encode(&self, column: u16, out: &mut BytesMut) -> bool {
        self.0.encode(column, out)
    }

    fn members(&self) -> &[Members] {
        &[]
    }

    fn members_mut(&mut self) -> Option<&mut Vec<Members>> {
        None
    }

    fn draft(&self) -> Box<dyn Any> {
        let mut draft = self.0.clone();
        draft.apply_defaults();
        Box::new(draft)
    }

    fn copied(&self) -> Box<dyn Value> {
        Box::new(self.clone())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl<M: Model> Value for Detached<M> {
    fn table(&self) -> &'static Table {
        M::TABLE
    }

    fn key(&self) -> Option<KeyBytes> {
        let row = self.before.as_deref().unwrap_or(&self.row);
        key_of(M::TABLE, |column, out| row.encode(column, out))
    }

    fn given(&self) -> ColumnSet {
        (0..M::TABLE.columns.len() as u16).collect()
    }

    fn encode(&self, column: u16, out: &mut BytesMut) -> bool {
        self.row.encode(column, out)
    }

    fn members(&self) -> &[Members] {
        &self.members
    }

    fn members_mut(&mut self) -> Option<&mut Vec<Members>> {
        Some(&mut self.members)
    }

    fn draft(&self) -> Box<dyn Any> {
        Box::new(M::Draft::from_row(self.row.copy()))
    }

    fn attach(&self, store: &mut dyn Store) -> Option<u32> {
        let before = self.before.as_deref().map(Model::copy);
        Some(Session::typed_mut::<M>(store).attach(self.row.copy(), before))
    }

    fn copied(&self) -> Box<dyn Value> {
        Box::new(self.clone())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl<M: Model> Detached<M> {
    /// A row that no session has read. [`merge`](Session::merge) compares it with the database; [`attach`](Session::attach)
    /// believes it.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// use orm_core::session::Detached;
    ///
    /// let cached = Tag { id: 1, word: "new".to_owned() };
    /// let tag = db.attach(Detached::of(cached))?; // nothing is sent
    /// db[tag].word = "latest".to_owned();
    /// db.commit().await?; // guarded: UPDATE tags SET word = $1 WHERE id = $2 AND word IS NOT DISTINCT FROM $3
    /// # Ok(())
    /// # }
    /// ```
    pub fn of(row: M) -> Self {
        Detached {
            row,
            before: None,
            members: Vec::new(),
        }
    }

    /// What a session knew of a row.
    pub(super) fn known(row: M, before: M) -> Self {
        Detached {
            row,
            before: Some(Box::new(before)),
            members: Vec::new(),
        }
    }

    /// Says what a relationship leads to: all of it. For a to-one an `Option`, or one in an array.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// use orm_core::session::Detached;
    ///
    /// let air = Product { id: 1, name: "Air".to_owned(), price: 99_900, stock: 5, category_id: Some(3) };
    /// let sale = Tag { id: 2, word: "sale".to_owned() };
    /// let air = db.merge(Detached::of(air).with(Product::TAGS, [sale])).await?;
    /// assert_eq!(db.related(air, Product::TAGS)?.len(), 1); // "sale", and "new" no longer
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    /// When a to-one is given several.
    #[must_use]
    #[track_caller]
    pub fn with<To: Target, Shape: RelationShape, V>(
        mut self,
        relation: Relation<M, To, Shape>,
        rows: impl IntoIterator<Item = V>,
    ) -> Self
    where
        V: Mergeable<Model = To::Model>,
    {
        let relation = relation.info();
        let branches: Vec<_> = rows.into_iter().map(Mergeable::into_branch).collect();
        assert!(
            branches.len() <= 1 || !relation.is_to_one(),
            "`{}` leads to one row at most, and was given {}",
            relation.path(),
            branches.len()
        );
        self.members
            .retain(|old| !std::ptr::eq(old.relation, relation));
        self.members.push(Members {
            relation,
            branches,
            partial: false,
        });
        self
    }

    /// What a relationship leads to, if that came along: empty, one, or many.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let order = db.get::<Order>(1).with(Order::ITEMS).await?.expect("it is there");
    /// let order = db.detach_with(order, Order::ITEMS)?;
    /// assert_eq!(order.related(Order::ITEMS).expect("they came along").len(), 2);
    /// assert!(order.related(Order::USER).is_none());
    /// # Ok(())
    /// # }
    /// ```
    pub fn related<To: Target, Shape: RelationShape>(
        &self,
        relation: Relation<M, To, Shape>,
    ) -> Option<Vec<&Detached<To::Model>>> {
        let relation = relation.info();
        let mut members = self.members.iter();
        let found = members.find(|members| std::ptr::eq(members.relation, relation))?;
        let branches = found.branches.iter();
        Some(
            branches
                .filter_map(|branch| branch.0.as_any().downcast_ref())
                .collect(),
        )
    }

    /// The row alone.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let air = db.get::<Product>(1).await?.expect("it is there");
    /// let air: Product = db.detach(air)?.into_row();
    /// assert_eq!(air.name, "Air");
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_row(self) -> M {
        self.row
    }
}

impl<M: Model> Clone for Detached<M> {
    fn clone(&self) -> Self {
        Detached {
            row: self.row.copy(),
            before: self.before.as_deref().map(|row| Box::new(row.copy())),
            members: self.members.clone(),
        }
    }
}

impl<M: Model> Deref for Detached<M> {
    type Target = M;

    fn deref(&self) -> &M {
        &self.row
    }
}

impl<M: Model> DerefMut for Detached<M> {
    fn deref_mut(&mut self) -> &mut M {
        &mut self.row
    }
}

/// The model and the relationships; the values are the row's own.
impl<M: Model> fmt::Debug for Detached<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Detached");
        out.field("model", &M::TABLE.model);
        for members in &self.members {
            out.field(members.relation.name, &members.branches);
        }
        out.finish_non_exhaustive()
    }
}
