//! [`FromRow`]: rows of hand-written SQL into tuples, structs and models. [`Record`]: structs that a select list is read
//! into, too.

use super::{Row, RowReader};
use crate::error::{Error, Result};
use crate::types::{DecodeError, Raw, SqlType};

/// The names of a result's columns, in their order.
///
/// ```
/// use orm_core::model::ColumnNames;
///
/// let columns = ColumnNames::new(&["id", "name"]);
/// assert_eq!(columns.position("Card", "name")?, 1);
/// let error = columns.position("Card", "price").unwrap_err();
/// assert!(error.to_string().contains("`Card` wants a column `price`, and the result has id, name"));
/// # Ok::<(), orm_core::Error>(())
/// ```
#[derive(Debug)]
pub struct ColumnNames<'a> {
    names: &'a [&'a str],
    prefix: String,
}

impl<'a> ColumnNames<'a> {
    /// These names.
    pub fn new(names: &'a [&'a str]) -> Self {
        ColumnNames {
            names,
            prefix: String::new(),
        }
    }

    /// The same for a struct inside another: its columns have this before their names.
    ///
    /// ```
    /// # use orm_core::model::ColumnNames;
    /// let columns = ColumnNames::new(&["id", "buyer_id"]);
    /// assert_eq!(columns.behind("buyer_").position("Buyer", "id")?, 1);
    /// # Ok::<(), orm_core::Error>(())
    /// ```
    #[must_use]
    pub fn behind(&self, prefix: &str) -> ColumnNames<'a> {
        ColumnNames {
            names: self.names,
            prefix: format!("{}{prefix}", self.prefix),
        }
    }

    /// Where the column of this name stands. Called by derived code.
    ///
    /// # Errors
    /// [`Error::Invalid`] that lists what there is.
    pub fn position(&self, target: &str, name: &str) -> Result<usize> {
        let name = format!("{}{name}", self.prefix);
        self.names
            .iter()
            .position(|other| *other == name)
            .ok_or_else(|| {
                Error::invalid(format!(
                    "`{target}` wants a column `{name}`, and the result has {}",
                    self.names.join(", ")
                ))
            })
    }
}

/// What a row of hand-written SQL can be read into: a tuple by position, a struct with `#[derive(FromRow)]` or a model
/// by the names of its columns.
///
/// ```
#[doc = include_str!("../guide/shop.txt")]
/// #[derive(FromRow)]
/// struct Card {
///     name: String,
///     price: i32,
/// }
///
/// let mut conn = engine.acquire().await?;
/// let cards: Vec<Card> = conn.fetch_all("SELECT price, name FROM products ORDER BY id").await?; // by name
/// assert_eq!((cards[0].name.as_str(), cards[0].price), ("Air", 99_900));
/// let (name, price): (String, i32) = conn.fetch_one("SELECT name, price FROM products WHERE id = 1").await?; // by place
/// assert_eq!((name.as_str(), price), ("Air", 99_900));
/// # Ok(())
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "a row cannot be read into `{Self}`",
    label = "expected a tuple, a model, or a struct with `#[derive(FromRow)]`",
    note = "one column is a tuple of one: `(i64,)`"
)]
pub trait FromRow: Sized + 'static {
    /// How many columns it reads.
    const WIDTH: usize;

    /// Where in the row each of its columns stands: as many as [`WIDTH`](FromRow::WIDTH). Asked once a result, not once a
    /// row.
    ///
    /// # Errors
    /// When a column is missing.
    fn positions(columns: &ColumnNames<'_>) -> Result<Vec<usize>>;

    /// Reads one row.
    ///
    /// # Errors
    /// [`Error::Decode`](crate::Error::Decode).
    fn from_row(row: &Row, positions: &[usize]) -> Result<Self>;
}

/// A struct that rows are read into field by field, by the names of columns or in the order of a select list: what
/// `#[derive(FromRow)]` and `#[derive(Rowset)]` make of one. [`RecordOf`](crate::query::RecordOf) has an example.
///
/// ```
/// use orm_core::model::Record;
/// use orm_core::prelude::*;
///
/// #[derive(FromRow)]
/// struct Card {
///     name: String,
///     price: Option<i32>,
/// }
///
/// fn fields<R: Record<Fields = (String, Option<i32>)>>() -> usize {
///     R::WIDTH
/// }
/// assert_eq!(fields::<Card>(), 2);
/// # let _ = |card: Card| (card.name, card.price);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a struct that rows are read into field by field",
    label = "`#[derive(FromRow)]` is missing on `{Self}`"
)]
pub trait Record: FromRow {
    /// The fields' types, as a tuple.
    type Fields;

    /// Reads the next columns of a row, in the order of the fields.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// use orm_core::model::{Record, RowReader};
    /// use orm_core::query::{Executor, Statement};
    ///
    /// #[derive(FromRow)]
    /// struct Pair {
    ///     id: i32,
    ///     word: String,
    /// }
    ///
    /// let rows = db.fetch(Statement::plain("SELECT 7, 'rare', NULL::int, NULL::text")).await?;
    /// let mut reader = RowReader::new(&rows[0]);
    /// let pair = Pair::read(&mut reader)?;
    /// assert_eq!((pair.id, pair.word.as_str()), (7, "rare"));
    /// assert!(Pair::read_or_none(&mut reader)?.is_none());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Decode`](crate::Error::Decode), which names the struct and the column.
    fn read(row: &mut RowReader<'_>) -> Result<Self> {
        row.record(Self::WIDTH, Self::from_row)
    }

    /// As [`read`](Record::read); `None` where all of its columns are NULL.
    ///
    /// # Errors
    /// As [`read`](Record::read).
    fn read_or_none(row: &mut RowReader<'_>) -> Result<Option<Self>> {
        row.record(Self::WIDTH, from_row_or_none)
    }
}

/// A struct that may not be there: behind a LEFT JOIN all of its columns are NULL.
fn from_row_or_none<R: FromRow>(row: &Row, positions: &[usize]) -> Result<Option<R>> {
    if positions.iter().all(|at| row.raw(*at).bytes.is_none()) {
        return Ok(None);
    }
    R::from_row(row, positions).map(Some)
}

/// A struct inside another. Derived code asks for `R: FromRow` in one place, where it makes this constant, so that a field
/// that is none is one error.
///
/// ```
/// use orm_core::model::Inner;
///
/// const PAIR: Inner<(i32, String)> = Inner::new();
/// assert_eq!(PAIR.width, 2);
/// ```
#[derive(Debug)]
pub struct Inner<R> {
    /// How many columns it reads.
    pub width: usize,
    positions: fn(&ColumnNames<'_>) -> Result<Vec<usize>>,
    read: fn(&Row, &[usize]) -> Result<R>,
    read_or_none: fn(&Row, &[usize]) -> Result<Option<R>>,
}

impl<R: FromRow> Inner<R> {
    /// The struct's own reading.
    #[must_use]
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Self {
        Inner {
            width: R::WIDTH,
            positions: R::positions,
            read: R::from_row,
            read_or_none: from_row_or_none,
        }
    }
}

/// Collects where the columns of a struct stand. For derived code.
///
/// ```
/// use orm_core::model::{ColumnNames, Inner, Positions};
/// use orm_core::prelude::*;
///
/// #[derive(FromRow)]
/// struct Buyer {
///     id: i32,
/// }
///
/// // What the derive writes for `struct Bill { total: i32, #[orm(nested, prefix = "buyer_")] buyer: Buyer }`.
/// let columns = ColumnNames::new(&["buyer_id", "total"]);
/// let mut at = Positions::new("Bill", &columns);
/// at.column("total")?;
/// at.nested(&Inner::<Buyer>::new(), "buyer_")?;
/// assert_eq!(at.finish(), [1, 0]);
/// # let _ = |buyer: Buyer| buyer.id;
/// # Ok::<(), orm_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Positions<'a> {
    target: &'static str,
    columns: &'a ColumnNames<'a>,
    found: Vec<usize>,
}

impl<'a> Positions<'a> {
    /// None yet.
    pub fn new(target: &'static str, columns: &'a ColumnNames<'a>) -> Self {
        Positions {
            target,
            columns,
            found: Vec::new(),
        }
    }

    /// A column.
    ///
    /// # Errors
    /// [`Error::Invalid`] when it is missing.
    pub fn column(&mut self, name: &str) -> Result<()> {
        let at = self.columns.position(self.target, name)?;
        self.found.push(at);
        Ok(())
    }

    /// The columns of a struct inside, whose names have something before them.
    ///
    /// # Errors
    /// [`Error::Invalid`] when one is missing.
    pub fn nested<R>(&mut self, inner: &Inner<R>, prefix: &str) -> Result<()> {
        self.found
            .extend((inner.positions)(&self.columns.behind(prefix))?);
        Ok(())
    }

    /// All of them.
    pub fn finish(self) -> Vec<usize> {
        self.found
    }
}

/// Reads the fields of a struct one after the other, each where its columns stand. For derived code.
///
/// ```
#[doc = include_str!("../guide/shop.txt")]
/// use orm_core::Result;
/// use orm_core::model::{ColumnNames, Fields, FromRow, Inner, Positions, Row};
/// use orm_core::types::SqlType;
///
/// struct Bill(i64, Option<(String,)>);
///
/// impl FromRow for Bill {
///     const WIDTH: usize = 2;
///
///     fn positions(columns: &ColumnNames<'_>) -> Result<Vec<usize>> {
///         let mut at = Positions::new("Bill", columns);
///         at.column("total")?;
///         at.column("name")?;
///         Ok(at.finish())
///     }
///
///     fn from_row(row: &Row, positions: &[usize]) -> Result<Bill> {
///         let mut fields = Fields::new("Bill", row, positions);
///         let total = i64::decode(fields.raw()).map_err(|why| fields.misfit("total", &why))?;
///         Ok(Bill(total, fields.nested_or_none(&Inner::new())?)) // `nested` where it is always there
///     }
/// }
///
/// let mut conn = engine.acquire().await?;
/// let bill: Bill = conn.fetch_one("SELECT NULL::text AS name, 30::bigint AS total").await?;
/// assert_eq!((bill.0, bill.1), (30, None));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Fields<'a> {
    target: &'static str,
    row: &'a Row,
    positions: &'a [usize],
}

impl<'a> Fields<'a> {
    /// At the first field.
    pub fn new(target: &'static str, row: &'a Row, positions: &'a [usize]) -> Self {
        Fields {
            target,
            row,
            positions,
        }
    }

    fn next(&mut self, width: usize) -> &'a [usize] {
        let (next, rest) = self.positions.split_at(width);
        self.positions = rest;
        next
    }

    /// The value of the next column, as it came.
    pub fn raw(&mut self) -> Raw<'a> {
        self.row.raw(self.next(1)[0])
    }

    /// That the value did not fit.
    #[cold]
    pub fn misfit(&self, column: &str, why: &DecodeError) -> Error {
        Error::Decode {
            table: self.target.to_owned(),
            column: column.to_owned(),
            why: why.to_string(),
        }
    }

    /// A struct inside.
    ///
    /// # Errors
    /// [`Error::Decode`](crate::Error::Decode).
    pub fn nested<R>(&mut self, inner: &Inner<R>) -> Result<R> {
        let positions = self.next(inner.width);
        (inner.read)(self.row, positions)
    }

    /// A struct inside that may not be there.
    ///
    /// # Errors
    /// [`Error::Decode`](crate::Error::Decode).
    pub fn nested_or_none<R>(&mut self, inner: &Inner<R>) -> Result<Option<R>> {
        let positions = self.next(inner.width);
        (inner.read_or_none)(self.row, positions)
    }
}

macro_rules! tuples {
    ($($name:ident $at:literal),*) => {
        #[diagnostic::do_not_recommend]
        impl<$($name: SqlType),*> FromRow for ($($name,)*) {
            const WIDTH: usize = [$($at),*].len();

            fn positions(columns: &ColumnNames<'_>) -> Result<Vec<usize>> {
                let wanted = Self::WIDTH;
                if columns.names.len() == wanted {
                    Ok((0..wanted).collect())
                } else {
                    Err(Error::invalid(format!(
                        "a tuple of {wanted} was asked for, and the result has {} columns: {}",
                        columns.names.len(),
                        columns.names.join(", ")
                    )))
                }
            }

            fn from_row(row: &Row, positions: &[usize]) -> Result<Self> {
                Ok(($(row.get::<$name>(positions[$at])?,)*))
            }
        }
    };
}

tuples!(A 0);
tuples!(A 0, B 1);
tuples!(A 0, B 1, C 2);
tuples!(A 0, B 1, C 2, D 3);
tuples!(A 0, B 1, C 2, D 3, E 4);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, M 12);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, M 12, N 13);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, M 12, N 13, O 14);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, M 12, N 13, O 14, P 15);
