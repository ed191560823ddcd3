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
pub struct Relation<From, To, Shape> {
    info: &'static RelationInfo,
    types: PhantomData<fn() -> (From, To, Shape)>,
}

/// A required many-to-one.
pub type BelongsTo<From, To> = Relation<From, To, One>;
/// A nullable many-to-one.
pub type BelongsToOptional<From, To> = Relation<From, To, OptionalOne>;
/// A one-to-many.
pub type HasMany<From, To> = Relation<From, To, Many>;
/// A one-to-one whose foreign key is on the other side.
pub type HasOne<From, To> = Relation<From, To, OneChild>;
/// A many-to-many through a link table.
pub type ManyToMany<From, To> = Relation<From, To, ManyThrough>;
/// The other side of a many-to-many.
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
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an alias of `{M}`",
    label = "this relationship leads to `{M}`",
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
pub struct Itself<M>(PhantomData<fn() -> M>);

/// What a relationship leads to: a model, an alias, or [`Itself`].
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

/// A relationship that a query can join along.
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
pub trait RelationShape: 'static {
    /// What reading it gives.
    type Value<M: Model>: Send;

    /// The value, from the handles that it leads to. `None` where a required one has no target in memory.
    fn value<M: Model>(targets: Vec<Handle<M>>) -> Option<Self::Value<M>>;
}

/// Exactly one: a `belongs_to` whose foreign key cannot be NULL.
#[derive(Debug)]
pub struct One;
/// One or none: a `belongs_to` whose foreign key can be NULL.
#[derive(Debug)]
pub struct OptionalOne;
/// One or none, which holds the foreign key: a `has_one`.
#[derive(Debug)]
pub struct OneChild;
/// Any number: a `has_many`.
#[derive(Debug)]
pub struct Many;
/// Any number, through a link table: a `many_to_many` that says which.
#[derive(Debug)]
pub struct ManyThrough;
/// Any number, through the link table of the other side's `many_to_many`, which `via` names.
#[derive(Debug)]
pub struct ManyBack;

/// One or none, for reading alone: a `has_one(.., read_only)`.
#[derive(Debug)]
pub struct ReadOnlyOne;
/// Any number, for reading alone: a `has_many` or `many_to_many` with `read_only`.
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
#[diagnostic::on_unimplemented(
    message = "this relationship leads to one at most, and this is for one that leads to many",
    label = "leads to one at most",
    note = "for one: `.has(..)` in a filter; `db.set(..)` to change it"
)]
pub trait ToMany: RelationShape {}

/// Whether a foreign key column can hold a key of type `Key`.
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
#[derive(Debug)]
pub struct NothingOfThisName;

/// In the same way in place of `ALL`, which every model has.
#[derive(Debug)]
pub struct NotAModel;

/// A link model with exactly one `belongs_to` that leads to `M`: what `many_to_many(.., through = ..)` needs of it, for
/// both sides. Implemented by `#[derive(Model)]`.
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
