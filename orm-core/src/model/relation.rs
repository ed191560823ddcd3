//! [`Relation`]: a relationship as a typed constant, `Product::CATEGORY`. Derived code declares them; queries join along
//! them, load paths are made of them, and the session reads and changes what they lead to.

use std::fmt;
use std::marker::PhantomData;

use super::handle::Handles;
use super::{Handle, Model, RelationInfo, Source};

/// A relationship from `From` to `To`. SQLAlchemy: `relationship()`.
///
/// `Shape` says how many there can be, and with it what reading gives: [`One`] (a required `belongs_to`) a
/// `Handle<To>`, [`OptionalOne`] (a nullable `belongs_to`) and [`OneChild`] (a `has_one`) an `Option<Handle<To>>`, [`Many`] (`has_many`)
/// and [`ManyThrough`] and [`ManyBack`] (`many_to_many`) a [`Handles<To>`](super::Handles).
///
/// ```
#[doc = include_str!("../session/example_shop.txt")]
/// let orders = User::query().join(User::ORDERS).filter(User::NAME.eq("Ann")).select(Order::ID); // joined along it
/// assert_eq!(orders.all(&mut db).await?.len(), 3);
/// let ann = User::query().with(User::ORDERS).order_by(User::ID).first(&mut db).await?.unwrap(); // loaded by it
/// assert_eq!(db.related(ann, User::ORDERS)?.len(), 3); // read by it
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "testing"))] fn main() {}
/// ```
pub struct Relation<From, To, Shape> {
    info: &'static RelationInfo,
    types: PhantomData<fn() -> (From, To, Shape)>,
}

/// A required many-to-one. SQLAlchemy: `relationship()` over a foreign key that is `nullable=False`.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// let user: orm_core::model::BelongsTo<Order, User> = Order::USER;
/// # let _ = user;
/// ```
pub type BelongsTo<From, To> = Relation<From, To, One>;
/// A nullable many-to-one. SQLAlchemy: `relationship()` over a nullable foreign key.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// let category: orm_core::model::BelongsToOptional<Product, Category> = Product::CATEGORY;
/// # let _ = category;
/// ```
pub type BelongsToOptional<From, To> = Relation<From, To, OptionalOne>;
/// A one-to-many. SQLAlchemy: `relationship()` on the side without the foreign key.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// let orders: orm_core::model::HasMany<User, Order> = User::ORDERS;
/// # let _ = orders;
/// ```
pub type HasMany<From, To> = Relation<From, To, Many>;
/// A one-to-one whose foreign key is on the other side. SQLAlchemy: `relationship(.., uselist=False)`.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// let profile: orm_core::model::HasOne<User, Profile> = User::PROFILE;
/// # let _ = profile;
/// ```
pub type HasOne<From, To> = Relation<From, To, OneChild>;
/// A many-to-many through a link table. SQLAlchemy: `relationship(.., secondary=..)`.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// let tags: orm_core::model::ManyToMany<Product, Tag> = Product::TAGS; // it says `table = ".."`
/// # let _ = tags;
/// ```
pub type ManyToMany<From, To> = Relation<From, To, ManyThrough>;
/// The other side of a many-to-many. SQLAlchemy: `relationship(.., secondary=.., back_populates=..)`.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// let products: orm_core::model::ManyToManyBack<Tag, Product> = Tag::PRODUCTS; // it says `via = ..`
/// # let _ = products;
/// ```
pub type ManyToManyBack<From, To> = Relation<From, To, ManyBack>;

impl<From, To, Shape> Relation<From, To, Shape> {
    /// The constant of a description. Called by derived code, which has checked that the types are those of the
    /// description.
    #[doc(hidden)]
    pub const fn new(info: &'static RelationInfo) -> Self {
        Relation {
            info,
            types: PhantomData,
        }
    }

    /// The description.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// assert_eq!(Order::ITEMS.info().path(), "Order::ITEMS");
    /// ```
    pub const fn info(&self) -> &'static RelationInfo {
        self.info
    }

    /// The same relationship, leading to an alias of its target: `Employee::MANAGER.to::<Boss>()`.
    /// SQLAlchemy: `Employee.manager.of_type(boss)`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// type Parent = Aliased<Category, 1>;
    ///
    /// let q = Category::query()
    ///     .join(Category::PARENT.to::<Parent>())
    ///     .filter(Parent::NAME.eq("Computers"))
    ///     .select(Category::NAME);
    /// assert!(q.to_sql().contains("JOIN categories AS categories_1 ON categories_1.id = categories.parent_id"));
    /// ```
    pub const fn to<Alias>(self) -> Relation<From, Alias, Shape>
    where
        To: Target,
        Alias: AliasOf<To::Model>,
    {
        Relation::new(self.info)
    }
}

/// A name for the table of `M`: the model itself, or an alias of it.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// fn takes<A: orm_core::model::AliasOf<Category>>() {}
///
/// takes::<Category>();
/// takes::<Aliased<Category, 1>>();
/// ```
#[diagnostic::on_unimplemented(
    message = "this is not an alias of `{M}`, to which the relationship leads",
    label = "found `{Self}`",
    note = "an alias of it is `Aliased<{M}, 1>`"
)]
pub trait AliasOf<M>: Source {}

#[diagnostic::do_not_recommend]
impl<M: Model, S: Source<Model = M>> AliasOf<M> for S {}

impl<From, To, Shape> Clone for Relation<From, To, Shape> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<From, To, Shape> Copy for Relation<From, To, Shape> {}

impl<From, To, Shape> fmt::Debug for Relation<From, To, Shape> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.info.path())
    }
}

/// The target of a relationship that leads back to its own model.
///
/// It is not a [`Source`], so that such a relationship can be loaded and changed but not joined without an alias: the
/// columns of the two would be the same names.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::model::{BelongsToOptional, Itself};
///
/// let parent: BelongsToOptional<Category, Itself<Category>> = Category::PARENT;
/// let joined = Category::query().join(parent.to::<Aliased<Category, 1>>()); // `.join(parent)` does not compile
/// # let _ = joined;
/// ```
pub struct Itself<M>(PhantomData<fn() -> M>);

/// What a relationship leads to: a model, an alias, or [`Itself`].
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::model::{Itself, Model, Target};
///
/// fn table<T: Target>() -> &'static str {
///     <T::Model as Model>::TABLE.name
/// }
/// assert_eq!((table::<User>(), table::<Itself<Category>>()), ("users", "categories"));
/// ```
pub trait Target: 'static {
    /// The model.
    type Model: Model;
    /// What a query of it has: the alias, or the model.
    type Source: Source<Model = Self::Model>;
}

impl<S: Source> Target for S {
    type Model = S::Model;
    type Source = S;
}

impl<M: Model> Target for Itself<M> {
    type Model = M;
    type Source = M;
}

/// The target of a relationship that leads back to its own model, and can be followed to any depth.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// let whole_trees = Category::query().with(Category::CHILDREN.recursive());
/// ```
#[diagnostic::on_unimplemented(
    message = "this relationship leads to another model, where it cannot be followed any further",
    label = "only a relationship that leads back to its own model is recursive",
    note = "a path through other models names each step: `User::ORDERS.then(Order::ITEMS)`"
)]
pub trait Recursive {}

#[diagnostic::do_not_recommend]
impl<M: Model> Recursive for Itself<M> {}

/// A relationship that a query can join along.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::model::Joinable;
///
/// assert_eq!(Joinable::relation(&Order::USER).to.name, "users"); // what `.join(Order::USER)` joins
/// ```
#[diagnostic::on_unimplemented(
    message = "only a relationship says by itself how its two tables are joined",
    label = "expected `Model::RELATIONSHIP`; found `{Self}`",
    note = "a table is joined on a condition, `.join_on(Order::ALL, Order::USER_ID.eq(User::ID))`, or with every row, `.cross_join(Order::ALL)`"
)]
pub trait Joinable {
    /// What it starts at.
    type From: Source;
    /// What enters the query.
    type To: Source;

    /// The description.
    fn relation(&self) -> &'static RelationInfo;
}

/// The target of a relationship that leads to another table than its own.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// let q = Category::query().join(Category::PARENT.to::<Aliased<Category, 1>>()); // `PARENT` alone leads back
/// assert!(q.to_sql().contains(" JOIN categories AS categories_1 "));
/// ```
#[diagnostic::on_unimplemented(
    message = "this relationship leads back to the same model, so its columns would be ambiguous",
    label = "join an alias: `.join(RELATIONSHIP.to::<Other>())`",
    note = "declare the alias with `type Other = Aliased<Model, 1>;`"
)]
pub trait Elsewhere: Source {}

#[diagnostic::do_not_recommend]
impl<S: Source> Elsewhere for S {}

impl<From: Source, To: Elsewhere, Shape> Joinable for Relation<From, To, Shape> {
    type From = From;
    type To = To;

    fn relation(&self) -> &'static RelationInfo {
        self.info
    }
}

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

/// Whether a foreign key column can hold a key of type `Key`.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// #[derive(Model, Clone)]
/// #[orm(table = "reviews")]
/// struct Review {
///     #[orm(primary_key)]
///     id: i32,
///     #[orm(belongs_to(product: Product))]
///     product_id: i32, // `i64` cannot hold a key of type `i32`
/// }
/// # let _ = Review::PRODUCT;
/// ```
#[diagnostic::on_unimplemented(
    message = "a foreign key of type `{Self}` cannot hold a key of type `{Key}`",
    label = "this column and the key that it refers to must have the same type"
)]
pub trait RefersTo<Key> {}

#[diagnostic::do_not_recommend]
impl<Key> RefersTo<Key> for Key {}
#[diagnostic::do_not_recommend]
impl<Key> RefersTo<Key> for Option<Key> {}

/// Whether a foreign key column can hold the values of a column of type `T` that it refers to by name.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// #[derive(Model, Clone)]
/// #[orm(table = "logins")]
/// struct Login {
///     #[orm(primary_key)]
///     id: i32,
///     #[orm(belongs_to(user: User, references(email)))]
///     user_email: String, // of the type of `User::EMAIL`, or an `Option` of it
/// }
/// # let _ = Login::USER;
/// ```
#[diagnostic::on_unimplemented(
    message = "a foreign key of type `{Self}` cannot refer to a column of type `{T}`",
    label = "this column and the one that it refers to must have the same type"
)]
pub trait RefersToColumn<T> {}

#[diagnostic::do_not_recommend]
impl<T> RefersToColumn<T> for T {}
#[diagnostic::do_not_recommend]
impl<T> RefersToColumn<T> for Option<T> {}
#[diagnostic::do_not_recommend]
impl<T> RefersToColumn<Option<T>> for T {}

/// A relationship of `Child` that leads to `Owner`: what `via = ..` of `Owner`'s `has_many` and `has_one`, and of a
/// `many_to_many`, has to name.
///
/// ```
/// use orm_core::prelude::*;
///
/// #[derive(Model, Clone)]
/// #[orm(table = "authors", has_many(books: Book, via = author))] // `Book::AUTHOR` leads back to `Author`
/// struct Author {
///     #[orm(primary_key)]
///     id: i32,
/// }
///
/// #[derive(Model, Clone)]
/// #[orm(table = "books")]
/// struct Book {
///     #[orm(primary_key)]
///     id: i32,
///     #[orm(belongs_to(author: Author))]
///     author_id: i32,
/// }
/// # let _ = Author::BOOKS;
/// ```
#[diagnostic::on_unimplemented(
    message = "`via` has to name a `belongs_to` of `{Child}` that leads to `{Owner}`",
    label = "this is a `{Self}`",
    note = "the model with the foreign key has the `belongs_to`; the other side's `has_many` or `has_one` names it"
)]
pub trait LeadsBack<Child, Owner, Mark> {}

#[diagnostic::do_not_recommend]
impl<Child, Owner, Mark> LeadsBack<Child, Owner, Mark> for Relation<Child, Owner, One> {}
#[diagnostic::do_not_recommend]
impl<Child, Owner, Mark> LeadsBack<Child, Owner, Mark> for Relation<Child, Owner, OptionalOne> {}
#[diagnostic::do_not_recommend]
impl<M, Mark> LeadsBack<M, M, Mark> for Relation<M, Itself<M>, One> {}
#[diagnostic::do_not_recommend]
impl<M, Mark> LeadsBack<M, M, Mark> for Relation<M, Itself<M>, OptionalOne> {}
/// That it is no model is reported where it stands, and has no relationships for that reason.
#[diagnostic::do_not_recommend]
impl<Child, Owner> LeadsBack<Child, Owner, NotAModel> for NothingOfThisName {}

/// What stands in place of a relationship that `via` names and that isn't there: derived code brings it into scope as a
/// constant of every type, which gives way to a constant that a model has of its own.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::model::{LeadsBack, NotAModel, NothingOfThisName};
///
/// // What the derive asks of `via = ..`.
/// fn named<Via: LeadsBack<Order, User, Mark>, Mark>(_: &Via) {}
/// named::<_, ()>(&Order::USER); // `via = user`
/// named::<_, NotAModel>(&NothingOfThisName); // the type is no model, which is reported where it stands
/// ```
#[derive(Debug)]
pub struct NothingOfThisName;

/// In the same way in place of `ALL`, which every model has.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::model::{LeadsBack, NotAModel, NothingOfThisName};
///
/// fn named<Via: LeadsBack<Order, User, NotAModel>>(_: &Via) {}
/// named(&NothingOfThisName); // no second error
/// ```
#[derive(Debug)]
pub struct NotAModel;

/// A link model with exactly one `belongs_to` that leads to `M`: what `many_to_many(.., through = ..)` needs of it, for
/// both sides. Implemented by `#[derive(Model)]`.
///
/// ```
/// use orm_core::model::LinksTo;
/// use orm_core::prelude::*;
///
/// #[derive(Model, Clone)]
/// #[orm(table = "posts", many_to_many(tags: Tag, through = PostTag))]
/// struct Post {
///     #[orm(primary_key)]
///     id: i32,
/// }
/// # #[derive(Model, Clone)] #[orm(table = "tags")]
/// # struct Tag { #[orm(primary_key)] id: i32 }
///
/// #[derive(Model, Clone)]
/// #[orm(table = "post_tags")]
/// struct PostTag {
///     #[orm(primary_key, belongs_to(post: Post))]
///     post_id: i32,
///     #[orm(primary_key, belongs_to(tag: Tag))]
///     tag_id: i32,
/// }
///
/// assert_eq!(<PostTag as LinksTo<Tag>>::LINK.path(), "PostTag::TAG");
/// # let _ = Post::TAGS;
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not link to `{M}`: it needs exactly one `belongs_to` that leads there",
    label = "used here as the link model of a `many_to_many`",
    note = "with several, say which: `many_to_many(.., through = {Self}, via = (near, far))`"
)]
pub trait LinksTo<M> {
    /// The `belongs_to`.
    const LINK: &'static RelationInfo;
}

/// A `many_to_many` of `Other` that leads to `M`: what `via = ..` of `M`'s `many_to_many` has to name where it is the other
/// side of that one. `Own` is the shape of the one that says `via`.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::model::{LinksBack, ManyBack};
///
/// fn takes<Via: LinksBack<Product, Tag, ManyBack>>(_: Via) {}
/// takes(Product::TAGS); // what `many_to_many(products: Product, via = tags)` of `Tag` names
/// ```
#[diagnostic::on_unimplemented(
    message = "`via` has to name a `many_to_many` of `{Other}` that leads to `{M}`",
    label = "this is a `{Self}`",
    note = "one side says which link table, by `table = ..` or `through = ..`; the other names that side by `via = ..`"
)]
pub trait LinksBack<Other, M, Own> {}

#[diagnostic::do_not_recommend]
impl<Other, M, Own> LinksBack<Other, M, Own> for Relation<Other, M, ManyThrough> {}
#[diagnostic::do_not_recommend]
impl<M, Own> LinksBack<M, M, Own> for Relation<M, Itself<M>, ManyThrough> {}
/// A side that reads alone may name the other side's, and so its own side's: a choice of what there is.
#[diagnostic::do_not_recommend]
impl<Other, M> LinksBack<Other, M, ReadOnlyMany> for Relation<Other, M, ManyBack> {}
