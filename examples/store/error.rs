//! What can go wrong in the store, as one enum. Errors of the ORM become one of these with `?`.

use std::fmt;

use orm_core::error::ConstraintError;

/// `Result` with the store's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong in the store.
#[derive(Debug)]
pub enum Error {
    /// Somebody asked for something that is not there.
    NotFound(&'static str),
    /// There are fewer of a product than somebody wants.
    InsufficientStock {
        /// The product's name.
        product: String,
        /// How many were asked for.
        wanted: i32,
        /// How many there are.
        available: i32,
    },
    /// The bank said no.
    PaymentFailed,
    /// The database refused a row: the tutorial's `IntegrityError`.
    Integrity(ConstraintError),
    /// What somebody typed in is not as it must be.
    Invalid(&'static str),
    /// Anything else that the ORM reports.
    Orm(orm_core::Error),
}

impl From<orm_core::Error> for Error {
    fn from(error: orm_core::Error) -> Self {
        match error {
            orm_core::Error::Constraint(violation) => Error::Integrity(*violation),
            other => Error::Orm(other),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::NotFound(what) => write!(f, "{what} not found"),
            Error::InsufficientStock {
                product,
                wanted,
                available,
            } => write!(
                f,
                "Insufficient stock for {product}: {wanted} wanted, {available} available"
            ),
            Error::PaymentFailed => f.write_str("Payment failed"),
            Error::Integrity(violation) => write!(f, "Data integrity error: {violation}"),
            Error::Invalid(why) => f.write_str(why),
            Error::Orm(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {}
