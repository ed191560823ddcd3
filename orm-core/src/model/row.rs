//! [`Row`] and [`RowReader`]: a row off the wire, read column by column, straight from its bytes into the struct.

use std::fmt;
use std::sync::Arc;

use tokio_postgres::binary_copy::BinaryCopyOutRow;
use tokio_postgres::types::{FromSql, Type};

use super::Table;
use crate::error::{Error, Result};
use crate::types::{DecodeError, Raw, SqlType};

/// A row that the server sent. SQLAlchemy: `Row`.
///
/// ```
#[doc = include_str!("../guide/shop.txt")]
/// let rows = engine.acquire().await?.fetch_all::<(i32, String)>("SELECT id, word FROM tags ORDER BY id").await?;
/// assert_eq!(rows[0], (1, "new".to_owned())); // a `Row` is what `FromRow` reads these from
/// # Ok(())
/// # }
/// ```
pub struct Row(Came);

/// By what it came.
enum Came {
    Answer(tokio_postgres::Row),
    Copy(BinaryCopyOutRow, Arc<[(String, Type)]>),
}

impl Row {
    pub(crate) fn new(row: tokio_postgres::Row) -> Self {
        Row(Came::Answer(row))
    }

    /// A row of a COPY, and what its columns are.
    pub(crate) fn copied(row: BinaryCopyOutRow, columns: Arc<[(String, Type)]>) -> Self {
        Row(Came::Copy(row, columns))
    }

    /// The number of columns.
    pub fn len(&self) -> usize {
        match &self.0 {
            Came::Answer(row) => row.len(),
            Came::Copy(_, columns) => columns.len(),
        }
    }

    /// Whether it has no columns.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The column's name at a position.
    ///
    /// # Panics
    /// When there is no such position.
    pub fn name(&self, at: usize) -> &str {
        match &self.0 {
            Came::Answer(row) => row.columns()[at].name(),
            Came::Copy(_, columns) => &columns[at].0,
        }
    }

    /// The value at a position, undecoded.
    ///
    /// # Panics
    /// When there is no such position.
    #[inline]
    pub fn raw(&self, at: usize) -> Raw<'_> {
        let ty = match &self.0 {
            Came::Answer(row) => row.columns()[at].type_(),
            Came::Copy(_, columns) => &columns[at].1,
        };
        Raw::in_column(self.bytes(at), ty)
    }

    /// The bytes of the value at a position; `None` is NULL.
    ///
    /// # Panics
    /// When there is no such position.
    #[inline]
    pub(crate) fn bytes(&self, at: usize) -> Option<&[u8]> {
        // `get` asks no more than that there is such a column, and makes no error where there is none.
        let Undecoded(bytes) = match &self.0 {
            Came::Answer(row) => row.get(at),
            Came::Copy(row, _) => row.get(at),
        };
        bytes
    }

    /// The value at a position.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// use orm_core::query::{Executor, Statement};
    ///
    /// let rows = db.fetch(Statement::plain("SELECT id, word FROM tags ORDER BY id")).await?;
    /// let row = &rows[0];
    /// assert_eq!((row.len(), row.is_empty(), row.name(1)), (2, false, "word"));
    /// assert_eq!(row.get::<String>(1)?, "new");
    /// assert_eq!(row.raw(1).bytes, Some("new".as_bytes()));
    /// assert!(row.get::<i32>(1).is_err()); // names the column
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Decode`], which names the column.
    pub fn get<T: SqlType>(&self, at: usize) -> Result<T> {
        T::decode(self.raw(at)).map_err(|error| self.misread(at, error))
    }

    #[cold]
    fn misread(&self, at: usize, DecodeError(why): DecodeError) -> Error {
        Error::Decode {
            table: "the result".to_owned(),
            column: self.name(at).to_owned(),
            why,
        }
    }
}

/// Names, and no values.
impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = (0..self.len()).map(|at| self.name(at));
        f.write_str("Row ")?;
        f.debug_list().entries(names).finish()
    }
}

/// Lets the driver hand a value over as it came.
struct Undecoded<'a>(Option<&'a [u8]>);

impl<'a> FromSql<'a> for Undecoded<'a> {
    fn from_sql(
        _: &Type,
        bytes: &'a [u8],
    ) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Undecoded(Some(bytes)))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Undecoded(None))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// The positions of all columns of a row, which are no more than PostgreSQL takes in a select list.
static IN_ORDER: [usize; 1664] = {
    let mut positions = [0; 1664];
    let mut at = 0;
    while at < positions.len() {
        positions[at] = at;
        at += 1;
    }
    positions
};

/// Reads a row from left to right.
///
/// ```
#[doc = include_str!("../guide/shop.txt")]
/// # use orm_core::model::Model as _;
/// use orm_core::model::RowReader;
/// use orm_core::query::{Executor, Statement};
///
/// let rows = db.fetch(Statement::plain("SELECT 7, NULL::text, 'tea', id, word FROM tags ORDER BY id")).await?;
/// let mut reader = RowReader::new(&rows[0]);
/// assert!(reader.is_null(1) && reader.ahead(1).bytes.is_none());
/// assert_eq!(reader.raw().type_name(), "int4"); // 7, undecoded
/// reader.skip(1);
/// assert_eq!(reader.value::<String>()?, "tea");
/// assert_eq!(reader.column::<i32>(Tag::TABLE, 0)?, 1); // an error would name `tags.id`
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct RowReader<'a> {
    row: &'a Row,
    /// Where in the row the columns stand that have not been passed.
    positions: &'a [usize],
    /// The value that was looked up by, and where it stands: a key is asked for before its row is read, and then once more.
    seen: Option<(usize, Raw<'a>)>,
}

impl<'a> RowReader<'a> {
    /// A reader at the first column.
    pub fn new(row: &'a Row) -> Self {
        Self::of_columns(row, &IN_ORDER)
    }

    /// A reader of the columns at these positions, one after the other.
    pub(crate) fn of_columns(row: &'a Row, positions: &'a [usize]) -> Self {
        RowReader {
            row,
            positions,
            seen: None,
        }
    }

    fn next(&mut self) -> usize {
        let next = self.positions.split_first();
        let (next, rest) = next.expect("a row has the columns that are read off it");
        self.positions = rest;
        *next
    }

    /// Reads the next value, which is a column of a table. Called by derived code.
    ///
    /// # Errors
    /// [`Error::Decode`], which names the table and the column.
    pub fn column<T: SqlType>(&mut self, table: &'static Table, column: u16) -> Result<T> {
        T::decode(self.raw()).map_err(|error| table.misread(column, error))
    }

    /// Reads the next value, which is that of an expression.
    ///
    /// # Errors
    /// [`Error::Decode`], which names the column of the result.
    pub fn value<T: SqlType>(&mut self) -> Result<T> {
        let at = self.next();
        self.row.get(at)
    }

    /// Takes the next value as it is.
    pub fn raw(&mut self) -> Raw<'a> {
        let at = self.next();
        match self.seen {
            Some((seen, raw)) if seen == at => raw,
            _ => self.row.raw(at),
        }
    }

    /// Reads a struct off the next columns.
    ///
    /// # Errors
    /// What `read` gives.
    pub(super) fn record<T>(
        &mut self,
        width: usize,
        read: fn(&Row, &[usize]) -> Result<T>,
    ) -> Result<T> {
        let (positions, rest) = self.positions.split_at(width);
        self.positions = rest;
        read(self.row, positions)
    }

    /// Passes over some columns.
    pub fn skip(&mut self, columns: usize) {
        self.positions = self.positions.get(columns..).unwrap_or_default();
    }

    /// The value that lies some columns ahead, as it is; the next one is 0 ahead.
    pub fn ahead(&self, columns: usize) -> Raw<'a> {
        self.row.raw(self.positions[columns])
    }

    /// The value that lies some columns ahead, for who looks the row up by it: it is at hand when the row is read.
    #[inline]
    pub(crate) fn key_ahead(&mut self, columns: usize) -> Raw<'a> {
        let at = self.positions[columns];
        let raw = self.row.raw(at);
        self.seen = Some((at, raw));
        raw
    }

    /// Whether the value that lies some columns ahead is NULL.
    pub fn is_null(&self, columns: usize) -> bool {
        self.row.bytes(self.positions[columns]).is_none()
    }
}
