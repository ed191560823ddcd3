//! A stand-in: columns as typed constants.

use std::fmt;
use std::marker::PhantomData;

use crate::error::{Error, Result};
use crate::model::{Model, Source};

/// A column of a model.
pub struct Column<S, T> {
    position: u16,
    types: PhantomData<fn() -> (S, T)>,
}

impl<S, T> Column<S, T> {
    /// The constant. Called by derived code.
    #[doc(hidden)]
    pub const fn new(position: u16) -> Self {
        Column {
            position,
            types: PhantomData,
        }
    }

    /// The position in the table's description.
    pub const fn position(&self) -> u16 {
        self.position
    }
}

impl<S, T> Clone for Column<S, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S, T> Copy for Column<S, T> {}

impl<S, T> fmt::Debug for Column<S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column {}", self.position)
    }
}

/// A column found by its name.
#[derive(Debug)]
pub struct NamedColumn<S> {
    /// The position.
    pub position: u16,
    source: PhantomData<fn() -> S>,
}

impl<S: Source> NamedColumn<S> {
    /// Finds a column by its name.
    ///
    /// # Errors
    /// There is none of this name.
    pub fn find(name: &str) -> Result<Self> {
        match S::Model::TABLE.column(name) {
            Some((position, _)) => Ok(NamedColumn {
                position,
                source: PhantomData,
            }),
            None => Err(Error::invalid(format!("no column `{name}`"))),
        }
    }
}

/// Lets an enum's values stand in expressions.
#[doc(hidden)]
#[macro_export]
macro_rules! __value_type {
    ($name:ident) => {};
}

#[doc(inline)]
pub use crate::__value_type as value_type;
