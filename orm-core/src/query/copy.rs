//! [`CopyRows`]: rows on their way into a table by COPY, and what `Model::copy_in` does with them. The engine's `copy` puts
//! them on the wire.

use std::fmt;
use std::pin::Pin;

use bytes::BytesMut;
use futures_util::{Stream, StreamExt};

use super::insert::by_server;
use super::render::write as render;
use super::{Executor, RowOf, Running, Statement};
use crate::error::{Error, Result};
use crate::model::{ColumnSet, Draft, Insertable, Model, Table};

/// A row whose model is forgotten.
pub(crate) trait CopyRow: Send {
    fn given(&self) -> ColumnSet;
    /// Appends the binary form of one column; false, and nothing appended, for NULL.
    fn encode(&self, column: u16, out: &mut BytesMut) -> bool;
}

impl<D: Draft> CopyRow for D {
    fn given(&self) -> ColumnSet {
        Draft::given(self)
    }

    fn encode(&self, column: u16, out: &mut BytesMut) -> bool {
        Draft::encode(self, column, out)
    }
}

type Rows<'a> = Pin<Box<dyn Stream<Item = Result<Box<dyn CopyRow>>> + Send + 'a>>;

/// The rows of one COPY: where they come from, one by one, and the columns of theirs that it writes. What an
/// [`Executor`] is given by `Model::copy_in`.
///
/// ```
#[doc = include_str!("../guide/shop.txt")]
/// let rows = (0..1000).map(|n| Tag::create().word(format!("word {n}")));
/// assert_eq!(Tag::copy_in(rows, &mut db).await?, 1000); // a session is given `CopyRows`, and asks for row after row
/// # Ok(())
/// # }
/// ```
pub struct CopyRows<'a> {
    table: &'static Table,
    columns: Vec<u16>,
    /// Of the columns that the server can fill in, those that the first row has.
    given: ColumnSet,
    first: Option<Box<dyn CopyRow>>,
    rest: Rows<'a>,
    number: u64,
}

impl<'a> CopyRows<'a> {
    /// Takes the first row, which says what the columns are; `None` where there is no row.
    async fn begin(table: &'static Table, mut rows: Rows<'a>) -> Result<Option<Self>> {
        let Some(first) = rows.next().await else {
            return Ok(None);
        };
        let first = first?;
        let columns = super::insert::columns_of(table, first.given());
        if columns.is_empty() {
            return Err(Error::invalid(format!(
                "row 1 for `{}` leaves all columns to the server, and COPY must write one: use `insert`",
                table.name
            )));
        }
        Ok(Some(CopyRows {
            given: left_to_choice(table, first.given()),
            table,
            columns,
            first: Some(first),
            rest: rows,
            number: 0,
        }))
    }

    /// The statement.
    pub(crate) fn sql(&self) -> String {
        render::copy_in(self.table, &self.columns)
    }

    /// A statement that is never run: the types of its parameters are those of the columns.
    pub(crate) fn typed(&self) -> Statement {
        render::typed_insert(self.table, &self.columns)
    }

    pub(crate) fn table(&self) -> &'static Table {
        self.table
    }

    pub(crate) fn columns(&self) -> &[u16] {
        &self.columns
    }

    /// The number of the row that [`next`](CopyRows::next) gave last, from 1.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// The next row.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a row that has other columns than the first; what the stream of rows fails with.
    pub(crate) async fn next(&mut self) -> Result<Option<Box<dyn CopyRow>>> {
        let row = match self.first.take() {
            Some(row) => row,
            None => match self.rest.next().await {
                Some(row) => row?,
                None => return Ok(None),
            },
        };
        self.number += 1;
        let given = left_to_choice(self.table, row.given());
        if given != self.given {
            return Err(self.misfit(given));
        }
        Ok(Some(row))
    }

    fn misfit(&self, given: ColumnSet) -> Error {
        let other = given.iter().find(|column| !self.given.contains(*column));
        let (column, does, first) = match other {
            Some(column) => (column, "gives a value to", "leaves it to the server"),
            None => {
                let missing = self.given.iter().find(|column| !given.contains(*column));
                let column = missing.expect("two sets that differ");
                (column, "gives no value to", "does")
            }
        };
        Error::invalid(format!(
            "row {} for `{}` {does} `{}`, and row 1 {first}: COPY writes the same columns of all rows, so give it in all \
             or in none",
            self.number, self.table.name, self.table.columns[column as usize].name
        ))
    }
}

impl fmt::Debug for CopyRows<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sql())
    }
}

/// Of the columns that a row has, those that it could have left to the server. The others are written anyway, as NULL if
/// need be.
fn left_to_choice(table: &'static Table, given: ColumnSet) -> ColumnSet {
    let choice = |column: &u16| {
        let column = &table.columns[*column as usize];
        by_server(column) && column.computed.is_none()
    };
    given.iter().filter(choice).collect()
}

/// Sends rows by COPY.
pub(super) fn copy_in<'a, M, N, X>(
    rows: impl Stream<Item = Result<N>> + Send + 'a,
    on: &'a mut X,
) -> Running<'a, u64>
where
    M: Model,
    N: Insertable,
    N::Model: RowOf<M>,
    X: Executor,
{
    let table = <N::Model as Model>::TABLE;
    let rows = rows.enumerate().map(move |(at, row)| {
        let new = row?.into_new();
        match new.links.first() {
            None => Ok(Box::new(new.draft) as Box<dyn CopyRow>),
            Some(link) => Err(Error::invalid(format!(
                "row {} for `{}` has `{}` set to an entity, whose key COPY does not know: set the foreign key's column, or \
                 `add` the row to a session",
                at + 1,
                table.name,
                link.relation.path()
            ))),
        }
    });
    let rows: Rows<'a> = Box::pin(rows);
    Running::new(async move {
        match CopyRows::begin(table, rows).await? {
            None => Ok(0),
            Some(mut rows) => {
                on.before_query().await?;
                on.copy_in(&mut rows).await
            }
        }
    })
}
