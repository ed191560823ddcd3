//! [`Handle`]: a small `Copy` key that names an entity of a session, like a key of a slot map.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;

/// Names one entity of one session. `db[handle]` is the row. SQLAlchemy: an instance in a session.
///
/// 16 bytes, `Copy`, and without a lifetime: the session owns the rows, so nothing is borrowed while a flush runs. Two
/// handles are equal when they name the same entity of the same session; since a session has one entity per primary key
/// (the identity map), `==` on handles is identity.
///
/// A handle means nothing without its session. A handle whose entity is gone, or of another session, never names another
/// entity: reading through it is an error that says so. Don't keep handles beyond the request or the transaction
/// closure; return clones of rows instead.
///
/// ```
#[doc = include_str!("../guide/shop.txt")]
/// let air = db.get::<Product>(1).await?.expect("it is there"); // a `Handle<Product>`
/// let again = Product::query().filter(Product::NAME.eq("Air")).one(&mut db).await?;
/// assert_eq!(air, again); // one row, one entity
/// db[air].stock += 1;
/// assert_eq!(db[again].stock, 6);
/// # Ok(())
/// # }
/// ```
pub struct Handle<M> {
    raw: RawHandle,
    model: PhantomData<fn() -> M>,
}

/// A [`Handle`] without its model's type: what the session's erased parts work on.
///
/// ```
#[doc = include_str!("../guide/shop.txt")]
/// let (ann, air) = (db.get::<User>(1).await?.unwrap(), db.get::<Product>(1).await?.unwrap());
/// assert_eq!(ann.raw().session, air.raw().session);
/// assert_ne!(ann.raw().arena, air.raw().arena); // other models, other arenas
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RawHandle {
    /// Which session.
    pub session: u32,
    /// Which model of that session, in the order in which the session met them.
    pub arena: u16,
    /// Which of that model's slots.
    pub index: u32,
    /// Which inhabitant of that slot.
    pub generation: u32,
}

impl<M> Handle<M> {
    /// Gives a raw handle its model's type back. For the session, which knows it.
    pub(crate) fn from_raw(raw: RawHandle) -> Self {
        Handle {
            raw,
            model: PhantomData,
        }
    }

    /// The handle without its model's type.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let mut seen = std::collections::HashSet::new(); // of entities of any model
    /// seen.insert(db.get::<User>(1).await?.unwrap().raw());
    /// seen.insert(db.get::<Product>(1).await?.unwrap().raw());
    /// assert_eq!(seen.len(), 2);
    /// # Ok(())
    /// # }
    /// ```
    pub fn raw(self) -> RawHandle {
        self.raw
    }
}

impl<M> Clone for Handle<M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M> Copy for Handle<M> {}

impl<M> PartialEq for Handle<M> {
    fn eq(&self, other: &Self) -> bool {
        self.raw == other.raw
    }
}

impl<M> Eq for Handle<M> {}

impl<M> Hash for Handle<M> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.raw.hash(state);
    }
}

impl<M> PartialOrd for Handle<M> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<M> Ord for Handle<M> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.raw.cmp(&other.raw)
    }
}

impl<M> fmt::Debug for Handle<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let model = std::any::type_name::<M>();
        let model = model.rsplit("::").next().unwrap_or(model);
        write!(f, "{model}#{}", self.raw.index)
    }
}

impl fmt::Debug for RawHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.arena, self.index)
    }
}

/// An owned list of handles, as a to-many relationship gives it: a loop over it may write to the session.
///
/// Derefs to `[Handle<M>]`; iterating by value gives the handles.
///
/// ```
#[doc = include_str!("../guide/shop.txt")]
/// let ann = User::query().with(User::ORDERS).order_by(User::ID).first(&mut db).await?.unwrap();
/// for order in db.related(ann, User::ORDERS)? { // `Handles<Order>`, no borrow of the session
///     db[order].status = OrderStatus::Shipped;
/// }
/// # Ok(())
/// # }
/// ```
pub struct Handles<M>(Vec<Handle<M>>);

impl<M> From<Vec<Handle<M>>> for Handles<M> {
    fn from(handles: Vec<Handle<M>>) -> Self {
        Handles(handles)
    }
}

impl<M> From<Handles<M>> for Vec<Handle<M>> {
    fn from(handles: Handles<M>) -> Self {
        handles.0
    }
}

impl<M> std::ops::Deref for Handles<M> {
    type Target = [Handle<M>];

    fn deref(&self) -> &[Handle<M>] {
        &self.0
    }
}

impl<M> AsRef<[Handle<M>]> for Handles<M> {
    fn as_ref(&self) -> &[Handle<M>] {
        &self.0
    }
}

impl<M> IntoIterator for Handles<M> {
    type Item = Handle<M>;
    type IntoIter = std::vec::IntoIter<Handle<M>>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a, M> IntoIterator for &'a Handles<M> {
    type Item = Handle<M>;
    type IntoIter = std::iter::Copied<std::slice::Iter<'a, Handle<M>>>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter().copied()
    }
}

impl<M> Clone for Handles<M> {
    fn clone(&self) -> Self {
        Handles(self.0.clone())
    }
}

impl<M> PartialEq for Handles<M> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<M> Eq for Handles<M> {}

impl<M> fmt::Debug for Handles<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
