//! [`View`]: reading along relationships without naming the session at each step.

use std::ops::Deref;

use super::Session;
use crate::error::Result;
use crate::model::{
    Handle, Many, ManyBack, ManyThrough, Model, One, OneChild, OptionalOne, ReadOnlyMany,
    ReadOnlyOne, Relation, RelationShape, Target,
};

impl Session {
    /// A read-only view of an entity: derefs to the row, and follows relationships without naming the session again.
    ///
    /// ```
    #[doc = include_str!("example_shop.txt")]
    /// let user = User::query().with(User::ORDERS.then(Order::ITEMS)).with(User::PROFILE).order_by(User::ID).first(&mut db).await?;
    /// let user = db.view(user.unwrap());
    /// let mut spent = 0;
    /// for order in user.related(User::ORDERS)? {
    ///     spent += order.related(Order::ITEMS)?.map(|item| item.price * item.quantity).sum::<i32>();
    /// }
    /// assert_eq!((user.name.as_str(), spent), ("Ann", 60));
    /// assert_eq!(user.related(User::PROFILE)?.map(|profile| profile.bio.len()), Some(9));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    ///
    /// # Panics
    /// As `db[handle]`.
    #[track_caller]
    pub fn view<M: Model>(&self, handle: Handle<M>) -> View<'_, M> {
        let row = &self[handle];
        View {
            session: self,
            handle,
            row,
        }
    }
}

/// A read-only view of an entity: [`Session::view`]. `Copy`; derefs to the row.
///
/// ```
#[doc = include_str!("../guide/shop.txt")]
/// use orm_core::session::View;
///
/// fn label(product: View<'_, Product>) -> orm_core::Result<String> {
///     let shelf = product.related(Product::CATEGORY)?;
///     Ok(format!("{} ({})", product.name, shelf.map_or("nowhere", |shelf| shelf.row().name.as_str())))
/// }
///
/// let air = db.get::<Product>(1).with(Product::CATEGORY).await?.expect("it is there");
/// assert_eq!(label(db.view(air))?, "Air (Laptops)");
/// # Ok(())
/// # }
/// ```
pub struct View<'db, M> {
    session: &'db Session,
    handle: Handle<M>,
    row: &'db M,
}

impl<M> Clone for View<'_, M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M> Copy for View<'_, M> {}

impl<M: std::fmt::Debug> std::fmt::Debug for View<'_, M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.row.fmt(f)
    }
}

impl<M> Deref for View<'_, M> {
    type Target = M;

    fn deref(&self) -> &M {
        self.row
    }
}

impl<'db, M: Model> View<'db, M> {
    /// The handle of the entity.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let order = db.get::<Order>(1).with(Order::ITEMS).await?.expect("it is there");
    /// let first = db.view(order).related(Order::ITEMS)?.next().expect("there are two").handle();
    /// db[first].quantity += 1; // a handle to write with
    /// # Ok(())
    /// # }
    /// ```
    pub fn handle(&self) -> Handle<M> {
        self.handle
    }

    /// The row, for as long as the session is borrowed: what a closure over views gives on, `.map(|order| order.row().note.as_str())`,
    /// where `order.note` would borrow the view alone.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let air = db.get::<Product>(1).await?.expect("it is there");
    /// let row: &Product = db.view(air).row();
    /// assert_eq!(row.name, "Air");
    /// # Ok(())
    /// # }
    /// ```
    pub fn row(&self) -> &'db M {
        self.row
    }

    /// Views of what a relationship leads to: a view, an `Option` of one, or an iterator, as the relationship's type
    /// says.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let item = db.get::<OrderItem>(1).with(OrderItem::PRODUCT).with(OrderItem::ORDER).await?;
    /// let item = db.view(item.expect("it is there"));
    /// assert_eq!(item.related(OrderItem::PRODUCT)?.name, "Air");
    /// assert_eq!(item.related(OrderItem::ORDER)?.status, OrderStatus::Paid);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`Session::related`]; [`Error::Pending`](crate::Error::Pending) where a related entity was not flushed.
    pub fn related<To: Target, Shape: ViewShape>(
        self,
        relation: Relation<M, To, Shape>,
    ) -> Result<Shape::View<'db, To::Model>> {
        let value = self.session.related(self.handle, relation)?;
        Shape::view(self.session, value)
    }
}

/// How a view of what a relationship leads to looks.
///
/// ```
#[doc = include_str!("../guide/shop.txt")]
/// use orm_core::model::Many;
/// use orm_core::session::ViewShape;
///
/// let ann = db.get::<User>(1).with(User::ORDERS).await?.expect("she is there");
/// let orders = db.related(ann, User::ORDERS)?;
/// let mut views = Many::view(&db, orders)?; // what `db.view(ann).related(User::ORDERS)` gives
/// assert_eq!(views.next().expect("she has orders").status, OrderStatus::Paid);
/// # Ok(())
/// # }
/// ```
pub trait ViewShape: RelationShape {
    /// A [`View`], an `Option` of one, or an iterator of them.
    type View<'db, M: Model>;

    /// The views of handles.
    ///
    /// # Errors
    /// [`Error::Pending`](crate::Error::Pending).
    fn view<M: Model>(db: &Session, value: Self::Value<M>) -> Result<Self::View<'_, M>>;
}

fn view<M: Model>(db: &Session, handle: Handle<M>) -> Result<View<'_, M>> {
    let row = db.peek(handle)?;
    Ok(View {
        session: db,
        handle,
        row,
    })
}

impl ViewShape for One {
    type View<'db, M: Model> = View<'db, M>;

    fn view<M: Model>(db: &Session, value: Handle<M>) -> Result<View<'_, M>> {
        view(db, value)
    }
}

macro_rules! optional_one {
    ($($shape:ident),*) => { $(
        impl ViewShape for $shape {
            type View<'db, M: Model> = Option<View<'db, M>>;

            fn view<M: Model>(
                db: &Session,
                value: Option<Handle<M>>,
            ) -> Result<Option<View<'_, M>>> {
                value.map(|handle| view(db, handle)).transpose()
            }
        }
    )* };
}

optional_one!(OptionalOne, OneChild, ReadOnlyOne);

macro_rules! many {
    ($($shape:ident),*) => { $(
        impl ViewShape for $shape {
            type View<'db, M: Model> = std::vec::IntoIter<View<'db, M>>;

            fn view<M: Model>(
                db: &Session,
                value: Self::Value<M>,
            ) -> Result<Self::View<'_, M>> {
                let views: Result<Vec<_>> =
                    value.into_iter().map(|handle| view(db, handle)).collect();
                Ok(views?.into_iter())
            }
        }
    )* };
}

many!(Many, ManyThrough, ManyBack, ReadOnlyMany);
