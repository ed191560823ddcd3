//! [`Relation`]: a relationship as a typed constant, `Product::CATEGORY`. Derived code declares them; queries join along
//! them, load paths are made of them, and the session reads and changes what they lead to.

use std::fmt;
use std::marker::PhantomData;

use super::shape::{Many, ManyBack, ManyThrough, One, OneChild, OptionalOne};
use super::{Model, RelationInfo, Source};

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
