//! A stand-in: queries.

use std::marker::PhantomData;

/// The whole entity in a select list.
#[derive(Debug)]
pub struct All<S>(PhantomData<fn() -> S>);

impl<S> All<S> {
    /// The constant.
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Self {
        All(PhantomData)
    }
}

/// A query of a whole model.
pub type EntityQuery<M> = Query<M>;

/// A query.
#[derive(Debug)]
pub struct Query<M>(PhantomData<fn() -> M>);

/// A query of a whole model.
pub fn entity<M>() -> EntityQuery<M> {
    Query(PhantomData)
}
