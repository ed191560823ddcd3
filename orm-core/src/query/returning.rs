//! [`Returning`]: a write whose rows come back, and what all writes share: how they are sent and shown.

use std::fmt;
use std::marker::PhantomData;

use super::{Bulk, Executor, Insert, Running, Selection, Selects, Statement, render};
use crate::error::{Error, Result};
use crate::expr::Write;
use crate::model::RowReader;

/// An INSERT, UPDATE or DELETE that gives something of each row that it writes. Sent by [`all`](Returning::all),
/// [`one`](Returning::one) and [`one_or_none`](Returning::one_or_none). SQLAlchemy: `returning(..)`.
///
/// On a session, entities in the list come back tracked and with the values that were written, whatever was known of them.
/// Those of a DELETE are deleted: their last values can be read until the commit, and a rollback brings them back.
///
/// ```
#[doc = include_str!("../guide/shop.txt")]
/// let gone = Tag::query().filter(Tag::WORD.eq("used")).delete().returning((Tag::ID, Tag::WORD));
/// assert_eq!(gone.to_sql()?, "DELETE FROM tags WHERE tags.word = $1 RETURNING tags.id, tags.word");
/// assert!(gone.all(&mut db).await?.is_empty());
/// # Ok(())
/// # }
/// ```
#[must_use = "a write does nothing until it runs: `.all(&mut db).await`"]
pub struct Returning<Sel> {
    pub(super) write: Result<Write>,
    types: PhantomData<fn() -> Sel>,
}

impl<Sel> Returning<Sel> {
    pub(super) fn new<L, Scope, I, Uses>(mut write: Result<Write>, list: L) -> Self
    where
        L: Selects<Scope, I, Sel, Uses>,
    {
        if let Ok(write) = &mut write {
            list.push_to(&mut write.returning);
        }
        Returning {
            write,
            types: PhantomData,
        }
    }

    /// The SQL text, without the values.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let q = Tag::query().filter(Tag::ID.eq(7)).delete().returning(Tag::WORD);
    /// assert_eq!(q.to_sql()?, "DELETE FROM tags WHERE tags.id = $1 RETURNING tags.word");
    /// # Ok::<(), orm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As `exec` of the same write.
    pub fn to_sql(&self) -> Result<String> {
        Ok(self.statement()?.sql.into())
    }

    /// The SQL text and its parameters.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let q = Tag::query().filter(Tag::ID.eq(7)).delete().returning(Tag::WORD);
    /// assert_eq!(q.statement()?.params[0].show(), "7");
    /// # Ok::<(), orm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As `exec` of the same write.
    pub fn statement(&self) -> Result<Statement> {
        statement(&self.write)
    }
}

impl<Sel: Selection> Returning<Sel> {
    /// Sends the statement and gives what it returned, one for each row that was written. One statement; none where there
    /// is nothing to insert.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let cheaper = Product::query()
    ///     .filter(Product::PRICE.gt(90_000))
    ///     .update(Product::PRICE.set(Product::PRICE - 5_000))
    ///     .returning((Product::NAME, Product::PRICE));
    /// let mut cheaper: Vec<(String, i32)> = cheaper.all(&mut db).await?;
    /// cheaper.sort();
    /// assert_eq!(cheaper, [("Air".to_owned(), 94_900), ("Pro".to_owned(), 144_900)]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As `exec` of the same write, and values that do not fit their types.
    pub fn all<X: Executor, R: Send>(self, on: &mut X) -> Running<'_, Vec<R>>
    where
        Sel: Selection<Row<X> = R>,
    {
        Running::new(rows::<Sel, X>(self.write, on))
    }

    /// Sends the statement and gives what it returned of the only row that it wrote.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let tag: Handle<Tag> = Tag::insert([Tag::create().word("used")]).returning(Tag::ALL).one(&mut db).await?;
    /// assert_eq!(db[tag].word, "used");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::NotFound`], and [`Error::MultipleFound`] where there were several, all of which are written; else as
    /// [`all`](Returning::all).
    pub fn one<'x, X: Executor, R: Send + 'x>(self, on: &'x mut X) -> Running<'x, R>
    where
        Sel: Selection<Row<X> = R>,
    {
        let what = self.to_sql();
        let row = self.one_or_none(on);
        Running::new(async move {
            let what = what?;
            row.await?.ok_or(Error::NotFound { what })
        })
    }

    /// Sends the statement and gives what it returned of the only row that it wrote, if it wrote one: after `do_nothing`,
    /// or by a filter that need not match.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let added = Tag::insert([Tag::create().word("new")])
    ///     .on_conflict(Tag::WORD)
    ///     .do_nothing()
    ///     .returning(Tag::ID)
    ///     .one_or_none(&mut db)
    ///     .await?;
    /// assert_eq!(added, None); // it was there
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::MultipleFound`] where there were several, all of which are written; else as [`all`](Returning::all).
    pub fn one_or_none<X: Executor, R: Send>(self, on: &mut X) -> Running<'_, Option<R>>
    where
        Sel: Selection<Row<X> = R>,
    {
        let what = self.to_sql();
        let rows = rows::<Sel, X>(self.write, on);
        Running::new(async move {
            let what = what?;
            let mut rows = rows.await?.into_iter();
            match (rows.next(), rows.next()) {
                (_, Some(_)) => Err(Error::MultipleFound { what }),
                (row, None) => Ok(row),
            }
        })
    }
}

impl<Sel> fmt::Debug for Returning<Sel> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug(&self.write, f)
    }
}

async fn rows<Sel: Selection, X: Executor>(
    write: Result<Write>,
    on: &mut X,
) -> Result<Vec<Sel::Row<X>>> {
    let mut write = write?;
    if write.is_empty() {
        return Ok(Vec::new());
    }
    on.before_query().await?;
    let own = write.returned();
    let rows = on.write_rows(&mut write).await?;
    on.read_mode(true);
    let found = rows
        .iter()
        .map(|row| Sel::read(on, &mut RowReader::new(row)))
        .collect();
    on.read_mode(false);
    on.written(&write, own, &rows)?;
    found
}

/// Sends a write and gives the number of rows that it wrote.
pub(super) fn exec<X: Executor>(write: Result<Write>, on: &mut X) -> Running<'_, u64> {
    Running::new(async move {
        let write = write?;
        if write.is_empty() {
            return Ok(0);
        }
        on.before_query().await?;
        on.write(write).await
    })
}

/// A write of one statement that gives no rows, and so can be the last of a transaction: what
/// [`Transaction::commit_with`](crate::engine::Transaction::commit_with) takes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be sent together with COMMIT",
    label = "expected a write without `returning`, or SQL",
    note = "`.update(..)`, `.delete()`, `Model::insert(rows)`, a text, or `sql(..)` with values"
)]
pub trait LastWrite {
    /// The statement; without text where nothing is to be sent.
    ///
    /// ```
    /// # use guide_shop::*;
    /// use orm_core::prelude::*;
    /// use orm_core::query::LastWrite;
    ///
    /// let statement = User::query().filter(!User::ACTIVE).delete().into_statement()?;
    /// assert_eq!(statement.sql, "DELETE FROM users WHERE NOT users.active");
    /// # Ok::<(), orm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// What `exec` would refuse before it sends anything.
    fn into_statement(self) -> Result<Statement>;
}

impl<M, Scope, Verb> LastWrite for Bulk<M, Scope, Verb> {
    fn into_statement(self) -> Result<Statement> {
        self.write.map(|write| rendered(&write))
    }
}

impl<M, S> LastWrite for Insert<M, S> {
    fn into_statement(self) -> Result<Statement> {
        self.write.map(|write| rendered(&write))
    }
}

/// Empty where nothing is to be sent.
fn rendered(write: &Write) -> Statement {
    if write.is_empty() {
        return Statement::plain("");
    }
    render::write::write(write)
}

/// The statement of a write, or why there is none; empty where nothing is to be sent.
pub(super) fn statement(write: &Result<Write>) -> Result<Statement> {
    match write {
        Ok(write) => Ok(rendered(write)),
        Err(error) => Err(Error::invalid(error.to_string())),
    }
}

pub(super) fn debug(write: &Result<Write>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match statement(write) {
        Ok(statement) => f.write_str(&statement.sql),
        Err(error) => fmt::Display::fmt(&error, f),
    }
}
