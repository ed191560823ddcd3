//! What can go wrong before a test has its database.
//!
//! Everything in this folder fails with a [`Failure`]; [`database`](super::database) turns it into the crate's
//! [`Error`] at the public edge. A type of its own, because one failed start is remembered and handed to every test of
//! the process, and so has to be `Clone`.

use crate::error::Error;

#[derive(Clone, Debug)]
pub(super) enum Failure {
    /// The machine or an environment variable is not as it must be: the reader has to change something.
    Config(String),
    /// A server is there, or should be, and does not answer as it must.
    Connection(String),
}

impl Failure {
    pub(super) fn config(message: impl Into<String>) -> Self {
        Failure::Config(message.into())
    }

    pub(super) fn connection(message: impl Into<String>) -> Self {
        Failure::Connection(message.into())
    }

    /// The text alone, for a message that takes this one in.
    #[cfg(unix)]
    pub(super) fn into_message(self) -> String {
        match self {
            Failure::Config(message) | Failure::Connection(message) => message,
        }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Config(message) => Error::config(message),
            Failure::Connection(message) => Error::connection(message),
        }
    }
}
