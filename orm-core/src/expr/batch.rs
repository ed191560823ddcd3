//! [`Batch`]: many rows as one array a column. The renderer makes rows of them again, with `unnest`.
//!
//! A column that is itself an array travels in text form, because `unnest` would take an array of arrays apart to the
//! last element.

use bytes::BytesMut;

use crate::types::{ArrayWriter, Param, PgType, SqlType, TypeKind};

/// Rows that travel as one array a column.
///
/// ```
/// use orm_core::expr::Batch;
///
/// // Two rows in which every column is left to its DEFAULT.
/// let rows = Batch { columns: Vec::new(), rows: 2 };
/// assert_eq!(rows.rows, 2);
/// ```
#[derive(Debug, Clone)]
pub struct Batch {
    /// The columns.
    pub columns: Vec<BatchColumn>,
    /// How many rows there are; said apart for rows without columns.
    pub rows: usize,
}

/// A column of the rows that `unnest` makes, in a [`Batch`].
#[derive(Debug, Clone)]
pub struct BatchColumn {
    pub(crate) name: String,
    pub(crate) param: Param,
    /// The cast of the whole array: `int4[]`.
    pub(crate) array: &'static PgType,
    /// The cast of each element, for a column that travels in text form.
    pub(crate) element: Option<&'static PgType>,
}

impl BatchColumn {
    /// One column of many rows as one array; `encode` appends a row's value, or gives false for NULL.
    pub(crate) fn new<R>(
        name: String,
        ty: &'static PgType,
        rows: impl IntoIterator<Item = R>,
        mut encode: impl FnMut(R, &mut BytesMut) -> bool,
    ) -> Self {
        let rows = rows.into_iter();
        let mut array = ArrayWriter::with_room(rows.size_hint().0);
        if matches!(ty.kind, TypeKind::Array(_)) {
            let mut bytes = BytesMut::new();
            for row in rows {
                bytes.clear();
                let text = encode(row, &mut bytes).then(|| {
                    let mut text = String::new();
                    (ty.show)(&bytes, &mut text);
                    text
                });
                array.push(&text);
            }
            let text = <Vec<String> as SqlType>::TYPE;
            return BatchColumn {
                name,
                param: array.into_param(text),
                array: text,
                element: Some(ty),
            };
        }
        for row in rows {
            array.push_with(|out| encode(row, out));
        }
        BatchColumn {
            name,
            param: array.into_param_of(ty),
            array: ty,
            element: None,
        }
    }
}
