//! What a foreign key, a `via` and a `through` have to fit. Derived code asks by these traits, so that what does not fit is a compile error
//! in the words of the struct.

use super::RelationInfo;
use super::relation::{Itself, Relation};
use super::shape::{ManyBack, ManyThrough, One, OptionalOne, ReadOnlyMany};

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
