//! [`sql`]: hand-written SQL with named parameters, rendered into a [`Statement`]. Used with whatever is an [`Executor`].
//!
//! `named` finds the names; here values are put to them.

use super::named;
use crate::error::{Error, Result};
use crate::model::{ColumnNames, FromRow, Row};
use crate::query::{Executor, LastWrite, Running, Statement};
use crate::types::{Param, SqlType};

/// Hand-written SQL. SQLAlchemy: `text("..")`.
///
/// A parameter is written `:name` and given with [`Sql::bind`]; it may stand in several places. Casts (`::text`), `:=`,
/// text in quotes (`'..'`, `E'..'`, `".."`, `$$..$$`) and comments are left alone, and `\:name` is the text `:name`. Values
/// travel beside the text and are never put into it.
///
/// It runs on a [`Connection`](super::Connection), on its [`Transaction`](super::Transaction) and on a session, which
/// flushes first and reads within its transaction.
///
/// ```
/// use orm_core::engine::sql;
///
/// let statement = sql("SELECT * FROM users WHERE id = :id OR referrer = :id AND note <> ':id'")
///     .bind("id", 7)
///     .statement()?;
/// assert_eq!(
///     statement.sql,
///     "SELECT * FROM users WHERE id = $1 OR referrer = $1 AND note <> ':id'"
/// );
/// assert_eq!(statement.params.len(), 1);
/// # Ok::<(), orm_core::Error>(())
/// ```
pub fn sql(text: impl Into<String>) -> Sql {
    Sql {
        text: text.into(),
        values: Vec::new(),
    }
}

/// Hand-written SQL and the values of its parameters: see [`sql`]. A plain string does where no values are needed.
///
/// ```
#[doc = include_str!("../guide/shop.txt")]
/// use orm_core::engine::{Sql, sql};
///
/// let query: Sql = sql("SELECT count(*) FROM products WHERE price < :most").bind("most", 50_000);
/// assert_eq!(query.scalar::<i64>(&mut db).await?, 1);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "SQL does nothing until it is run"]
pub struct Sql {
    text: String,
    values: Vec<(String, Param)>,
}

impl Sql {
    /// Gives the parameter `:name` its value. SQLAlchemy: `bindparams(name=value)`.
    ///
    /// The value is one of the types that a column can have, or `&str` for text. Where PostgreSQL cannot tell which type it
    /// should be, a cast in the text helps: `:since::timestamptz`.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// use orm_core::engine::sql;
    ///
    /// let name: String = sql("SELECT name FROM products WHERE price < :most AND stock > :least")
    ///     .bind("most", 50_000)
    ///     .bind("least", 10)
    ///     .scalar(&mut db)
    ///     .await?;
    /// assert_eq!(name, "Cable");
    /// # Ok(())
    /// # }
    /// ```
    pub fn bind(mut self, name: impl Into<String>, value: impl BindValue) -> Self {
        self.values.push((name.into(), value.into_param()));
        self
    }

    /// The statement with `$1`, `$2` .. in place of the names, in the order in which they appear.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// use orm_core::engine::sql;
    ///
    /// let statement = sql("SELECT * FROM users WHERE id = :id").bind("id", 7).statement()?;
    /// assert_eq!(statement.sql, "SELECT * FROM users WHERE id = $1");
    /// assert!(sql("SELECT :id").statement().is_err()); // `:id` has no value
    /// # Ok::<(), orm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Invalid`], with the names, when a parameter has no value, a value has no parameter, one has two values, or
    /// the text has `$1` instead of a name.
    pub fn statement(self) -> Result<Statement> {
        let mut names: Vec<&str> = Vec::new();
        let mut rendered = String::with_capacity(self.text.len());
        let mut numbered = false;
        for piece in named::scan(&self.text) {
            match piece {
                named::Piece::Text(text) => rendered.push_str(text),
                named::Piece::Number(text) => {
                    rendered.push_str(text);
                    numbered = true;
                }
                named::Piece::Name(name) => {
                    let at = names.iter().position(|other| *other == name);
                    let at = at.unwrap_or_else(|| {
                        names.push(name);
                        names.len() - 1
                    });
                    rendered.push_str(&format!("${}", at + 1));
                }
            }
        }
        if numbered {
            return Err(self.invalid(
                "`$1` cannot be given a value: write `:name` and `.bind(\"name\", value)`",
            ));
        }
        self.check(&names)?;
        let value = |name: &&str| {
            let found = self.values.iter().find(|(bound, _)| bound == name);
            found.map(|(_, param)| param.clone())
        };
        let params = names.iter().filter_map(value).collect();
        Ok(Statement {
            sql: rendered.into(),
            params,
        })
    }

    /// Whether names and values fit.
    fn check(&self, names: &[&str]) -> Result<()> {
        let bound = |name: &str| {
            self.values
                .iter()
                .filter(|(other, _)| other == name)
                .count()
        };
        let listed = |names: Vec<&str>| {
            let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
            names.join(", ")
        };
        let missing: Vec<_> = names
            .iter()
            .copied()
            .filter(|name| bound(name) == 0)
            .collect();
        if !missing.is_empty() {
            let listed = listed(missing);
            return Err(self.invalid(&format!(
                "no value was given for {listed}: add `.bind(\"..\", value)`, or write `\\:` where no parameter is meant"
            )));
        }
        let given = || self.values.iter().map(|(name, _)| name.as_str());
        let unused: Vec<_> = given().filter(|name| !names.contains(name)).collect();
        if !unused.is_empty() {
            let what = format!(
                "a value was given for {}, which the text has not",
                listed(unused)
            );
            return Err(self.invalid(&what));
        }
        let twice: Vec<_> = names
            .iter()
            .copied()
            .filter(|name| bound(name) > 1)
            .collect();
        if !twice.is_empty() {
            return Err(self.invalid(&format!("two values were given for {}", listed(twice))));
        }
        Ok(())
    }

    fn invalid(&self, what: &str) -> Error {
        Error::invalid(format!("{what}\n  statement: {}", self.text))
    }

    /// Runs it and reads all rows. SQLAlchemy: `connection.execute(..).all()`. One statement.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// use orm_core::engine::sql;
    ///
    /// let query = sql("SELECT id, name FROM users WHERE name LIKE :pattern").bind("pattern", "A%");
    /// let users: Vec<(i32, String)> = query.all(&mut db).await?;
    /// assert_eq!(users, [(1, "Ann".to_owned())]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`Sql::statement`] and [`Connection::execute`](super::Connection::execute); [`Error::Decode`] when a value does not fit its Rust type;
    /// [`Error::Invalid`] when the columns do not fit `T`.
    pub fn all<T: FromRow>(self, on: &mut impl Executor) -> Running<'_, Vec<T>> {
        Running::new(async move {
            let rows = fetch(self.statement()?, on).await?;
            read(&rows)
        })
    }

    /// Runs it and reads the only row. SQLAlchemy: `.one()`. One statement.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// use orm_core::engine::sql;
    ///
    /// let ann: User = sql("SELECT * FROM users WHERE id = :id").bind("id", 1).one(&mut db).await?;
    /// assert_eq!(ann.name, "Ann");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::MultipleFound`], and those of [`Sql::all`].
    pub fn one<T: FromRow>(self, on: &mut impl Executor) -> Running<'_, T> {
        let text = self.text.clone();
        let found = self.optional(on);
        Running::new(async move { found.await?.ok_or(Error::NotFound { what: text }) })
    }

    /// Runs it and reads the only row, if there is one. SQLAlchemy: `.one_or_none()`. One statement.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// use orm_core::engine::sql;
    ///
    /// let nobody: Option<User> = sql("SELECT * FROM users WHERE id = 99").optional(&mut db).await?;
    /// assert_eq!(nobody, None);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::MultipleFound`], and those of [`Sql::all`].
    pub fn optional<T: FromRow>(self, on: &mut impl Executor) -> Running<'_, Option<T>> {
        let text = self.text.clone();
        Running::new(async move {
            let rows = fetch(self.statement()?, on).await?;
            if rows.len() > 1 {
                return Err(Error::MultipleFound { what: text });
            }
            Ok(read(&rows)?.pop())
        })
    }

    /// Runs it and reads the first column of the only row. SQLAlchemy: `.scalar_one()`. One statement.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// use orm_core::engine::sql;
    ///
    /// let users: i64 = sql("SELECT count(*) FROM users").scalar(&mut db).await?;
    /// assert_eq!(users, 3);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`Sql::one`].
    pub fn scalar<T: SqlType>(self, on: &mut impl Executor) -> Running<'_, T> {
        let text = self.text.clone();
        Running::new(async move {
            let rows = fetch(self.statement()?, on).await?;
            match rows.as_slice() {
                [row] if row.is_empty() => Err(Error::invalid(format!(
                    "a value was asked for, and the result has no column\n  statement: {text}"
                ))),
                [row] => row.get(0),
                [] => Err(Error::NotFound { what: text }),
                _ => Err(Error::MultipleFound { what: text }),
            }
        })
    }

    /// Runs it and gives the number of rows that it changed (for SELECT, returned). SQLAlchemy: `.rowcount`. One statement.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// use orm_core::engine::sql;
    ///
    /// let changed = sql("UPDATE products SET stock = stock + :more").bind("more", 1).execute(&mut db).await?;
    /// assert_eq!(changed, 4);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`Sql::statement`] and [`Connection::execute`](super::Connection::execute).
    pub fn execute(self, on: &mut impl Executor) -> Running<'_, u64> {
        Running::new(async move {
            let statement = self.statement()?;
            on.before_query().await?;
            on.execute(statement).await
        })
    }
}

/// A session flushes first, so that hand-written SQL sees what was changed.
async fn fetch(statement: Statement, on: &mut impl Executor) -> Result<Vec<Row>> {
    on.before_query().await?;
    on.fetch(statement).await
}

/// Rows into what was asked for. Where each field stands is looked up once.
fn read<T: FromRow>(rows: &[Row]) -> Result<Vec<T>> {
    let Some(first) = rows.first() else {
        return Ok(Vec::new());
    };
    let positions = positions::<T>(first)?;
    rows.iter()
        .map(|row| T::from_row(row, &positions))
        .collect()
}

/// Where each field stands in rows like this one.
pub(super) fn positions<T: FromRow>(row: &Row) -> Result<Vec<usize>> {
    let names: Vec<_> = (0..row.len()).map(|at| row.name(at)).collect();
    T::positions(&ColumnNames::new(&names))
}

impl From<&str> for Sql {
    fn from(text: &str) -> Sql {
        sql(text)
    }
}

impl From<String> for Sql {
    fn from(text: String) -> Sql {
        sql(text)
    }
}

impl LastWrite for Sql {
    fn into_statement(self) -> Result<Statement> {
        self.statement()
    }
}

impl LastWrite for &str {
    fn into_statement(self) -> Result<Statement> {
        sql(self).statement()
    }
}

impl LastWrite for String {
    fn into_statement(self) -> Result<Statement> {
        sql(self).statement()
    }
}

/// What [`Sql::bind`] accepts: every type that a column can have, and `&str`.
///
/// ```
/// use orm_core::engine::BindValue;
///
/// assert_eq!("Ann".into_param().show(), "Ann");
/// assert_eq!(None::<&str>.into_param().bytes(), None); // NULL
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the value of a parameter",
    label = "expected a type that a column can have, or `&str`",
    note = "a reference to a number or a string buffer: pass it by value, or a `String` as `&str`"
)]
pub trait BindValue {
    /// The encoded value.
    fn into_param(self) -> Param;
}

impl<T: SqlType> BindValue for T {
    fn into_param(self) -> Param {
        Param::new(&self)
    }
}

impl BindValue for &str {
    fn into_param(self) -> Param {
        Param::new(&self.to_owned())
    }
}

impl BindValue for Option<&str> {
    fn into_param(self) -> Param {
        Param::new(&self.map(str::to_owned))
    }
}
