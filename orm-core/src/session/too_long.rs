//! Which text was too long. The server says how much the column holds, and not which column it is; the flush asks here when a
//! step fails.

use bytes::BytesMut;

use super::Session;
use super::plan::Step;
use crate::error::Error;

/// `string_data_right_truncation`.
const TOO_LONG: &str = "22001";

impl Session {
    /// Names the columns in the error's hint, if that is what a step failed with. No value stands in it.
    pub(super) fn name_too_long(&self, step: &Step, mut error: Error) -> Error {
        if let Error::Query(query) = &mut error
            && query.code.as_deref() == Some(TOO_LONG)
            && query.hint.is_none()
        {
            query.hint = self.too_long(step);
        }
        error
    }

    fn too_long(&self, step: &Step) -> Option<String> {
        let columns = step.table.columns.iter().enumerate();
        let found = columns.filter_map(|(at, column)| {
            let most = column.longest()?;
            let longest = self.longest_of(step, at as u16)?;
            let name = format!("{}.{}", step.table.name, column.name);
            (longest > most).then(|| {
                format!("`{name}` holds {most} characters at most, and a row was given {longest}")
            })
        });
        let found: Vec<_> = found.collect();
        (!found.is_empty()).then(|| found.join("; "))
    }

    /// The most characters that a step's rows have in a column of texts.
    fn longest_of(&self, step: &Step, column: u16) -> Option<usize> {
        let lengths = step.rows.iter().filter_map(|row| {
            let mut bytes = BytesMut::new();
            let given = self.store(*row).encode(row.index, column, &mut bytes);
            let text = given.then(|| std::str::from_utf8(&bytes).ok())??;
            Some(text.chars().count())
        });
        lengths.max()
    }
}
