//! Rows into structs: [`RecordOf`] makes a select list that is read into a struct with `#[derive(FromRow)]`, and checks the
//! types of its fields; [`List`] is the list that a struct has itself.

use std::fmt;
use std::marker::PhantomData;

use super::{Executor, OrNothing, Rowset, SelectList, Selection, Value};
use crate::error::Result;
use crate::expr::{InScope, Item, No};
use crate::model::{Record, RowReader};
use crate::types::SqlType;

/// Select lists that are read into a struct: for every struct with `#[derive(FromRow)]` or `#[derive(Rowset)]`. In the
/// prelude.
///
/// ```
/// use orm_core::prelude::*;
/// # #[derive(Model, Clone)] #[orm(table = "users", has_many(orders: Order, via = user))]
/// # struct User { #[orm(primary_key)] id: i32, name: String, city: Option<String> }
/// # #[derive(Model, Clone)] #[orm(table = "orders")]
/// # struct Order { #[orm(primary_key)] id: i32, #[orm(belongs_to(user: User))] user_id: i32 }
/// #[derive(FromRow)]
/// struct Card {
///     name: String,
///     city: Option<String>,
///     orders: i64,
/// }
///
/// let q = User::query()
///     .left_join(User::ORDERS)
///     .group_by(User::ID)
///     .select(Card::of((User::NAME, User::CITY, count(Order::ID))));
/// assert_eq!(
///     q.to_sql(),
///     "SELECT users.name, users.city, count(orders.id) FROM users \
///      LEFT JOIN orders ON orders.user_id = users.id GROUP BY users.id"
/// );
/// # async fn run(q: orm_core::query::Query<orm_core::query::RowsOf<Card>, (orm_core::expr::Maybe<Order>, (User, ())), orm_core::expr::Grouped>, db: &mut Session) -> orm_core::Result<()> {
/// let cards: Vec<Card> = q.all(db).await?;
/// # Ok(())
/// # }
/// ```
///
/// The list has one value for each field, in the order of the fields, of the same type; a field that is an `Option` takes
/// a value that is none, too. Anything else does not compile. The names of the fields say nothing here.
///
/// It is a part of a select list like any other: it stands in tuples, `(User::ALL, Card::of(..))`, and in the list of a
/// struct whose field is the inner struct, marked by `#[orm(nested)]`:
///
/// ```
/// use orm_core::prelude::*;
/// # #[derive(Model, Clone)] #[orm(table = "users")]
/// # struct User { #[orm(primary_key)] id: i32, name: String }
/// # #[derive(Model, Clone)] #[orm(table = "orders")]
/// # struct Order { #[orm(primary_key)] id: i32, total: i32, #[orm(belongs_to(user: User))] user_id: Option<i32> }
/// #[derive(FromRow)]
/// struct Buyer { id: i32, name: String }
/// #[derive(FromRow)]
/// struct Bill {
///     total: i32,
///     #[orm(nested, prefix = "buyer_")]
///     buyer: Option<Buyer>,
/// }
///
/// let q = Order::query()
///     .left_join(Order::USER)
///     .select(Bill::of((Order::TOTAL, Buyer::or_none((User::ID, User::NAME)))));
/// assert_eq!(
///     q.to_sql(),
///     "SELECT orders.total, users.id, users.name FROM orders LEFT JOIN users ON users.id = orders.user_id"
/// );
///
/// // The same struct off hand-written SQL, by the names of the columns.
/// let by_hand = "SELECT total, u.id AS buyer_id, u.name AS buyer_name FROM orders LEFT JOIN users u ON ..";
/// # let _ = by_hand;
/// # fn fields(bill: &Bill) -> Option<(i32, i32, &str)> { bill.buyer.as_ref().map(|buyer| (bill.total, buyer.id, &*buyer.name)) }
/// ```
///
/// SQLAlchemy: `Bundle`, or `[Card(*row) for row in session.execute(..)]`.
pub trait RecordOf: Record {
    /// A select list whose rows are structs of this type.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// #[derive(FromRow)]
    /// struct Card {
    ///     name: String,
    ///     price: i32,
    /// }
    ///
    /// let q = Product::query().select(Card::of((Product::NAME, Product::PRICE)));
    /// assert_eq!(q.to_sql(), "SELECT products.name, products.price FROM products");
    /// ```
    fn of<L>(list: L) -> StructOf<RowsOf<Self>, L> {
        StructOf {
            list,
            rows: PhantomData,
        }
    }

    /// A select list whose rows are structs of this type, or `None` where all of its values are NULL: for what stands
    /// behind a LEFT JOIN. So a field needs not be an `Option` for that reason.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// #[derive(FromRow)]
    /// struct Shelf {
    ///     name: String,
    /// }
    ///
    /// let q = Product::query().left_join(Product::CATEGORY).order_by(Product::ID);
    /// let shelves: Vec<(String, Option<Shelf>)> =
    ///     q.select((Product::NAME, Shelf::or_none((Category::NAME,)))).all(&mut db).await?;
    /// assert!(shelves[0].1.is_some() && shelves[3].1.is_none());
    /// # Ok(())
    /// # }
    /// ```
    fn or_none<L>(list: L) -> StructOf<MaybeRowsOf<Self>, L> {
        StructOf {
            list,
            rows: PhantomData,
        }
    }
}

impl<R: Record> RecordOf for R {}

/// Rows that are structs: a whole rowset in a select list, or what [`RecordOf::of`] makes.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::expr::Whole;
/// use orm_core::query::{Query, RowsOf};
///
/// #[derive(FromRow)]
/// struct Card {
///     name: String,
///     price: i32,
/// }
///
/// fn cards(q: EntityQuery<Product>) -> Query<RowsOf<Card>, (Product, ())> {
///     q.select(Card::of((Product::NAME, Product::PRICE)))
/// }
/// assert_eq!(cards(Product::query()).to_sql(), "SELECT products.name, products.price FROM products");
/// ```
#[derive(Debug)]
pub struct RowsOf<R>(PhantomData<fn() -> R>);

/// Rows that are structs or nothing: a whole rowset that may have no row, or what [`RecordOf::or_none`] makes.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::query::{MaybeRowsOf, StructOf};
///
/// #[derive(FromRow)]
/// struct Shelf {
///     name: String,
/// }
///
/// let list: StructOf<MaybeRowsOf<Shelf>, _> = Shelf::or_none((Category::NAME,)); // rows are `Option<Shelf>`
/// let q = Product::query().left_join(Product::CATEGORY).select(list);
/// assert!(q.to_sql().starts_with("SELECT categories.name FROM products LEFT JOIN categories "));
/// ```
#[derive(Debug)]
pub struct MaybeRowsOf<R>(PhantomData<fn() -> R>);

impl<R: Record + Send> Selection for RowsOf<R> {
    type Row<X: Executor> = R;
    type PlainRow = R;
    type Plain = Self;

    fn read_plain(row: &mut RowReader<'_>) -> Result<R> {
        R::read(row)
    }

    fn read<X: Executor>(_: &mut X, row: &mut RowReader<'_>) -> Result<R> {
        R::read(row)
    }
}

impl<R: Record + Send> Selection for MaybeRowsOf<R> {
    type Row<X: Executor> = Option<R>;
    type PlainRow = Option<R>;
    type Plain = Self;

    fn read_plain(row: &mut RowReader<'_>) -> Result<Option<R>> {
        R::read_or_none(row)
    }

    /// There is no key to tell a row that is missing from one that is there: it is missing if all columns are NULL.
    fn read<X: Executor>(_: &mut X, row: &mut RowReader<'_>) -> Result<Option<R>> {
        R::read_or_none(row)
    }
}

impl<R> OrNothing for RowsOf<R> {
    type Row = MaybeRowsOf<R>;
}

impl<R> OrNothing for MaybeRowsOf<R> {
    type Row = MaybeRowsOf<R>;
}

/// A select list `L` whose rows are `Rows`: what [`RecordOf::of`] and [`RecordOf::or_none`] give.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::query::{RowsOf, StructOf};
///
/// #[derive(FromRow)]
/// struct Card {
///     name: String,
/// }
///
/// let list: StructOf<RowsOf<Card>, _> = Card::of((Product::NAME,));
/// assert_eq!(Product::query().select(list).to_sql(), "SELECT products.name FROM products");
/// ```
#[derive(Debug, Clone)]
pub struct StructOf<Rows, L> {
    list: L,
    rows: PhantomData<fn() -> Rows>,
}

impl<Scope, I, R, L, Row, Uses> SelectList<Scope, (I, Row), RowsOf<R>, Uses>
    for StructOf<RowsOf<R>, L>
where
    R: Record,
    L: SelectList<Scope, I, Row, Uses>,
    Row: Fits<R::Fields>,
{
    fn push_to(self, items: &mut Vec<Item>) {
        self.list.push_to(items);
    }
}

impl<Scope, I, R, L, Row, Uses> SelectList<Scope, (I, Row), MaybeRowsOf<R>, Uses>
    for StructOf<MaybeRowsOf<R>, L>
where
    R: Record,
    L: SelectList<Scope, I, Row, Uses>,
    Row: FitsOrNone<R::Fields>,
{
    fn push_to(self, items: &mut Vec<Item>) {
        self.list.push_to(items);
    }
}

/// The select list that a struct has itself: `Card::LIST` of a struct with `#[derive(FromRow)] #[orm(from = ..)]`.
///
/// ```
/// use orm_core::prelude::*;
/// # #[derive(Model, Clone)] #[orm(table = "categories")]
/// # struct Category { #[orm(primary_key)] id: i32, name: String }
/// # #[derive(Model, Clone)] #[orm(table = "products")]
/// # struct Product { #[orm(primary_key)] id: i32, name: String, price: i32, #[orm(belongs_to(category: Category))] category_id: i32 }
/// #[derive(FromRow)]
/// #[orm(from = Product)]
/// struct Card {
///     id: i32,
///     name: String,
///     #[orm(from = Category::NAME)]
///     category: String,
/// }
///
/// let q = Product::query().join(Product::CATEGORY).filter(Product::PRICE.lt(10)).select(Card::LIST);
/// assert_eq!(
///     q.to_sql(),
///     "SELECT products.id, products.name, categories.name FROM products \
///      JOIN categories ON categories.id = products.category_id WHERE products.price < $1"
/// );
/// ```
///
/// The query has to have the tables, and a field whose table is left-joined has to be an `Option`. A field may be another
/// such struct, `#[orm(nested)]`, and an `Option` of one, which is `None` where all of its columns are NULL.
pub struct List<R>(PhantomData<fn() -> R>);

impl<R> List<R> {
    /// Written by the derive.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// use orm_core::query::List;
    ///
    /// #[derive(FromRow)]
    /// #[orm(from = Product)]
    /// struct Card {
    ///     name: String,
    /// }
    ///
    /// let list: List<Card> = List::new(); // `Card::LIST`
    /// assert_eq!(Product::query().select(list).to_sql(), "SELECT products.name FROM products");
    /// ```
    #[must_use]
    pub const fn new() -> Self {
        List(PhantomData)
    }
}

impl<R> Default for List<R> {
    fn default() -> Self {
        List::new()
    }
}

impl<R> Clone for List<R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for List<R> {}

impl<R: Listed> fmt::Debug for List<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut items = Vec::new();
        R::push_to(&mut items);
        f.debug_list().entries(items).finish()
    }
}

/// A struct that says which columns it is read from. Written by `#[derive(FromRow)]` with `#[orm(from = ..)]`.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::query::Listed;
///
/// #[derive(FromRow)]
/// #[orm(from = Product)]
/// struct Card {
///     name: String,
///     price: i32,
/// }
///
/// let mut items = Vec::new();
/// Card::push_to(&mut items); // what `Card::LIST` selects
/// assert_eq!(items.len(), 2);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say which columns it is read from",
    label = "`#[orm(from = Model)]` is missing on `{Self}`"
)]
pub trait Listed: Record {
    /// The tables of fields that are no `Option`s, as a tree of uses.
    type Required;
    /// The tables of the other fields.
    type Optional;

    /// Appends the columns.
    fn push_to(items: &mut Vec<Item>);
}

impl<Scope, I, J, R> SelectList<Scope, (I, J), RowsOf<R>, (R::Required, R::Optional)> for List<R>
where
    R: Listed,
    R::Required: InScope<Scope, I>,
    <R::Required as InScope<Scope, I>>::Null: Present,
    R::Optional: InScope<Scope, J>,
{
    fn push_to(self, items: &mut Vec<Item>) {
        R::push_to(items);
    }
}

/// Whether tables always have a row.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// #[derive(FromRow)]
/// #[orm(from = Product)]
/// struct Card {
///     name: String,
///     #[orm(from = Category::NAME)]
///     shelf: Option<String>, // as a `String` it could be read behind `.join(..)` alone
/// }
/// let q = Product::query().left_join(Product::CATEGORY).select(Card::LIST);
/// assert!(q.to_sql().starts_with("SELECT products.name, categories.name FROM products LEFT JOIN "));
/// ```
#[diagnostic::on_unimplemented(
    message = "a table of this select list may have no row, and a field that is read from it is no `Option`",
    label = "reads a left-joined table into a field that cannot be NULL",
    note = "make the field an `Option`, or join the table with `.join(..)`"
)]
pub trait Present {}

#[diagnostic::do_not_recommend]
impl Present for No {}

/// Whether a select list gives the fields of a struct, in their order.
///
/// ```
/// use orm_core::query::{Fits, Value};
///
/// fn takes<Row: Fits<Fields>, Fields>() {}
/// takes::<(Value<i32>, Value<String>), (i32, Option<String>)>();
/// ```
#[diagnostic::on_unimplemented(
    message = "the select list does not have the fields `{Fields}` of the struct",
    label = "its rows are `{Self}`",
    note = "select one value for each field, in the order of the fields"
)]
pub trait Fits<Fields> {}

/// A rowset whose fields a select list gives, one after the other. It is one bound, so that a struct that is no rowset is one
/// mistake, and that its fields are not known is no other.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// #[derive(Rowset)]
/// struct Word {
///     id: i32,
///     word: String,
/// }
/// let words = Tag::query().select((Tag::ID, Tag::WORD)).as_table::<Word>(); // the fields' types, in their order
/// # let _ = words;
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a rowset",
    label = "`#[derive(Rowset)]` is missing on `{Self}`"
)]
pub trait RowsetOf<Row>: Rowset {}

impl<R: Rowset, Row: Fits<R::Fields>> RowsetOf<Row> for R {}

/// Whether a part of a select list can be a struct's field.
///
/// ```
/// use orm_core::query::{FitsPlace, Value};
///
/// fn takes<Selected: FitsPlace<Field>, Field>() {}
/// takes::<Value<i32>, Option<i32>>();
/// ```
#[diagnostic::on_unimplemented(
    message = "the select list gives `{Self}` where the struct's field is `{Field}`",
    label = "`{Self}` does not fit into `{Field}`"
)]
pub trait FitsPlace<Field> {}

#[diagnostic::do_not_recommend]
impl<T: FitsField<Field>, Field> FitsPlace<Field> for Value<T> {}
#[diagnostic::do_not_recommend]
impl<R> FitsPlace<R> for RowsOf<R> {}
#[diagnostic::do_not_recommend]
impl<R> FitsPlace<Option<R>> for MaybeRowsOf<R> {}

/// Whether a selected value can be a struct's field: one of the same type, or of an `Option` of it.
///
/// ```
/// use orm_core::query::FitsField;
///
/// fn takes<Selected: FitsField<Field>, Field>() {}
/// takes::<i32, Option<i32>>(); // and not `Option<i32>` into `i32`
/// ```
#[diagnostic::on_unimplemented(
    message = "the select list gives `{Self}` where the struct's field is `{Field}`",
    label = "`{Self}` does not fit into `{Field}`"
)]
pub trait FitsField<Field> {}

#[diagnostic::do_not_recommend]
impl<T: SqlType> FitsField<T> for T {}
#[diagnostic::do_not_recommend]
impl<T: SqlType<Base = T>> FitsField<Option<T>> for T {}

/// As [`Fits`] for a struct that may not be there: its fields need not be `Option`s for the values to be.
///
/// ```
/// use orm_core::query::{FitsOrNone, Value};
///
/// fn takes<Row: FitsOrNone<Fields>, Fields>() {}
/// takes::<(Value<Option<i32>>, Value<Option<String>>), (i32, String)>(); // all NULL is `None`
/// ```
#[diagnostic::on_unimplemented(
    message = "the select list does not have the fields `{Fields}` of the struct",
    label = "its rows are `{Self}`",
    note = "select one value for each field, in the order of the fields"
)]
pub trait FitsOrNone<Fields> {}

/// As [`FitsPlace`] for a struct that may not be there.
///
/// ```
/// use orm_core::query::{FitsPlaceOrNone, Value};
///
/// fn takes<Selected: FitsPlaceOrNone<Field>, Field>() {}
/// takes::<Value<Option<i32>>, i32>();
/// ```
#[diagnostic::on_unimplemented(
    message = "the select list gives `{Self}` where the struct's field is `{Field}`",
    label = "`{Self}` does not fit into `{Field}`"
)]
pub trait FitsPlaceOrNone<Field> {}

#[diagnostic::do_not_recommend]
impl<T, Field> FitsPlaceOrNone<Field> for Value<T>
where
    T: SqlType,
    Field: SqlType,
    T::Base: FitsField<Field::Base>,
{
}
#[diagnostic::do_not_recommend]
impl<R> FitsPlaceOrNone<R> for RowsOf<R> {}
#[diagnostic::do_not_recommend]
impl<R> FitsPlaceOrNone<Option<R>> for MaybeRowsOf<R> {}

#[diagnostic::do_not_recommend]
impl<T, A> Fits<(A,)> for Value<T> where Value<T>: FitsPlace<A> {}
#[diagnostic::do_not_recommend]
impl<T, A> FitsOrNone<(A,)> for Value<T> where Value<T>: FitsPlaceOrNone<A> {}

/// A list that is read into a struct has its fields.
#[diagnostic::do_not_recommend]
impl<R: Record> Fits<R::Fields> for RowsOf<R> {}

macro_rules! fits {
    ($($part:ident $field:ident),*) => {
        #[diagnostic::do_not_recommend]
        impl<$($part: FitsPlace<$field>, $field),*> Fits<($($field,)*)> for ($($part,)*) {}
        #[diagnostic::do_not_recommend]
        impl<$($part: FitsPlaceOrNone<$field>, $field),*> FitsOrNone<($($field,)*)> for ($($part,)*) {}
    };
}

fits!(A FA);
fits!(A FA, B FB);
fits!(A FA, B FB, C FC);
fits!(A FA, B FB, C FC, D FD);
fits!(A FA, B FB, C FC, D FD, E FE);
fits!(A FA, B FB, C FC, D FD, E FE, F FF);
fits!(A FA, B FB, C FC, D FD, E FE, F FF, G FG);
fits!(A FA, B FB, C FC, D FD, E FE, F FF, G FG, H FH);
fits!(A FA, B FB, C FC, D FD, E FE, F FF, G FG, H FH, I FI);
fits!(A FA, B FB, C FC, D FD, E FE, F FF, G FG, H FH, I FI, J FJ);
fits!(A FA, B FB, C FC, D FD, E FE, F FF, G FG, H FH, I FI, J FJ, K FK);
fits!(A FA, B FB, C FC, D FD, E FE, F FF, G FG, H FH, I FI, J FJ, K FK, L FL);
fits!(A FA, B FB, C FC, D FD, E FE, F FF, G FG, H FH, I FI, J FJ, K FK, L FL, M FM);
fits!(A FA, B FB, C FC, D FD, E FE, F FF, G FG, H FH, I FI, J FJ, K FK, L FL, M FM, N FN);
fits!(A FA, B FB, C FC, D FD, E FE, F FF, G FG, H FH, I FI, J FJ, K FK, L FL, M FM, N FN, O FO);
fits!(A FA, B FB, C FC, D FD, E FE, F FF, G FG, H FH, I FI, J FJ, K FK, L FL, M FM, N FN, O FO, P FP);
