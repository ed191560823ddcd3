//! [`Models`]: a list of models as a type, `(User, Category, Product)`.

use super::Registry;
use crate::model::Table;

/// A list of models, as a type: a model, a tuple of models, or a tuple of such lists. SQLAlchemy: `MetaData`, which a
/// class enters by being defined.
///
/// A list that is needed in several places is a type alias:
///
/// ```
/// use orm_core::prelude::*;
/// use orm_core::schema::Models;
///
/// # #[derive(Model, Clone)] struct User { #[orm(primary_key)] id: i32 }
/// # #[derive(Model, Clone)] struct Category { #[orm(primary_key)] id: i32 }
/// # #[derive(Model, Clone)] struct Product { #[orm(primary_key)] id: i32 }
/// type Accounts = (User,);
/// type Shop = (Category, Product);
/// type Everything = (Accounts, Shop);
///
/// let names: Vec<_> = Everything::tables().iter().map(|table| table.name).collect();
/// assert_eq!(names, ["user", "category", "product"]);
/// ```
///
/// The order does not matter: tables are created in the order that their foreign keys ask for. A model that stands in two
/// lists is one table. A tuple has up to 32 members; beyond that, make a tuple of tuples, by part of the program.
///
/// ```compile_fail,E0277
/// # use orm_core::schema::Models;
/// struct Basket;
/// let tables = <(Basket,)>::tables(); // `Basket` is not a model, nor a tuple of models
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a model, nor a tuple of models",
    label = "expected a struct with `#[derive(Model)]`, or a tuple of such structs",
    note = "more than 32 models are a tuple of tuples: `((User, Address), (Category, Product))`"
)]
pub trait Models: 'static {
    /// Adds the models to a registry.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// use orm_core::schema::{Models, Registry};
    ///
    /// let mut registry = Registry::new();
    /// <(User, Profile)>::register(&mut registry);
    /// assert_eq!(registry.tables().len(), 2);
    /// ```
    fn register(registry: &mut Registry);

    /// The tables, each once, in the order of the list.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// use orm_core::schema::Models;
    ///
    /// assert_eq!(<(User, Profile)>::tables().len(), 2);
    /// ```
    fn tables() -> Vec<&'static Table>
    where
        Self: Sized,
    {
        Registry::of::<Self>().tables().to_vec()
    }
}

// A model's own implementation is the derive's. One for all models would be a candidate for tuples, too, and rustc would
// report the whole list where one member of it is wrong.

/// What stands in a tuple of [`Models`]: a model, or a tuple of such lists. It is [`Models`] under another name, so that
/// rustc does not offer thirty-two tuples in place of the model that is missing.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// fn in_a_tuple<M: orm_core::schema::Member>() {}
/// in_a_tuple::<User>();
/// in_a_tuple::<(User, Profile)>();
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a model, nor a tuple of models",
    label = "expected structs with `#[derive(Model)]`, or tuples of such structs"
)]
pub trait Member: Models {}

macro_rules! tuples {
    () => {};
    ($first:ident $($rest:ident)*) => {
        impl<$first: Member, $($rest: Member),*> Models for ($first, $($rest,)*) {
            fn register(registry: &mut Registry) {
                $first::register(registry);
                $($rest::register(registry);)*
            }
        }
        #[diagnostic::do_not_recommend]
        impl<$first: Member, $($rest: Member),*> Member for ($first, $($rest,)*) {}

        tuples!($($rest)*);
    };
}

tuples!(A B C D E F G H I J K L M N O P Q R S T U V W X Y Z AA AB AC AD AE AF);
