//! [`ValidationError`]: rows that were refused before anything was sent. Made by the session, from what hooks say of the
//! rows of a flush, and from a JSON document that does not fit its models.

use std::borrow::Cow;
use std::fmt;

/// What is wrong with the rows of a flush, or with a JSON document: everything, not the first mistake alone. A web service
/// answers it with 422 and the list.
///
/// ```
/// use orm_core::Error;
///
/// fn body(error: &Error) -> Option<Vec<(String, String)>> {
///     let problems = error.validation()?.rejections.iter();
///     Some(problems.map(|problem| (problem.field.to_string(), problem.message.clone())).collect())
/// }
/// # use orm_core::error::{Rejection, ValidationError};
/// # let rejections = vec![Rejection { model: "Order", field: "items[2].quantity".into(), message: "is missing".to_owned() }];
/// # let error = Error::Validation(Box::new(ValidationError { rejections }));
/// # assert_eq!(body(&error).unwrap(), [("items[2].quantity".to_owned(), "is missing".to_owned())]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValidationError {
    /// The rejected fields, in the order in which they were found.
    pub rejections: Vec<Rejection>,
}

/// A field that was rejected, and why. Holds no value of the row, unless whoever rejected it wrote one into the message.
///
/// ```
/// use orm_core::error::Rejection;
///
/// let one = Rejection { model: "Product", field: "price".into(), message: "is negative".to_owned() };
/// assert_eq!(one.to_string(), "`Product.price` is negative");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// The model: `Product`; of JSON, the one of the whole document.
    pub model: &'static str,
    /// The field in Rust: `price`. Of JSON, the path to it: `items[2].quantity`, empty for the whole document.
    pub field: Cow<'static, str>,
    /// What is wrong with it. It goes on where the field's name ends: `is missing`.
    pub message: String,
}

impl ValidationError {
    /// What is wrong with one field, or at one path.
    ///
    /// ```
    /// use orm_core::error::ValidationError;
    /// # use orm_core::error::Rejection;
    ///
    /// fn under(error: &ValidationError, field: &str) -> Vec<String> {
    ///     error.of(field).map(str::to_owned).collect()
    /// }
    /// # let rejections = vec![Rejection { model: "Product", field: "price".into(), message: "is negative".to_owned() }];
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
        let dot = if self.field.is_empty() { "" } else { "." };
        let (model, field, message) = (self.model, &self.field, &self.message);
        write!(f, "`{model}{dot}{field}` {message}")
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
