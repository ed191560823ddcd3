//! [`FromRow`]: rows of hand-written SQL into tuples, structs and models.

use super::Row;
use crate::error::{Error, Result};
use crate::types::SqlType;

/// The names of a result's columns, in their order.
#[derive(Debug)]
pub struct ColumnNames<'a>(pub &'a [&'a str]);

impl ColumnNames<'_> {
    /// Where the column of this name stands. Called by derived code.
    ///
    /// # Errors
    /// [`Error::Invalid`] that lists what there is.
    pub fn position(&self, target: &str, name: &str) -> Result<usize> {
        self.0
            .iter()
            .position(|other| *other == name)
            .ok_or_else(|| {
                Error::invalid(format!(
                    "`{target}` wants a column `{name}`, and the result has {}",
                    self.0.join(", ")
                ))
            })
    }
}

/// What a row of hand-written SQL can be read into: a tuple by position, a struct with `#[derive(FromRow)]` or a model
/// by the names of its columns.
#[diagnostic::on_unimplemented(
    message = "a row cannot be read into `{Self}`",
    label = "expected a tuple, a model, or a struct with `#[derive(FromRow)]`",
    note = "one column is a tuple of one: `(i64,)`"
)]
pub trait FromRow: Sized + 'static {
    /// Where in the row each field stands. Asked once a result, not once a row.
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

macro_rules! tuples {
    ($($name:ident $at:literal),*) => {
        #[diagnostic::do_not_recommend]
        impl<$($name: SqlType),*> FromRow for ($($name,)*) {
            fn positions(columns: &ColumnNames<'_>) -> Result<Vec<usize>> {
                let wanted = [$($at),*].len();
                if columns.0.len() == wanted {
                    Ok(Vec::new())
                } else {
                    Err(Error::invalid(format!(
                        "a tuple of {wanted} was asked for, and the result has {} columns: {}",
                        columns.0.len(),
                        columns.0.join(", ")
                    )))
                }
            }

            fn from_row(row: &Row, _: &[usize]) -> Result<Self> {
                Ok(($(row.get::<$name>($at)?,)*))
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
