//! What `create()` builders are made of: a type parameter for each required column, [`Unset`] until it has a value.

use crate::types::SqlType;

/// The column has a value.
#[derive(Debug)]
pub struct Set;

/// The column has no value yet.
#[derive(Debug)]
pub struct Unset;

/// Whether a required column `C` of `M` has a value: [`Set`] does.
#[diagnostic::on_unimplemented(
    message = "`{M}` cannot be added yet: its column `{C}` has no value",
    label = "the column `{C}` is required",
    note = "set it by the method of its name; a column with a default, a server default or an `Option` type may be left out"
)]
pub trait GivenFor<M, C> {}

#[diagnostic::do_not_recommend]
impl<M, C> GivenFor<M, C> for Set {}

/// Whether a required column of `M` is still without a value: [`Unset`] is. A value that was given twice is a mistake more
/// often than a correction.
#[diagnostic::on_unimplemented(
    message = "a column of `{M}` is given a value twice",
    label = "has a value already",
    note = "a relationship gives its foreign key a value too"
)]
pub trait MissingFor<M> {}

#[diagnostic::do_not_recommend]
impl<M> MissingFor<M> for Unset {}

/// A value for a column of type `T`: a `T`; for a nullable column also the value without its `Option`; for text a
/// `&str`.
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
