//! Set operations: `union`, `intersect` and `except` of queries whose rows have the same types. [`Combined`] is their result:
//! it can be ordered, limited and run, become a table, and be combined again.

use std::fmt;

use super::place::Output;
use super::subquery::OneColumn;
use super::{
    Derived, Executor, Query, RowsetOf, Running, Selection, Statement, Subquery, Value, render,
};
use crate::expr::{Grouped, Node, OrdersBy, Select, SetOperation, Standalone};
use crate::types::SqlType;

/// The result of a set operation: rows that are `Sel`. SQLAlchemy: `CompoundSelect`.
///
/// It has no `filter`: filter the queries before they are combined, or make it a table with
/// [`as_table`](Combined::as_table).
///
/// ```
#[doc = include_str!("../guide/shop.txt")]
/// let words = Tag::query().select(Tag::WORD).union(Category::query().select(Category::NAME));
/// let words = words.order_by(orm_core::query::place::<1>()).limit(2).all(&mut db).await?; // one statement
/// assert_eq!(words, ["Computers", "Laptops"]);
/// # Ok(())
/// # }
/// ```
#[must_use = "a query does nothing until it runs: `.all(&mut db).await`"]
pub struct Combined<Sel> {
    query: Query<Sel, Output<Sel>, Grouped>,
}

/// What stands beside UNION: a query, or what was combined before.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::query::Side;
///
/// let side = Tag::query().select(Tag::WORD).into_operand(); // what `.union(..)` takes, without its types
/// assert_eq!((side.from.table.name, side.items.len()), ("tags", 1));
/// ```
#[diagnostic::on_unimplemented(
    message = "this cannot be combined with a query",
    label = "expected a query, found `{Self}`"
)]
pub trait Side {
    /// What a row of it is.
    type Sel;

    /// The query without its types.
    fn into_operand(self) -> Select;
}

#[diagnostic::do_not_recommend]
impl<Sel, Scope: Standalone, G> Side for Query<Sel, Scope, G> {
    type Sel = Sel;

    fn into_operand(self) -> Select {
        self.select
    }
}

#[diagnostic::do_not_recommend]
impl<Sel> Side for Combined<Sel> {
    type Sel = Sel;

    fn into_operand(self) -> Select {
        self.query.select
    }
}

/// Whether the rows of two queries have the same types.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// let words = Tag::query().select((Tag::ID, Tag::WORD));
/// let names = Category::query().select((Category::ID, Category::NAME)); // `(i32, String)` as well
/// # let _ =
/// words.union(names);
/// ```
#[diagnostic::on_unimplemented(
    message = "the two queries give rows of different types",
    label = "this one's rows are `{Self}`, those before are `{Other}`",
    note = "both have to select the same types, in the same order"
)]
pub trait SameRow<Other> {}

impl<Sel> SameRow<Sel> for Sel {}

fn combined<Sel>(left: Select, operator: &'static str, right: Select) -> Combined<Sel> {
    let mut select = Select::from(left.from);
    let mut sides = [left, right];
    for side in &mut sides {
        // A CTE that changes rows can stand only at the top, and one that both sides use is named once.
        select.add_ctes(std::mem::take(&mut side.ctes));
    }
    let [left, right] = sides;
    select.set = Some(Box::new(SetOperation {
        operator,
        left,
        right,
    }));
    Combined {
        query: Query::new(select, Vec::new()),
    }
}

macro_rules! operations {
    ($($(#[$doc:meta])* $name:ident $operator:literal)*) => {
        impl<Sel, Scope: Standalone, G> Query<Sel, Scope, G> { $(
            $(#[$doc])*
            pub fn $name<Q>(self, other: Q) -> Combined<Sel>
            where
                Q: Side,
                Q::Sel: SameRow<Sel>,
            {
                combined(self.select, $operator, other.into_operand())
            }
        )* }

        impl<Sel> Combined<Sel> { $(
            $(#[$doc])*
            pub fn $name<Q>(self, other: Q) -> Combined<Sel>
            where
                Q: Side,
                Q::Sel: SameRow<Sel>,
            {
                combined(self.query.select, $operator, other.into_operand())
            }
        )* }
    };
}

operations! {
    /// The rows of both, each once: UNION. Both must select the same types. SQLAlchemy: `union(..)`.
    ///
    /// ```
    /// use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "users")]
    /// # struct User { #[orm(primary_key)] id: i32, age: i32 }
    /// let young = User::query().filter(User::AGE.lt(18));
    /// let old = User::query().filter(User::AGE.ge(65));
    /// let q = young.union(old).order_by(User::AGE).limit(5);
    /// assert_eq!(
    ///     q.to_sql(),
    ///     "SELECT users.id, users.age FROM users WHERE users.age < $1 UNION \
    ///      SELECT users.id, users.age FROM users WHERE users.age >= $2 ORDER BY 2 LIMIT $3"
    /// );
    /// ```
    union "UNION"
    /// The rows of both: UNION ALL. SQLAlchemy: `union_all(..)`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let (tags, names) = (Tag::query().select(Tag::WORD), Category::query().select(Category::NAME));
    /// assert_eq!(
    ///     tags.union_all(names).to_sql(),
    ///     "SELECT tags.word FROM tags UNION ALL SELECT categories.name FROM categories"
    /// );
    /// ```
    union_all "UNION ALL"
    /// The rows that both have, each once: INTERSECT. SQLAlchemy: `intersect(..)`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let (tags, names) = (Tag::query().select(Tag::WORD), Category::query().select(Category::NAME));
    /// assert_eq!(
    ///     tags.intersect(names).to_sql(),
    ///     "SELECT tags.word FROM tags INTERSECT SELECT categories.name FROM categories"
    /// );
    /// ```
    intersect "INTERSECT"
    /// The rows that both have: INTERSECT ALL.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let (tags, names) = (Tag::query().select(Tag::WORD), Category::query().select(Category::NAME));
    /// assert_eq!(
    ///     tags.intersect_all(names).to_sql(),
    ///     "SELECT tags.word FROM tags INTERSECT ALL SELECT categories.name FROM categories"
    /// );
    /// ```
    intersect_all "INTERSECT ALL"
    /// The rows that the other doesn't have, each once: EXCEPT. SQLAlchemy: `except_(..)`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let (tags, names) = (Tag::query().select(Tag::WORD), Category::query().select(Category::NAME));
    /// assert_eq!(
    ///     tags.except(names).to_sql(),
    ///     "SELECT tags.word FROM tags EXCEPT SELECT categories.name FROM categories"
    /// );
    /// ```
    except "EXCEPT"
    /// The rows that the other doesn't have: EXCEPT ALL.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let (tags, names) = (Tag::query().select(Tag::WORD), Category::query().select(Category::NAME));
    /// assert_eq!(
    ///     tags.except_all(names).to_sql(),
    ///     "SELECT tags.word FROM tags EXCEPT ALL SELECT categories.name FROM categories"
    /// );
    /// ```
    except_all "EXCEPT ALL"
}

impl<Sel> Combined<Sel> {
    /// Orders the whole: entities by columns of their model, other rows by their [`place`](super::place())s.
    /// SQLAlchemy: `order_by` of a `CompoundSelect`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let cheap = Product::query().filter(Product::PRICE.lt(100));
    /// let many = Product::query().filter(Product::STOCK.gt(1000));
    /// let q = cheap.union(many).order_by(Product::NAME.desc());
    /// assert!(q.to_sql().ends_with(" ORDER BY 2 DESC")); // the second column of what was selected
    /// ```
    pub fn order_by<O, I>(mut self, order: O) -> Self
    where
        O: OrdersBy<Output<Sel>, I, Grouped>,
    {
        let from = self.query.select.order_by.len();
        self.query = self.query.order_by(order);
        for part in &mut self.query.select.order_by[from..] {
            // An entity's column is the output at its position, whatever the sides call their tables.
            if let Node::Column(_, at) = part.node {
                part.node = Node::Output(at);
            }
        }
        self
    }

    /// At most this many rows of the whole. SQLAlchemy: `limit`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let words = Tag::query().select(Tag::WORD);
    /// let names = Category::query().select(Category::NAME);
    /// assert!(words.union(names).limit(10).to_sql().ends_with(" LIMIT $1"));
    /// ```
    pub fn limit(mut self, rows: i64) -> Self {
        self.query = self.query.limit(rows);
        self
    }

    /// Without the first rows of the whole. SQLAlchemy: `offset`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let words = Tag::query().select(Tag::WORD);
    /// let names = Category::query().select(Category::NAME);
    /// assert!(words.union(names).limit(10).offset(20).to_sql().ends_with(" LIMIT $1 OFFSET $2"));
    /// ```
    pub fn offset(mut self, rows: i64) -> Self {
        self.query = self.query.offset(rows);
        self
    }

    /// The rows as a table with the columns of `R`, as [`Query::as_table`]. SQLAlchemy: `subquery()`.
    ///
    /// ```
    /// use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "users")]
    /// # struct User { #[orm(primary_key)] id: i32, name: String }
    /// # #[derive(Model, Clone)] #[orm(table = "guests")]
    /// # struct Guest { #[orm(primary_key)] id: i32, name: String }
    /// #[derive(Rowset)]
    /// struct Person { name: String }
    ///
    /// let people = User::query().select((User::NAME,)).union(Guest::query().select((Guest::NAME,)));
    /// let q = people.as_table::<Person>().query().filter(Person::NAME.icontains("a"));
    /// assert_eq!(
    ///     q.to_sql(),
    ///     "SELECT person.name FROM (SELECT users.name FROM users UNION SELECT guests.name FROM guests) AS person \
    ///      WHERE person.name ILIKE $1"
    /// );
    /// ```
    pub fn as_table<R>(self) -> Derived<R>
    where
        R: RowsetOf<Sel>,
    {
        self.free().as_table()
    }

    /// The rows as a CTE with the columns of `R`, as [`Query::as_cte`]. SQLAlchemy: `cte()`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// #[derive(Rowset)]
    /// struct Words {
    ///     word: String,
    /// }
    ///
    /// let words = Tag::query().select((Tag::WORD,)).union(Category::query().select((Category::NAME,)));
    /// let q = words.as_cte::<Words>().query().select(count_all());
    /// assert!(q.to_sql().starts_with("WITH words AS (SELECT tags.word FROM tags UNION "));
    /// ```
    pub fn as_cte<R>(self) -> Derived<R>
    where
        R: RowsetOf<Sel>,
    {
        self.free().as_cte()
    }

    /// The same under the type of a query that uses nothing.
    pub(super) fn free(self) -> Query<Sel, (), Grouped> {
        self.query.retyped()
    }

    /// The SQL text, without the values.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let q = Tag::query().select(Tag::WORD).union(Category::query().select(Category::NAME));
    /// assert_eq!(q.to_sql(), "SELECT tags.word FROM tags UNION SELECT categories.name FROM categories");
    /// ```
    pub fn to_sql(&self) -> String {
        self.statement().sql.into()
    }

    /// The SQL text and its parameters.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let old = Tag::query().filter(Tag::ID.lt(5)).select(Tag::WORD);
    /// let statement = old.union(Category::query().select(Category::NAME)).statement();
    /// assert_eq!(statement.params.len(), 1);
    /// ```
    pub fn statement(&self) -> Statement {
        render::select(&self.query.select)
    }
}

impl<Sel: Selection> Combined<Sel> {
    /// All rows, as [`Query::all`].
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let words = Tag::query().select(Tag::WORD).union(Category::query().select(Category::NAME));
    /// let words: Vec<String> = words.all(&mut db).await?;
    /// assert_eq!(words.len(), 5);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// What the server refuses, and values that do not fit their types.
    pub fn all<X: Executor, R: Send>(self, on: &mut X) -> Running<'_, Vec<R>>
    where
        Sel: Selection<Row<X> = R>,
    {
        self.query.all(on)
    }

    /// With entities as plain rows, which a session does not keep, as [`Query::plain`].
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let cheap = Product::query().filter(Product::PRICE.lt(5_000));
    /// let many = Product::query().filter(Product::STOCK.gt(7));
    /// let rows: Vec<Product> = cheap.union(many).order_by(Product::PRICE).plain().all(&mut db).await?;
    /// assert_eq!(rows[0].name, "Cable");
    /// # Ok(())
    /// # }
    /// ```
    pub fn plain(self) -> Combined<Sel::Plain> {
        Combined {
            query: self.query.retyped(),
        }
    }

    /// The first row, if there is one, as [`Query::first`]. One statement.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let cheap = Product::query().filter(Product::PRICE.lt(5_000));
    /// let many = Product::query().filter(Product::STOCK.gt(7));
    /// let first: Option<Handle<Product>> = cheap.union(many).order_by(Product::PRICE).first(&mut db).await?;
    /// assert_eq!(db[first.expect("there is one")].name, "Cable");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`all`](Combined::all).
    pub fn first<X: Executor, R: Send>(self, on: &mut X) -> Running<'_, Option<R>>
    where
        Sel: Selection<Row<X> = R>,
    {
        self.query.first(on)
    }

    /// The only row, as [`Query::one`]. One statement.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let tagged = Product::query().filter(Product::TAGS.any(Tag::WORD.eq("new")));
    /// let sale = Product::query().filter(Product::TAGS.any(Tag::WORD.eq("sale")));
    /// let both = tagged.intersect(sale).one(&mut db).await?;
    /// assert_eq!(db[both].name, "Nova");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`Query::one`].
    pub fn one<X: Executor, R: Send>(self, on: &mut X) -> Running<'_, R>
    where
        Sel: Selection<Row<X> = R>,
    {
        self.query.one(on)
    }

    /// The only row, or `None`, as [`Query::one_or_none`]. One statement.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let all = Product::query();
    /// let tagged = Product::query().filter(Product::TAGS.exists());
    /// let dear = Product::query().filter(Product::PRICE.gt(100_000));
    /// let plain = all.except(tagged).except(dear).one_or_none(&mut db).await?;
    /// assert_eq!(db[plain.expect("there is one")].name, "Cable");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`Query::one_or_none`].
    pub fn one_or_none<X: Executor, R: Send>(self, on: &mut X) -> Running<'_, Option<R>>
    where
        Sel: Selection<Row<X> = R>,
    {
        self.query.one_or_none(on)
    }

    /// The number of rows, counted by the server, as [`Query::count`]. One statement.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let words = Tag::query().select(Tag::WORD).union(Category::query().select(Category::NAME));
    /// assert_eq!(words.count(&mut db).await?, 5);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// What the server refuses.
    pub fn count<X: Executor>(self, on: &mut X) -> Running<'_, i64> {
        self.query.count(on)
    }

    /// Whether there is any row, as [`Query::exists`]. One statement.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let words = Tag::query().select(Tag::WORD).intersect(Category::query().select(Category::NAME));
    /// assert!(!words.exists(&mut db).await?); // no tag is called like a category
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// What the server refuses.
    pub fn exists<X: Executor>(self, on: &mut X) -> Running<'_, bool> {
        self.query.exists(on)
    }
}

#[diagnostic::do_not_recommend]
impl<Sel> Subquery for Combined<Sel> {
    type Uses = ();

    fn into_select(self) -> Select {
        self.query.select
    }
}

#[diagnostic::do_not_recommend]
impl<T: SqlType> OneColumn for Combined<Value<T>> {
    type Type = T;
}

impl<Sel> Clone for Combined<Sel> {
    fn clone(&self) -> Self {
        Combined {
            query: self.query.clone(),
        }
    }
}

impl<Sel> fmt::Debug for Combined<Sel> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_sql())
    }
}
