//! Derived tables: [`Rowset`] gives the columns of a query's rows names and types, and [`Derived`] is such a query (or
//! rows of a function, or a
//! list of values) as something to select from and to join.

use std::fmt;
use std::marker::PhantomData;

use super::{Query, RowsOf, RowsetOf};
use crate::expr::{All, Cte, Inside, Item, Rows, Select, Selectable, TableRef, Whole};
use crate::model::{Model, Record, Source};
use crate::types::{ArrayWriter, Element, SqlType};

/// A struct whose fields name the columns of a derived table or CTE: `#[derive(Rowset)]`.
///
/// ```
/// use orm_core::prelude::*;
/// # #[derive(Model, Clone)] #[orm(table = "orders")]
/// # struct Order { #[orm(primary_key)] id: i32, user_id: i32, total: i32 }
/// # #[derive(Model, Clone)] #[orm(table = "users")]
/// # struct User { #[orm(primary_key)] id: i32, name: String }
/// #[derive(Rowset)]
/// struct Spent {
///     user_id: i32,
///     total: Option<i64>,
/// }
///
/// let spent = Order::query()
///     .group_by(Order::USER_ID)
///     .select((Order::USER_ID, sum(Order::TOTAL)))
///     .as_table::<Spent>();
/// let q = User::query().join_on(spent, Spent::USER_ID.eq(User::ID)).select((User::NAME, Spent::TOTAL));
/// assert_eq!(
///     q.to_sql(),
///     "SELECT users.name, spent.total FROM users JOIN \
///      (SELECT orders.user_id, sum(orders.total) FROM orders GROUP BY orders.user_id) AS spent(user_id, total) \
///      ON spent.user_id = users.id"
/// );
/// ```
///
/// The derive makes a constant for each field (`Spent::TOTAL`), and `Spent::ALL`, which reads whole structs. In SQL the
/// rowset has the struct's name in snake case.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a rowset",
    label = "`#[derive(Rowset)]` is missing on `{Self}`"
)]
pub trait Rowset: Selectable<Whole = RowsOf<Self>> + Record + Send {
    /// The rowset under another name: [`AliasedRows`].
    type As<const N: u8>: Selectable;
}

/// A rowset under another name, to have the same rows in a query twice: what [`Derived::aliased`] gives. As
/// [`Aliased`](crate::model::Aliased) for models. SQLAlchemy: `subquery.alias()`.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::query::AliasedRows;
///
/// #[derive(Rowset)]
/// struct Word {
///     word: String,
/// }
/// type Other = AliasedRows<Word, 1>;
///
/// let words = Tag::query().select((Tag::WORD,)).as_cte::<Word>();
/// let q = words.clone().query().join_on(words.aliased::<1>(), Other::WORD.gt(Word::WORD)).select((Word::WORD, Other::WORD));
/// assert!(q.to_sql().ends_with(" FROM word JOIN word AS word_1 ON word_1.word > word.word"));
/// ```
pub type AliasedRows<R, const N: u8> = <R as Rowset>::As<N>;

/// Rows that a query computes, under the name and with the columns of `S`. What [`Query::as_table`], [`values`],
/// [`unnest`](crate::query::unnest) and [`generate_series`](crate::query::generate_series) give: select from it with [`query`](Derived::query), or join it. `Uses` are the
/// tables of the query around it that it looks at. SQLAlchemy: `Subquery`, `CTE`.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::query::Derived;
///
/// #[derive(Rowset)]
/// struct Shelf {
///     id: Option<i32>,
///     products: i64,
/// }
///
/// let shelves: Derived<Shelf> =
///     Product::query().group_by(Product::CATEGORY_ID).select((Product::CATEGORY_ID, count_all())).as_table();
/// let q = shelves.query().filter(Shelf::PRODUCTS.gt(10)).select(Shelf::ID);
/// assert!(q.to_sql().starts_with("SELECT shelf.id FROM (SELECT products.category_id, count(*) FROM products "));
/// ```
#[must_use = "a derived table is part of a query: `.query()` or `.join_on(..)`"]
pub struct Derived<S, Uses = ()> {
    item: FromParts,
    types: PhantomData<fn() -> (S, Uses)>,
}

/// Something in FROM without its types: its name, how it is computed, and the CTEs that it needs.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::query::FromItem;
///
/// let parts = Tag::ALL.into_item(); // what `.join_on(Tag::ALL, ..)` puts behind JOIN
/// assert_eq!((parts.table.table.name, parts.rows.is_none(), parts.ctes.len()), ("tags", true, 0));
/// ```
#[derive(Debug, Clone)]
pub struct FromParts {
    /// The name.
    pub table: TableRef,
    /// How it is computed; `None` for a table of the database, and for a CTE.
    pub rows: Option<Rows>,
    /// The CTEs that stand before the query.
    pub ctes: Vec<Cte>,
}

impl<S: Selectable, Uses> Derived<S, Uses> {
    pub(super) fn new(rows: Option<Rows>, ctes: Vec<Cte>) -> Self {
        Derived {
            item: FromParts {
                table: S::table_ref(),
                rows,
                ctes,
            },
            types: PhantomData,
        }
    }
}

impl<S: Selectable> Derived<S> {
    /// A query of these rows. SQLAlchemy: `select(subquery)`.
    ///
    /// ```
    /// use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "products")]
    /// # struct Product { #[orm(primary_key)] id: i32, price: i32, category_id: i32 }
    /// #[derive(Rowset)]
    /// struct Ranked { id: i32, place: i64 }
    ///
    /// let dearest = window().partition_by(Product::CATEGORY_ID).order_by(Product::PRICE.desc());
    /// let ranked = Product::query().select((Product::ID, rank().over(dearest))).as_table::<Ranked>();
    /// let q = ranked.query().filter(Ranked::PLACE.le(3)).select(Ranked::ID);
    /// assert_eq!(
    ///     q.to_sql(),
    ///     "SELECT ranked.id FROM (SELECT products.id, rank() OVER (PARTITION BY products.category_id ORDER BY \
    ///      products.price DESC) FROM products) AS ranked(id, place) WHERE ranked.place <= $1"
    /// );
    /// ```
    pub fn query(self) -> Query<S::Whole, (S, ())> {
        let mut select = Select::from(self.item.table);
        select.items.push(Item::Whole(self.item.table));
        select.add_ctes(self.item.ctes);
        select
            .computed
            .extend(self.item.rows.map(|rows| (self.item.table, rows)));
        Query::new(select, Vec::new())
    }
}

impl<R: Rowset, Uses> Derived<R, Uses> {
    /// The same rows under another name, to join them twice. The columns are those of [`AliasedRows`].
    /// SQLAlchemy: `cte.alias()`, `subquery.alias()`.
    ///
    /// ```
    /// use orm_core::prelude::*;
    /// use orm_core::query::AliasedRows;
    /// # #[derive(Model, Clone)] #[orm(table = "sales")]
    /// # struct Sale { #[orm(primary_key)] id: i32, year: i32, amount: i32 }
    /// #[derive(Rowset)]
    /// struct Yearly { year: i32, amount: Option<i64> }
    /// type Before = AliasedRows<Yearly, 1>;
    ///
    /// let yearly = Sale::query().group_by(Sale::YEAR).select((Sale::YEAR, sum(Sale::AMOUNT))).as_cte::<Yearly>();
    /// let q = yearly
    ///     .clone()
    ///     .query()
    ///     .left_join_on(yearly.aliased::<1>(), Before::YEAR.eq(Yearly::YEAR - 1))
    ///     .select((Yearly::YEAR, Yearly::AMOUNT, Before::AMOUNT));
    /// assert_eq!(
    ///     q.to_sql(),
    ///     "WITH yearly(year, amount) AS (SELECT sales.year, sum(sales.amount) FROM sales GROUP BY sales.year) \
    ///      SELECT yearly.year, yearly.amount, yearly_1.amount FROM yearly \
    ///      LEFT JOIN yearly AS yearly_1 ON yearly_1.year = yearly.year - $1"
    /// );
    /// ```
    pub fn aliased<const N: u8>(self) -> Derived<R::As<N>, Uses> {
        Derived::new(self.item.rows, self.item.ctes)
    }
}

impl<S, Uses> Clone for Derived<S, Uses> {
    fn clone(&self) -> Self {
        Derived {
            item: self.item.clone(),
            types: PhantomData,
        }
    }
}

impl<S, Uses> fmt::Debug for Derived<S, Uses> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.item.fmt(f)
    }
}

/// What can be joined: `Order::ALL`, an alias's `ALL`, a derived table, a CTE, or a query of entities.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// let any = Product::query().join_on(Category::ALL, Category::ID.eq(Product::CATEGORY_ID)).select(Product::ID);
/// assert!(any.to_sql().ends_with(" JOIN categories ON categories.id = products.category_id"));
/// let some = Category::query().filter(Category::NAME.eq("Phones")); // a query of entities is an item, too
/// let some = Product::query().join_on(some, Category::ID.eq(Product::CATEGORY_ID)).select(Product::ID);
/// assert!(some.to_sql().contains(" JOIN (SELECT "));
/// ```
#[diagnostic::on_unimplemented(
    message = "this cannot be joined",
    label = "expected `Model::ALL`, a derived table or a CTE; found `{Self}`",
    note = "any query becomes a derived table with `.as_table::<Rows>()`"
)]
pub trait FromItem {
    /// What enters the query.
    type Source: Selectable;
    /// The tables of the query that it looks at.
    type Uses;

    /// The same without its types.
    fn into_item(self) -> FromParts;
}

#[diagnostic::do_not_recommend]
impl<S: Source> FromItem for All<S> {
    type Source = S;
    type Uses = ();

    fn into_item(self) -> FromParts {
        FromParts {
            table: S::table_ref(),
            rows: None,
            ctes: Vec::new(),
        }
    }
}

#[diagnostic::do_not_recommend]
impl<S: Selectable, Uses> FromItem for Derived<S, Uses> {
    type Source = S;
    type Uses = Uses;

    fn into_item(self) -> FromParts {
        self.item
    }
}

#[diagnostic::do_not_recommend]
impl<M: Model, Scope: Inside, G> FromItem for Query<Whole<M>, Scope, G> {
    type Source = M;
    type Uses = Scope::Uses;

    fn into_item(self) -> FromParts {
        FromParts {
            table: M::table_ref(),
            rows: Some(Rows::Select {
                select: Box::new(self.select),
                lateral: Scope::CORRELATED,
            }),
            ctes: Vec::new(),
        }
    }
}

impl<Sel, Scope: Inside, G> Query<Sel, Scope, G> {
    /// The query's rows as a table with the columns of `R`, which is a struct with `#[derive(Rowset)]`: the select list's
    /// types must be those of the fields, in their order. SQLAlchemy: `subquery()`.
    ///
    /// [`Rowset`] has an example.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// #[derive(Rowset)]
    /// struct Sold {
    ///     product_id: i32,
    ///     pieces: Option<i64>,
    /// }
    ///
    /// let sold = OrderItem::query()
    ///     .group_by(OrderItem::PRODUCT_ID)
    ///     .select((OrderItem::PRODUCT_ID, sum(OrderItem::QUANTITY)))
    ///     .as_table::<Sold>();
    /// let q = Product::query()
    ///     .join_on(sold, Sold::PRODUCT_ID.eq(Product::ID))
    ///     .select((Product::NAME, Sold::PIECES));
    /// assert!(q.to_sql().contains("JOIN (SELECT order_items.product_id, sum(order_items.quantity) "));
    /// ```
    pub fn as_table<R>(self) -> Derived<R, Scope::Uses>
    where
        R: RowsetOf<Sel>,
    {
        let rows = Rows::Select {
            select: Box::new(self.select),
            lateral: Scope::CORRELATED,
        };
        Derived::new(Some(rows), Vec::new())
    }
}

/// Rows of values as a table: `VALUES`, sent as one array a column, so that neither the statement nor the number of
/// parameters depends on how many there are. SQLAlchemy: `values(..)`.
///
/// ```
/// use orm_core::prelude::*;
/// use orm_core::query::values;
/// # #[derive(Model, Clone)] #[orm(table = "products")]
/// # struct Product { #[orm(primary_key)] id: i32, name: String, price: i32 }
/// #[derive(Rowset)]
/// struct Wanted { name: String, at_most: i32 }
///
/// let wanted = values::<Wanted, _>([("Air".to_owned(), 900), ("Pro".to_owned(), 1500)]);
/// let q = Product::query()
///     .join_on(wanted, Product::NAME.eq(Wanted::NAME).and(Product::PRICE.le(Wanted::AT_MOST)))
///     .select(Product::ID);
/// assert_eq!(
///     q.to_sql(),
///     "SELECT products.id FROM products JOIN unnest($1::text[], $2::int4[]) AS wanted(name, at_most) \
///      ON products.name = wanted.name AND products.price <= wanted.at_most"
/// );
/// ```
pub fn values<R, L>(rows: L) -> Derived<R>
where
    R: Rowset,
    R::Fields: ValueRow,
    L: IntoIterator<Item = R::Fields>,
{
    let mut arrays = R::Fields::arrays();
    for row in rows {
        row.push_to(&mut arrays);
    }
    Derived::new(Some(Rows::Values(R::Fields::finish(arrays))), Vec::new())
}

/// A row of values: a tuple of what an array can hold.
///
/// ```
/// use orm_core::query::ValueRow;
///
/// let mut arrays = <(String, i32)>::arrays(); // what `values` does with its rows: one array a column
/// ("Air".to_owned(), 900).push_to(&mut arrays);
/// let params = <(String, i32)>::finish(arrays);
/// assert_eq!(params.iter().map(|(param, _)| param.pg_type().name).collect::<Vec<_>>(), ["text[]", "int4[]"]);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a row of values",
    label = "expected a tuple of up to 8 values, none of which is a list"
)]
pub trait ValueRow: Sized {
    /// An array for each column.
    fn arrays() -> Vec<ArrayWriter>;

    /// Appends the row.
    fn push_to(self, arrays: &mut [ArrayWriter]);

    /// The arrays as parameters, with the types of their elements.
    fn finish(
        arrays: Vec<ArrayWriter>,
    ) -> Vec<(crate::types::Param, &'static crate::types::PgType)>;
}

macro_rules! value_rows {
    ($($name:ident $at:tt),*) => {
        #[diagnostic::do_not_recommend]
        impl<$($name: SqlType),*> ValueRow for ($($name,)*)
        where
            $($name::Base: Element),*
        {
            fn arrays() -> Vec<ArrayWriter> {
                [$($at),*].map(|_: usize| ArrayWriter::new()).into()
            }

            fn push_to(self, arrays: &mut [ArrayWriter]) {
                $(arrays[$at].push(&self.$at);)*
            }

            fn finish(
                arrays: Vec<ArrayWriter>,
            ) -> Vec<(crate::types::Param, &'static crate::types::PgType)> {
                let types = [$((<$name::Base as Element>::ARRAY, <$name::Base as SqlType>::TYPE)),*];
                let params = arrays.into_iter().zip(types);
                params.map(|(array, (ty, element))| (array.into_param(ty), element)).collect()
            }
        }
    };
}

value_rows!(A 0);
value_rows!(A 0, B 1);
value_rows!(A 0, B 1, C 2);
value_rows!(A 0, B 1, C 2, D 3);
value_rows!(A 0, B 1, C 2, D 3, E 4);
value_rows!(A 0, B 1, C 2, D 3, E 4, F 5);
value_rows!(A 0, B 1, C 2, D 3, E 4, F 5, G 6);
value_rows!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);
