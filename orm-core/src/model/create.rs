//! What `create()` builders are made of: a type parameter for each required column, [`Unset`] until it has a value.

use crate::types::SqlType;

/// The column has a value.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::model::{Set, Unset};
///
/// let named: TagCreate<Set> = Tag::create().word("used"); // complete: it can be added
/// let empty: TagCreate<Unset> = Tag::create(); // `add(empty)` does not compile
/// # let _ = (named, empty);
/// ```
#[derive(Debug)]
pub struct Set;

/// The column has no value yet.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::model::Unset;
///
/// let empty: TagCreate<Unset> = Tag::create();
/// # let _ = empty;
/// ```
#[derive(Debug)]
pub struct Unset;

/// Whether a required column `C` of `M` has a value: [`Set`] does.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::model::Insertable;
///
/// fn complete(_: impl Insertable) {}
/// complete(Tag::create().word("used")); // `complete(Tag::create())`: its column `word` has no value
/// ```
#[diagnostic::on_unimplemented(
    message = "`{M}` cannot be added yet: a required column has no value",
    label = "`{C}` is missing",
    note = "set it by the method of the column's name; a column with a default, a server default or an `Option` type may be left out"
)]
pub trait GivenFor<M, C> {}

#[diagnostic::do_not_recommend]
impl<M, C> GivenFor<M, C> for Set {}

/// Whether a required column of `M` is still without a value: [`Unset`] is. A value that was given twice is a mistake more
/// often than a correction.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// let order = Order::create().user_id(1); // and `.user(ann)` behind it: a column of `Order` is given a value twice
/// # let _ = order;
/// ```
#[diagnostic::on_unimplemented(
    message = "a column of `{M}` is given a value twice",
    label = "has a value already",
    note = "a relationship gives its foreign key a value too"
)]
pub trait MissingFor<M> {}

#[diagnostic::do_not_recommend]
impl<M> MissingFor<M> for Unset {}

/// Several of something: what `insert` takes, and a builder for a relationship with many members. Whatever is an iterator, or
/// becomes one.
///
/// ```
/// use orm_core::model::Several;
///
/// fn total(list: impl Several<i32>) -> i32 {
///     list.each().sum()
/// }
/// assert_eq!((total([1, 2]), total(Some(3))), (3, 3)); // `total(3)` does not compile: "this takes a list"
/// ```
#[diagnostic::on_unimplemented(
    message = "this takes a list",
    label = "expected an array, a `Vec` or an iterator; found `{Self}`",
    note = "one alone is a list of one: `[..]`"
)]
pub trait Several<T> {
    /// One after the other.
    fn each(self) -> impl Iterator<Item = T>;
}

#[diagnostic::do_not_recommend]
impl<T, L: IntoIterator<Item = T>> Several<T> for L {
    fn each(self) -> impl Iterator<Item = T> {
        self.into_iter()
    }
}

/// A value for a column of type `T`: a `T`; for a nullable column also the value without its `Option`; for text a
/// `&str`.
///
/// ```
/// use orm_core::model::IntoColumn;
///
/// let text: Option<String> = "rare".into_column(); // what `.note("rare")` does for a column `note: Option<String>`
/// assert_eq!(text.as_deref(), Some("rare"));
/// ```
#[diagnostic::on_unimplemented(
    message = "the column holds `{T}` and was given `{Self}`",
    label = "expected `{T}`"
)]
pub trait IntoColumn<T> {
    /// The column's value.
    fn into_column(self) -> T;
}

#[diagnostic::do_not_recommend]
impl<T> IntoColumn<T> for T {
    fn into_column(self) -> T {
        self
    }
}

#[diagnostic::do_not_recommend]
impl<T: SqlType<Base = T>> IntoColumn<Option<T>> for T {
    fn into_column(self) -> Option<T> {
        Some(self)
    }
}

macro_rules! text {
    ($($from:ty),*) => { $(
        #[diagnostic::do_not_recommend]
        impl IntoColumn<String> for $from {
            fn into_column(self) -> String {
                self.into()
            }
        }
        #[diagnostic::do_not_recommend]
        impl IntoColumn<Option<String>> for $from {
            fn into_column(self) -> Option<String> {
                Some(self.into())
            }
        }
    )* };
}

text!(&str, &String, std::borrow::Cow<'_, str>);

#[diagnostic::do_not_recommend]
impl<const N: usize> IntoColumn<Vec<String>> for [&str; N] {
    fn into_column(self) -> Vec<String> {
        self.map(str::to_owned).into()
    }
}
