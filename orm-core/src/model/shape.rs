//! [`RelationShape`]: how many a [`Relation`](super::Relation) leads to, what reading it gives, and whether it may be written. The session
//! reads and changes relationships by it, queries filter by it.

use super::handle::Handles;
use super::{Handle, Model};

/// How many a relationship leads to.
///
/// ```
#[doc = include_str!("../session/example_shop.txt")]
/// let users = User::query().with(User::ORDERS).with(User::PROFILE).order_by(User::ID).all(&mut db).await?;
/// let orders: orm_core::model::Handles<Order> = db.related(users[0], User::ORDERS)?; // `Many`
/// let profile: Option<Handle<Profile>> = db.related(users[0], User::PROFILE)?; // `OneChild`
///
/// use orm_core::model::{Many, RelationShape};
/// assert_eq!(Many::value(vec![users[0]]).map(|all| all.len()), Some(1)); // how `related` makes these
/// # let _ = (orders, profile);
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "testing"))] fn main() {}
/// ```
pub trait RelationShape: 'static {
    /// What reading it gives.
    type Value<M: Model>: Send;

    /// The value, from the handles that it leads to. `None` where a required one has no target in memory.
    fn value<M: Model>(targets: Vec<Handle<M>>) -> Option<Self::Value<M>>;
}

/// Exactly one: a `belongs_to` whose foreign key cannot be NULL.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::model::{One, Relation};
///
/// let user: Relation<Order, User, One> = Order::USER; // `user_id: i32`
/// # let _ = user;
/// ```
#[derive(Debug)]
pub struct One;
/// One or none: a `belongs_to` whose foreign key can be NULL.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::model::{OptionalOne, Relation};
///
/// let category: Relation<Product, Category, OptionalOne> = Product::CATEGORY; // `category_id: Option<i32>`
/// # let _ = category;
/// ```
#[derive(Debug)]
pub struct OptionalOne;
/// One or none, which holds the foreign key: a `has_one`.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::model::{OneChild, Relation};
///
/// let profile: Relation<User, Profile, OneChild> = User::PROFILE; // `has_one(profile: Profile, via = user)`
/// # let _ = profile;
/// ```
#[derive(Debug)]
pub struct OneChild;
/// Any number: a `has_many`.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::model::{Many, Relation};
///
/// let orders: Relation<User, Order, Many> = User::ORDERS; // `has_many(orders: Order, via = user)`
/// # let _ = orders;
/// ```
#[derive(Debug)]
pub struct Many;
/// Any number, through a link table: a `many_to_many` that says which.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::model::{ManyThrough, Relation};
///
/// let tags: Relation<Product, Tag, ManyThrough> = Product::TAGS; // `many_to_many(tags: Tag, table = "product_tags")`
/// # let _ = tags;
/// ```
#[derive(Debug)]
pub struct ManyThrough;
/// Any number, through the link table of the other side's `many_to_many`, which `via` names.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::model::{ManyBack, Relation};
///
/// let products: Relation<Tag, Product, ManyBack> = Tag::PRODUCTS; // `many_to_many(products: Product, via = tags)`
/// # let _ = products;
/// ```
#[derive(Debug)]
pub struct ManyBack;

/// One or none, for reading alone: a `has_one(.., read_only)`. SQLAlchemy: `relationship(.., uselist=False, viewonly=True)`.
///
/// ```
/// use orm_core::model::{ReadOnlyOne, Relation};
/// use orm_core::prelude::*;
///
/// #[derive(Model, Clone)]
/// #[orm(table = "users", has_one(first_post: Post, via = author, read_only))]
/// struct User {
///     #[orm(primary_key)]
///     id: i32,
/// }
/// # #[derive(Model, Clone)]
/// # #[orm(table = "posts")]
/// # struct Post { #[orm(primary_key)] id: i32, #[orm(belongs_to(author: User))] author_id: i32 }
///
/// let first: Relation<User, Post, ReadOnlyOne> = User::FIRST_POST;
/// # let _ = first;
/// ```
#[derive(Debug)]
pub struct ReadOnlyOne;
/// Any number, for reading alone: a `has_many` or `many_to_many` with `read_only`. SQLAlchemy: `relationship(.., viewonly=True)`.
///
/// ```
/// use orm_core::model::{ReadOnlyMany, Relation};
/// use orm_core::prelude::*;
///
/// #[derive(Model, Clone)]
/// #[orm(table = "users", has_many(posts: Post, via = author, read_only))]
/// struct User {
///     #[orm(primary_key)]
///     id: i32,
/// }
/// # #[derive(Model, Clone)]
/// # #[orm(table = "posts")]
/// # struct Post { #[orm(primary_key)] id: i32, #[orm(belongs_to(author: User))] author_id: i32 }
///
/// let posts: Relation<User, Post, ReadOnlyMany> = User::POSTS; // `db.push(user, User::POSTS, ..)` does not compile
/// # let _ = posts;
/// ```
#[derive(Debug)]
pub struct ReadOnlyMany;

impl RelationShape for One {
    type Value<M: Model> = Handle<M>;

    fn value<M: Model>(targets: Vec<Handle<M>>) -> Option<Handle<M>> {
        targets.first().copied()
    }
}

macro_rules! optional_one {
    ($($shape:ident),*) => { $(
        impl RelationShape for $shape {
            type Value<M: Model> = Option<Handle<M>>;

            fn value<M: Model>(targets: Vec<Handle<M>>) -> Option<Option<Handle<M>>> {
                Some(targets.first().copied())
            }
        }

        impl ToOne for $shape {
            fn target<M: Model>(value: Option<Handle<M>>) -> Option<Handle<M>> {
                value
            }
        }
    )* };
}

optional_one!(OptionalOne, OneChild, ReadOnlyOne);

macro_rules! many {
    ($($shape:ident),*) => { $(
        impl RelationShape for $shape {
            type Value<M: Model> = Handles<M>;

            fn value<M: Model>(targets: Vec<Handle<M>>) -> Option<Handles<M>> {
                Some(Handles::from(targets))
            }
        }

        impl ToMany for $shape {}
    )* };
}

many!(Many, ManyThrough, ManyBack, ReadOnlyMany);

/// The shapes that `db.set`, `push`, `remove` and `replace` change.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::model::{Many, ManyThrough, One, Writable};
///
/// fn takes<Shape: Writable>() {}
///
/// takes::<One>();
/// takes::<Many>();
/// takes::<ManyThrough>(); // and not `ReadOnlyMany`
/// ```
#[diagnostic::on_unimplemented(
    message = "this relationship is read-only",
    label = "it says `read_only` where it is declared",
    note = "change the relationship that holds all of the rows, and load this one again"
)]
pub trait Writable {}

#[diagnostic::do_not_recommend]
impl Writable for One {}
#[diagnostic::do_not_recommend]
impl Writable for OptionalOne {}
#[diagnostic::do_not_recommend]
impl Writable for OneChild {}
#[diagnostic::do_not_recommend]
impl Writable for Many {}
#[diagnostic::do_not_recommend]
impl Writable for ManyThrough {}
#[diagnostic::do_not_recommend]
impl Writable for ManyBack {}

/// The shapes with at most one target, which `db.set` changes.
///
/// ```
#[doc = include_str!("../session/example_shop.txt")]
/// let users = User::query().order_by(User::ID).all(&mut db).await?;
/// let order = Order::query().order_by(Order::ID).first(&mut db).await?.unwrap();
/// db.set(order, Order::USER, users[1]); // not `User::ORDERS`, which leads to many
/// db.flush().await?;
/// assert_eq!(db[order].user_id, Some(db[users[1]].id));
///
/// use orm_core::model::{OptionalOne, ToOne};
/// assert_eq!(OptionalOne::target(Some(users[1])), Some(users[1]));
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "testing"))] fn main() {}
/// ```
#[diagnostic::on_unimplemented(
    message = "this relationship leads to many, and this is for one that leads to one at most",
    label = "leads to many",
    note = "for many: `.any(..)` in a filter; `db.push(..)`, `db.remove(..)` and `db.replace(..)` to change it"
)]
pub trait ToOne: RelationShape {
    /// The target of a value that was set.
    fn target<M: Model>(value: Self::Value<M>) -> Option<Handle<M>>;
}

impl ToOne for One {
    fn target<M: Model>(value: Handle<M>) -> Option<Handle<M>> {
        Some(value)
    }
}

/// What `db.set` takes for a relationship whose value is a `Value`: that value, and a handle where an `Option` of one is
/// read.
///
/// ```
#[doc = include_str!("../session/example_shop.txt")]
/// let order = Order::query().with(Order::USER).order_by(Order::ID).first(&mut db).await?.unwrap();
/// let ann = db.related(order, Order::USER)?;
/// db.set(order, Order::USER, None);
/// db.set(order, Order::USER, ann); // an `Option<Handle<User>>`, or a `Handle<User>`
///
/// use orm_core::model::IntoTarget;
/// let value: Option<Handle<User>> = ann.unwrap().into_target(); // what `set` makes of it
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "testing"))] fn main() {}
/// ```
#[diagnostic::on_unimplemented(
    message = "this relationship takes `{Value}`, and was given `{Self}`",
    label = "expected `{Value}`",
    note = "a relationship can be set to `None` where its foreign key is an `Option`"
)]
pub trait IntoTarget<Value> {
    /// The value.
    fn into_target(self) -> Value;
}

#[diagnostic::do_not_recommend]
impl<M> IntoTarget<Handle<M>> for Handle<M> {
    fn into_target(self) -> Handle<M> {
        self
    }
}

#[diagnostic::do_not_recommend]
impl<M> IntoTarget<Option<Handle<M>>> for Handle<M> {
    fn into_target(self) -> Option<Handle<M>> {
        Some(self)
    }
}

#[diagnostic::do_not_recommend]
impl<M> IntoTarget<Option<Handle<M>>> for Option<Handle<M>> {
    fn into_target(self) -> Option<Handle<M>> {
        self
    }
}

/// Never called: that a relationship with many targets cannot be set is one mistake, and [`ToOne`] reports it.
#[diagnostic::do_not_recommend]
impl<M, T> IntoTarget<Handles<M>> for T {
    fn into_target(self) -> Handles<M> {
        Handles::from(Vec::new())
    }
}

/// The shapes with any number of targets, which `db.push` and `db.remove` change.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// let q = User::query().filter(User::ORDERS.any(Order::STATUS.eq(OrderStatus::Open))); // of a to-one it is `has`
/// assert!(q.to_sql().contains("WHERE EXISTS (SELECT 1 FROM orders WHERE "));
/// ```
#[diagnostic::on_unimplemented(
    message = "this relationship leads to one at most, and this is for one that leads to many",
    label = "leads to one at most",
    note = "for one: `.has(..)` in a filter; `db.set(..)` to change it"
)]
pub trait ToMany: RelationShape {}
