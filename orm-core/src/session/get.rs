//! [`Get`] and [`Refresh`]: `get` and `refresh` as values that are awaited, so that `.with(..)` can stand behind them.

use std::marker::PhantomData;

use super::Session;
use super::key::KeyBytes;
use super::load_joined::Gathered;
use crate::error::{Error, Result};
use crate::expr::{Item, Select, TableRef};
use crate::model::{Handle, Model, RawHandle, RowReader, Table};
use crate::query::{LoadStep, Loads, Running, StartsAt, merge};

/// What [`Session::get`] gives: awaited, it is the entity, or `None`.
#[must_use = "nothing is read until it is awaited"]
pub struct Get<'db, M> {
    db: &'db mut Session,
    key: Option<KeyBytes>,
    steps: Vec<LoadStep>,
    model: PhantomData<fn() -> M>,
}

/// What [`Session::refresh`] gives: to be awaited.
#[must_use = "nothing is read until it is awaited"]
pub struct Refresh<'db, M> {
    db: &'db mut Session,
    handle: Handle<M>,
    steps: Vec<LoadStep>,
}

impl<'db, M: Model> Get<'db, M> {
    pub(super) fn new(db: &'db mut Session, key: Option<KeyBytes>) -> Self {
        Get {
            db,
            key,
            steps: Vec::new(),
            model: PhantomData,
        }
    }

    /// Loads a relationship, or a path of them, with the entity: a to-one in the same statement, a to-many by one more, as
    /// `.with(..)` of a query does. Of an entity that needn't be read again it is loaded as by
    /// [`load`](Session::load). SQLAlchemy: `get(.., options=[..])`.
    pub fn with<P: StartsAt<M>>(mut self, path: P) -> Self {
        merge(&mut self.steps, path.into_steps());
        self
    }
}

impl<'db, M: Model> IntoFuture for Get<'db, M> {
    type Output = Result<Option<Handle<M>>>;
    type IntoFuture = Running<'db, Option<Handle<M>>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let Some(key) = self.key else {
                return Ok(None);
            };
            let found = self.db.get_raw(M::TABLE, key, self.steps).await?;
            Ok(found.map(Handle::from_raw))
        })
    }
}

impl<'db, M: Model> Refresh<'db, M> {
    pub(super) fn new(db: &'db mut Session, handle: Handle<M>) -> Self {
        Refresh {
            db,
            handle,
            steps: Vec::new(),
        }
    }

    /// Loads a relationship, or a path of them, with the row: a to-one in the same statement, a to-many by one more.
    pub fn with<P: StartsAt<M>>(mut self, path: P) -> Self {
        merge(&mut self.steps, path.into_steps());
        self
    }
}

impl<'db, M: Model> IntoFuture for Refresh<'db, M> {
    type Output = Result<()>;
    type IntoFuture = Running<'db, ()>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let Refresh { db, handle, steps } = self;
            db.peek(handle)?;
            let key = db.key_before(handle.raw());
            db.expire(handle)?;
            db.before_read().await?;
            let found = match key {
                Some(key) => db.read_by_key(M::TABLE, key, steps, true).await?,
                None => None,
            };
            found.map(drop).ok_or_else(|| Error::NotFound {
                what: format!("the row of this `{}`, to refresh it from", M::TABLE.model),
            })
        })
    }
}

impl Session {
    async fn get_raw(
        &mut self,
        table: &'static Table,
        key: KeyBytes,
        steps: Vec<LoadStep>,
    ) -> Result<Option<RawHandle>> {
        self.ready().await?;
        let mut known = self.fresh(table, &key);
        if (known.is_none() || !steps.is_empty()) && self.autoflush && self.has_changes() {
            self.flush().await?;
            // It may have been pending.
            known = self.fresh(table, &key);
        }
        if let Some(known) = known {
            for step in steps {
                self.load_step(vec![known], step).await?;
            }
            return Ok(Some(known));
        }
        self.read_by_key(table, key, steps, false).await
    }

    /// Reads the row of a key, with relationships.
    async fn read_by_key(
        &mut self,
        table: &'static Table,
        key: KeyBytes,
        steps: Vec<LoadStep>,
        overwrite: bool,
    ) -> Result<Option<RawHandle>> {
        let from = TableRef::of(table);
        let mut select = Select::from(from);
        select.items.push(Item::Whole(from));
        select
            .filters
            .push(self.is_one_of(from, table.primary_key, &[key]));
        let loads = Loads::plan(&mut select, steps);
        let mut gathered = Gathered::default();
        let mut found = None;
        for row in &self.send(&loads.statement(&select)).await? {
            let mut reader = RowReader::new(row);
            let entity = self.read_entity(table, &mut reader, overwrite)?;
            self.read_joined(&loads.joined, &mut reader, Some(entity), &mut gathered)?;
            found = Some(entity);
        }
        self.attach_gathered(&loads.joined, gathered);
        if let Some(entity) = found {
            for step in loads.steps {
                self.load_rest(vec![entity], step).await?;
            }
        }
        Ok(found)
    }
}
