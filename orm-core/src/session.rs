//! A stand-in: sessions.

use std::any::Any;

use crate::model::{Insertable, Model};

/// Where a session keeps a model's rows.
pub fn arena<M: Model>() -> Box<dyn Any> {
    Box::new(std::marker::PhantomData::<fn() -> M>)
}

/// Takes what a session would take.
pub fn add<I: Insertable>(new: I) -> crate::model::New<<I as crate::model::OfModel>::Model> {
    new.into_new()
}
