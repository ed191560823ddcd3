//! [`ValidationError`]: rows that were refused before anything was sent. Made by the session, from what hooks say.

use std::fmt;

/// What is wrong with the rows of a flush: everything that their hooks rejected, not the first mistake alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValidationError {
    /// The rejected fields, in the order in which they were found.
    pub rejections: Vec<Rejection>,
}

/// A field that was rejected, and why. Holds no value of the row, unless whoever rejected it wrote one into the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// The model: `Product`.
    pub model: &'static str,
    /// The field in Rust: `price`.
    pub field: &'static str,
    /// What is wrong with it.
    pub message: String,
}

impl ValidationError {
    /// What is wrong with one field.
    ///
    /// ```
    /// use orm_core::error::ValidationError;
    /// # use orm_core::error::Rejection;
    ///
    /// fn under(error: &ValidationError, field: &str) -> Vec<String> {
    ///     error.of(field).map(str::to_owned).collect()
    /// }
    /// # let rejections = vec![Rejection { model: "Product", field: "price", message: "is negative".to_owned() }];
    /// # assert_eq!(under(&ValidationError { rejections }, "price"), ["is negative"]);
    /// ```
    pub fn of(&self, field: &str) -> impl Iterator<Item = &str> {
        self.rejections
            .iter()
            .filter(move |rejection| rejection.field == field)
            .map(|rejection| rejection.message.as_str())
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}.{}` {}", self.model, self.field, self.message)
    }
}

impl fmt::Display for ValidationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nothing was sent, because rows were rejected: ")?;
        for (at, rejection) in self.rejections.iter().enumerate() {
            if at > 0 {
                f.write_str("; ")?;
            }
            rejection.fmt(f)?;
        }
        Ok(())
    }
}
