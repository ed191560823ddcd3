//! Where a query runs: `all`, `first`, `one`, `one_or_none`, `scalar`, `count`, `exists`.

use std::marker::PhantomData;
use std::panic::Location;

use super::{
    Executor, LoadStep, Loads, Query, Running, Selection, Statement, lock, plain, read_all, render,
};
use crate::error::{Error, Result};
use crate::expr::{Item, Node, Select, Standalone};
use crate::model::{Row, RowReader, Table};

impl<Sel: Selection, Scope, G> Query<Sel, Scope, G> {
    /// All rows: on a session entities are `Handle<M>`s, on a connection plain rows. SQLAlchemy: `.all()`.
    ///
    /// One statement, and one more for each to-many level of `.with(..)`. A session flushes first, if anything is pending.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let tags: Vec<Handle<Tag>> = Tag::query().order_by(Tag::ID).all(&mut db).await?;
    /// assert_eq!(db[tags[0]].word, "new");
    /// let words: Vec<String> = Tag::query().order_by(Tag::ID).select(Tag::WORD).all(&mut db).await?;
    /// assert_eq!(words, ["new", "sale"]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// What the server refuses, and values that do not fit their types.
    #[track_caller]
    pub fn all<X: Executor, R: Send>(self, on: &mut X) -> Running<'_, Vec<R>>
    where
        Sel: Selection<Row<X> = R>,
        Scope: Standalone,
    {
        let asked = Asked::here(&self.select);
        Running::new(run::<Sel, X>(self.select, self.loads, on, asked))
    }

    /// The first row, if there is one. Adds `LIMIT 1`, and else sends what [`all`](Query::all) does. SQLAlchemy: `.first()`.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let dearest: Option<Handle<Product>> = Product::query().order_by(Product::PRICE.desc()).first(&mut db).await?;
    /// assert_eq!(dearest.map(|product| db[product].name.as_str()), Some("Pro"));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`all`](Query::all).
    #[track_caller]
    pub fn first<X: Executor, R: Send>(mut self, on: &mut X) -> Running<'_, Option<R>>
    where
        Sel: Selection<Row<X> = R>,
        Scope: Standalone,
    {
        let asked = Asked::here(&self.select);
        at_most(&mut self.select, 1);
        let rows = run::<Sel, X>(self.select, self.loads, on, asked);
        Running::new(async move { Ok(rows.await?.into_iter().next()) })
    }

    /// The only row. Adds `LIMIT 2`, and else sends what [`all`](Query::all) does. SQLAlchemy: `.one()`.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let ann: Handle<User> = User::query().filter(User::NAME.eq("Ann")).one(&mut db).await?;
    /// assert_eq!(db[ann].email, "ann@example.com");
    /// let several = User::query().one(&mut db).await.unwrap_err();
    /// assert!(matches!(several, orm_core::Error::MultipleFound { .. }));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::NotFound`] where there is none, [`Error::MultipleFound`] where there are several; else as
    /// [`all`](Query::all).
    #[track_caller]
    pub fn one<X: Executor, R: Send>(self, on: &mut X) -> Running<'_, R>
    where
        Sel: Selection<Row<X> = R>,
        Scope: Standalone,
    {
        let asked = Asked::here(&self.select);
        let row = only::<Sel, X>(self.select, self.loads, on, asked, true);
        Running::new(async move {
            Ok(row
                .await?
                .unwrap_or_else(|| unreachable!("none is an error")))
        })
    }

    /// The only row, or `None`. Adds `LIMIT 2`, and else sends what [`all`](Query::all) does. SQLAlchemy: `.one_or_none()`.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let zoe: Option<Handle<User>> = User::query().filter(User::NAME.eq("Zoe")).one_or_none(&mut db).await?;
    /// assert_eq!(zoe, None);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::MultipleFound`] where there are several; else as [`all`](Query::all).
    #[track_caller]
    pub fn one_or_none<X: Executor, R: Send>(self, on: &mut X) -> Running<'_, Option<R>>
    where
        Sel: Selection<Row<X> = R>,
        Scope: Standalone,
    {
        let asked = Asked::here(&self.select);
        Running::new(only::<Sel, X>(self.select, self.loads, on, asked, false))
    }

    /// The only row of a query that always gives one, such as an aggregate without GROUP BY: [`one`](Query::one) under
    /// SQLAlchemy's name, `.scalar()`, since the select list says the type. One statement.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let dearest: Option<i32> = Product::query().select(max(Product::PRICE)).scalar(&mut db).await?;
    /// assert_eq!(dearest, Some(149_900));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`one`](Query::one).
    #[track_caller]
    pub fn scalar<X: Executor, R: Send>(self, on: &mut X) -> Running<'_, R>
    where
        Sel: Selection<Row<X> = R>,
        Scope: Standalone,
    {
        self.one(on)
    }
}

impl<Sel, Scope, G> Query<Sel, Scope, G> {
    /// The number of rows that the query gives, counted by the server. One statement; a session flushes first, if anything is
    /// pending. SQLAlchemy: `.count()`.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// assert_eq!(User::query().filter(User::ACTIVE).count(&mut db).await?, 2);
    /// assert_eq!(log.take(), ["BEGIN", "SELECT count(*) FROM users WHERE users.active"]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// What the server refuses.
    #[track_caller]
    pub fn count<X: Executor>(self, on: &mut X) -> Running<'_, i64>
    where
        Scope: Standalone,
    {
        let asked = Asked::here(&self.select);
        Running::new(count(self.select, on, asked))
    }

    /// Whether the query gives any row. One statement; a session flushes first, if anything is pending.
    /// SQLAlchemy: `select(exists(..))`.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// assert!(User::query().filter(User::NAME.eq("Ann")).exists(&mut db).await?);
    /// assert!(!User::query().filter(User::NAME.eq("Zoe")).exists(&mut db).await?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// What the server refuses.
    #[track_caller]
    pub fn exists<X: Executor>(mut self, on: &mut X) -> Running<'_, bool>
    where
        Scope: Standalone,
    {
        if self.select.group_by.is_empty() && self.select.is_row_for_row() {
            self.select.items = vec![Item::Expr(Node::Word("1"))];
            self.select.order_by.clear();
        }
        let asked = Asked::here(&self.select);
        self.select.lock = None;
        Running::new(exists(self.select, on, asked))
    }
}

pub(super) fn only_row(rows: Vec<Row>) -> Result<Row> {
    rows.into_iter()
        .next()
        .ok_or_else(|| Error::invalid("the server gave no row for a query that always has one"))
}

/// Where in the program a query is asked, so that a loop that asks it row by row can be warned of.
#[derive(Clone, Copy)]
pub(super) struct Asked(Option<&'static Location<'static>>);

impl Asked {
    /// Not worth a warning, however often: pages are read one after the other.
    pub(super) const IN_PARTS: Asked = Asked(None);

    /// What a user calls. LIMIT and locks are of loops that mean to go through rows a few at a time.
    #[track_caller]
    fn here(select: &Select) -> Self {
        let in_parts = select.limit.is_some() || select.offset.is_some() || select.lock.is_some();
        let at = Location::caller();
        Asked((!in_parts).then_some(at))
    }

    /// Tells what it runs on of the statement that is about to be sent.
    fn noted<X: Executor>(self, statement: Statement, of: &'static Table, on: &mut X) -> Statement {
        if let Some(at) = self.0 {
            on.asked(of, &statement, at);
        }
        statement
    }
}

fn at_most(select: &mut Select, rows: i64) {
    select.limit = Some(select.limit.map_or(rows, |limit| limit.min(rows)));
}

/// The only row of a query.
async fn only<Sel: Selection, X: Executor>(
    mut select: Select,
    steps: Vec<LoadStep>,
    on: &mut X,
    asked: Asked,
    must_exist: bool,
) -> Result<Option<Sel::Row<X>>> {
    // Relationships that come with its rows make another query of it.
    let named = (!steps.is_empty()).then(|| render::select(&select).sql.into());
    let limit = select.limit;
    at_most(&mut select, 2);
    let mut found = Found::<Sel, _, _>::new(Sel::read::<X>);
    fetch(&mut select, steps, Sel::IS_PLAIN, on, asked, &mut found).await?;
    let mut rows = found.rows.into_iter();
    let (first, second) = (rows.next(), rows.next());
    let what = || {
        named.unwrap_or_else(|| {
            select.limit = limit;
            render::select(&select).sql.into()
        })
    };
    match (first, second) {
        (_, Some(_)) => Err(Error::MultipleFound { what: what() }),
        (None, None) if must_exist => Err(Error::NotFound { what: what() }),
        (row, None) => Ok(row),
    }
}

/// Runs a query and reads its rows.
///
/// Most of the work is in `fetch`, which is compiled once for all selections: a program has as many of these as it has
/// kinds of rows, and a future is much code.
pub(super) async fn run<Sel: Selection, X: Executor>(
    mut select: Select,
    steps: Vec<LoadStep>,
    on: &mut X,
    asked: Asked,
) -> Result<Vec<Sel::Row<X>>> {
    let mut found = Found::<Sel, _, _>::new(Sel::read::<X>);
    fetch(&mut select, steps, Sel::IS_PLAIN, on, asked, &mut found).await?;
    Ok(found.rows)
}

/// Runs a query and reads its rows, each with what `behind` takes of the columns behind the select list's own.
pub(super) async fn run_with<Sel: Selection, X: Executor, T: Send>(
    mut select: Select,
    steps: Vec<LoadStep>,
    on: &mut X,
    asked: Asked,
    behind: impl Fn(&mut RowReader<'_>) -> T + Send,
) -> Result<Vec<(Sel::Row<X>, T)>> {
    let mut found = Found::<Sel, _, _>::new(move |on: &mut X, row: &mut RowReader<'_>| {
        Ok((Sel::read(on, row)?, behind(row)))
    });
    fetch(&mut select, steps, Sel::IS_PLAIN, on, asked, &mut found).await?;
    Ok(found.rows)
}

/// What a query does with its rows, one by one as they come.
trait Take<X>: Send {
    /// About so many will come.
    fn make_room(&mut self, on: &mut X, rows: usize);

    /// A row is here, with what its relationships are read by, if there are any.
    fn take(&mut self, on: &mut X, row: &Row, loads: Option<&Loads>) -> Result<()>;
}

/// The rows that have been read.
struct Found<Sel, T, F> {
    rows: Vec<T>,
    read: F,
    selection: PhantomData<fn() -> Sel>,
}

impl<Sel, T, F> Found<Sel, T, F> {
    fn new(read: F) -> Self {
        Found {
            rows: Vec::new(),
            read,
            selection: PhantomData,
        }
    }
}

impl<X, Sel, T, F> Take<X> for Found<Sel, T, F>
where
    X: Executor,
    Sel: Selection,
    T: Send,
    F: Fn(&mut X, &mut RowReader<'_>) -> Result<T> + Send,
{
    fn make_room(&mut self, on: &mut X, rows: usize) {
        Sel::make_room(on, rows);
        self.rows.reserve(rows);
    }

    fn take(&mut self, on: &mut X, row: &Row, loads: Option<&Loads>) -> Result<()> {
        let mut reader = RowReader::new(row);
        let row = (self.read)(on, &mut reader)?;
        let is_of_result = match loads {
            None => true,
            Some(loads) => on.joined_loads(loads, &mut reader)?,
        };
        if is_of_result {
            self.rows.push(row);
        }
        Ok(())
    }
}

/// Runs a query and hands over its rows. What it has become stays in `select`.
async fn fetch<X: Executor>(
    select: &mut Select,
    steps: Vec<LoadStep>,
    is_plain: bool,
    on: &mut X,
    asked: Asked,
    found: &mut dyn Take<X>,
) -> Result<()> {
    lock::check(select)?;
    if is_plain && !steps.is_empty() {
        return Err(plain::refuse_loads(select, "leave out `.plain()`"));
    }
    on.before_query().await?;
    on.read_mode(select.refresh || select.lock.is_some());
    if steps.is_empty() {
        on.restrict(select);
        let statement = asked.noted(render::select(select), select.from.table, on);
        let mut rows = on.open_rows(statement).await?;
        found.make_room(on, rows.expected());
        // Each row is read as soon as it is here, while its memory is still at hand, and freed for the next.
        let (end, reading) = read_all(rows.as_mut(), |row| found.take(on, row, None)).await;
        on.close_rows(end)?;
        return reading;
    }
    let mut loads = Loads::of_query(select, steps);
    on.begin_loads(&loads)?;
    on.restrict(select);
    let statement = asked.noted(render::select(select), select.from.table, on);
    let rows = on.fetch_leading(statement, select, &mut loads).await?;
    found.make_room(on, rows.len());
    for row in rows {
        found.take(on, &row, Some(&loads))?;
    }
    on.finish_loads(loads).await
}

async fn count<X: Executor>(mut select: Select, on: &mut X, asked: Asked) -> Result<i64> {
    on.before_query().await?;
    on.restrict(&mut select);
    let table = select.from.table;
    let statement = asked.noted(render::count(select), table, on);
    let row = only_row(on.fetch(statement).await?)?;
    row.get(0)
}

async fn exists<X: Executor>(mut select: Select, on: &mut X, asked: Asked) -> Result<bool> {
    on.before_query().await?;
    on.restrict(&mut select);
    let table = select.from.table;
    let statement = asked.noted(render::exists(select), table, on);
    let row = only_row(on.fetch(statement).await?)?;
    row.get(0)
}
