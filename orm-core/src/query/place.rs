//! [`place`]: the columns of a set operation's result, which have no name but their place in the select list.

use std::marker::PhantomData;

use super::Value;
use crate::expr::{
    Has, Here, InScope, KindOf, No, Node, OrderBy, OrderNode, Ordered, Plain, Standalone,
    Subtotals, Whole,
};

/// The scope of a set operation's ORDER BY: the columns of its result.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// let cheap = Product::query().filter(Product::PRICE.lt(100));
/// let many = Product::query().filter(Product::STOCK.gt(1000));
/// let q = cheap.union(many).order_by(Product::NAME); // the scope is the result: its columns are those of `Product`
/// assert!(q.to_sql().ends_with(" ORDER BY 2"));
/// ```
#[derive(Debug)]
pub struct Output<Sel>(PhantomData<fn() -> Sel>);

#[diagnostic::do_not_recommend]
impl<M> Has<M, Here> for Output<Whole<M>> {
    type Null = No;
}

impl<Sel> Standalone for Output<Sel> {}

impl<Sel> Subtotals for Output<Sel> {
    type Null = No;
}

/// A column of a set operation's result by its place in the select list, from 1: what [`place`] gives.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::query::{Place, place};
///
/// const WORD: Place<1> = place();
/// let words = Tag::query().select(Tag::WORD).union(Category::query().select(Category::NAME));
/// assert!(words.order_by(WORD.desc()).to_sql().ends_with(" ORDER BY 1 DESC"));
/// ```
#[derive(Debug)]
pub struct Place<const N: usize>;

/// A column of a set operation's result, to order by: `place::<2>()` is the second. The queries that were combined have
/// other tables, so the result's columns have no other name. SQLAlchemy: `order_by(text("2"))`, or a label.
///
/// ```
/// use orm_core::prelude::*;
/// use orm_core::query::place;
/// # #[derive(Model, Clone)] #[orm(table = "users")]
/// # struct User { #[orm(primary_key)] id: i32, name: String }
/// # #[derive(Model, Clone)] #[orm(table = "guests")]
/// # struct Guest { #[orm(primary_key)] id: i32, name: String }
/// let q = User::query()
///     .select((User::NAME, value(true)))
///     .union_all(Guest::query().select((Guest::NAME, value(false))))
///     .order_by((place::<2>().desc(), place::<1>()))
///     .limit(10);
/// assert_eq!(
///     q.to_sql(),
///     "SELECT users.name, $1 FROM users UNION ALL SELECT guests.name, $2 FROM guests ORDER BY 2 DESC, 1 LIMIT $3"
/// );
/// ```
pub const fn place<const N: usize>() -> Place<N> {
    Place
}

impl<const N: usize> Place<N> {
    /// In ascending order.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// use orm_core::query::place;
    ///
    /// let words = Tag::query().select(Tag::WORD).union(Category::query().select(Category::NAME));
    /// assert!(words.order_by(place::<1>().asc()).to_sql().contains(" ORDER BY 1"));
    /// ```
    pub fn asc(self) -> Ordered<Self> {
        ordered(N, false)
    }

    /// In descending order.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// use orm_core::query::place;
    ///
    /// let words = Tag::query().select(Tag::WORD).union(Category::query().select(Category::NAME));
    /// assert!(words.order_by(place::<1>().desc()).to_sql().ends_with(" ORDER BY 1 DESC"));
    /// ```
    pub fn desc(self) -> Ordered<Self> {
        ordered(N, true)
    }
}

fn ordered<Uses>(place: usize, descending: bool) -> Ordered<Uses> {
    Ordered::new(OrderNode {
        node: Node::Output(u16::try_from(place).unwrap_or(u16::MAX).saturating_sub(1)),
        ty: None,
        descending,
        nulls_first: None,
    })
}

impl<Sel, const N: usize> InScope<Output<Sel>, HereAt> for Place<N>
where
    Sel: HasPlace<N>,
{
    type Null = No;
}

/// A row of the result has a value at each place.
impl<const N: usize> KindOf for Place<N> {
    type Kind = Plain;
}

/// The walk's end at a place of the select list.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::query::place;
///
/// // What rustc infers of a place, as it infers `Here` of a table; nobody writes it.
/// let words = Tag::query().select(Tag::WORD).union(Category::query().select(Category::NAME)).order_by(place::<1>());
/// # let _ = words;
/// ```
#[derive(Debug)]
pub struct HereAt;

impl<Sel, I, G, const N: usize> OrderBy<Output<Sel>, I, G> for Place<N>
where
    Place<N>: InScope<Output<Sel>, I>,
{
    fn push_to(self, order: &mut Vec<OrderNode>) {
        order.push(self.asc().into_order_node());
    }
}

/// Whether a row has a column at a place, from 1.
///
/// ```
/// use orm_core::query::{HasPlace, Value};
///
/// fn takes<Row: HasPlace<N>, const N: usize>() {}
/// takes::<(Value<i32>, Value<String>), 2>(); // and not 3
/// ```
#[diagnostic::on_unimplemented(
    message = "the rows of this query have no column {N}",
    label = "no place {N} in the select list"
)]
pub trait HasPlace<const N: usize> {}

#[diagnostic::do_not_recommend]
impl<T> HasPlace<1> for Value<T> {}

macro_rules! places {
    ($($name:ident)* => $($place:literal)*) => { places!(@ ($($name)*) $($place)*); };
    (@ $names:tt) => {};
    (@ $names:tt $place:literal $($rest:literal)*) => {
        places!(# $place $names);
        places!(@ $names $($rest)*);
    };
    (# $place:literal ($($name:ident)*)) => {
        #[diagnostic::do_not_recommend]
        impl<$($name),*> HasPlace<$place> for ($(Value<$name>,)*) {}
    };
}

places!(A => 1);
places!(A B => 1 2);
places!(A B C => 1 2 3);
places!(A B C D => 1 2 3 4);
places!(A B C D E => 1 2 3 4 5);
places!(A B C D E F => 1 2 3 4 5 6);
places!(A B C D E F G => 1 2 3 4 5 6 7);
places!(A B C D E F G H => 1 2 3 4 5 6 7 8);
places!(A B C D E F G H J => 1 2 3 4 5 6 7 8 9);
places!(A B C D E F G H J K => 1 2 3 4 5 6 7 8 9 10);
places!(A B C D E F G H J K L => 1 2 3 4 5 6 7 8 9 10 11);
places!(A B C D E F G H J K L M => 1 2 3 4 5 6 7 8 9 10 11 12);
