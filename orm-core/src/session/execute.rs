//! Queries on a session: autoflush, entities from rows, loads, bulk writes that keep the session in step.

use std::collections::HashSet;

use super::key::KeyBytes;
use super::load_joined::Loading;
use super::savepoint::{Nested, NoAutoflush};
use super::{Session, State};
use crate::error::{Error, Result};
use crate::expr::Select;
use crate::model::{Handle, Model, RawHandle, Row, RowReader, Table};
use crate::query::{Bulk, Executor, Loads, Statement};

impl Session {
    /// What goes before every read: autoflush.
    pub(super) async fn before_read(&mut self) -> Result<()> {
        self.ready().await?;
        if self.autoflush && self.has_changes() {
            self.flush().await?;
        }
        Ok(())
    }

    /// Runs a bulk UPDATE or DELETE. Where entities of the table are in the session, RETURNING says which of them were
    /// changed, and to what.
    async fn run_bulk(&mut self, mut bulk: Bulk) -> Result<u64> {
        let table = bulk.table;
        if self.options.is_read_only() {
            return Err(Error::invalid(format!(
                "this session is read-only, and this is a bulk UPDATE or DELETE of `{}`: use `engine.session()`",
                table.name
            )));
        }
        self.restrict_bulk(&mut bulk);
        let number = self.arena_number(table);
        if self.arenas[number as usize].slots().keys.is_empty() {
            return self.send_counted(&bulk.statement(&[])).await;
        }
        let set = bulk.assignments.iter().flatten().map(|(column, _)| *column);
        let mut returning: Vec<u16> = table.primary_key.to_vec();
        let new: Vec<u16> = set.filter(|column| !returning.contains(column)).collect();
        returning.extend(&new);
        let rows = self.send(&bulk.statement(&returning)).await?;
        for row in &rows {
            let Some(handle) = self.known_entity(table, row) else {
                continue;
            };
            if bulk.assignments.is_none() {
                self.buried(handle);
                continue;
            }
            self.save(handle);
            let keys = table.primary_key.len();
            let columns: HashSet<u16> = new.iter().copied().collect();
            for (at, column) in new.iter().enumerate() {
                let value = row.raw(keys + at);
                let written = self.store_mut(handle).write(handle.index, *column, value);
                self.or_fail(written)?;
            }
            let columns: Vec<u16> = columns.into_iter().collect();
            self.store_mut(handle).rebase(handle.index, &columns);
            let moved = columns.iter().copied().collect();
            self.follow_row(handle, moved);
        }
        Ok(rows.len() as u64)
    }

    /// The entity whose key stands at the beginning of a row.
    pub(super) fn known_entity(&self, table: &'static Table, row: &Row) -> Option<RawHandle> {
        let key = KeyBytes::in_front_of(row, table.primary_key.len())?;
        let slots = self.arenas[*self.arena_of.get(&table.id())? as usize].slots();
        let index = *slots.keys.get(&key)?;
        let handle = slots.handle(index);
        (self.raw_state(handle) == State::Persistent).then_some(handle)
    }
}

impl Executor for Session {
    type Entity<M: Model> = Handle<M>;

    async fn before_query(&mut self) -> Result<()> {
        self.before_read().await
    }

    async fn fetch(&mut self, statement: Statement) -> Result<Vec<Row>> {
        self.send(&statement).await
    }

    async fn execute(&mut self, statement: Statement) -> Result<u64> {
        self.send_counted(&statement).await
    }

    async fn write(&mut self, bulk: Bulk) -> Result<u64> {
        self.run_bulk(bulk).await
    }

    fn read_mode(&mut self, refresh: bool) {
        self.refresh_rows = refresh;
    }

    fn restrict(&mut self, select: &mut Select) {
        self.restrict_query(select);
    }

    fn entity<M: Model>(&mut self, row: &mut RowReader<'_>) -> Result<Handle<M>> {
        let handle = self.read_entity(M::TABLE, row, self.refresh_rows)?;
        if let Some(loading) = &mut self.loading {
            loading.note(M::TABLE, handle);
        }
        Ok(Handle::from_raw(handle))
    }

    #[track_caller]
    fn row<'a, M: Model>(&'a self, entity: &'a Handle<M>) -> &'a M {
        &self[*entity]
    }

    fn begin_loads(&mut self, loads: &Loads) -> Result<()> {
        self.loading = Some(Loading::new(loads.root));
        Ok(())
    }

    fn joined_loads(&mut self, loads: &Loads, row: &mut RowReader<'_>) -> Result<bool> {
        self.read_joined_row(loads, row)
    }

    async fn finish_loads(&mut self, loads: Loads) -> Result<()> {
        self.finish_loading(loads).await
    }
}

macro_rules! through {
    ($($guard:ident),*) => { $(
        /// As on the session itself.
        impl Executor for $guard<'_> {
            type Entity<M: Model> = Handle<M>;

            async fn before_query(&mut self) -> Result<()> {
                (**self).before_query().await
            }

            async fn fetch(&mut self, statement: Statement) -> Result<Vec<Row>> {
                (**self).fetch(statement).await
            }

            async fn execute(&mut self, statement: Statement) -> Result<u64> {
                (**self).execute(statement).await
            }

            async fn write(&mut self, bulk: Bulk) -> Result<u64> {
                (**self).write(bulk).await
            }

            fn read_mode(&mut self, refresh: bool) {
                (**self).read_mode(refresh);
            }

            fn restrict(&mut self, select: &mut Select) {
                (**self).restrict(select);
            }

            fn entity<M: Model>(&mut self, row: &mut RowReader<'_>) -> Result<Handle<M>> {
                (**self).entity::<M>(row)
            }

            #[track_caller]
            fn row<'a, M: Model>(&'a self, entity: &'a Handle<M>) -> &'a M {
                &self[*entity]
            }

            fn begin_loads(&mut self, loads: &Loads) -> Result<()> {
                (**self).begin_loads(loads)
            }

            fn joined_loads(&mut self, loads: &Loads, row: &mut RowReader<'_>) -> Result<bool> {
                (**self).joined_loads(loads, row)
            }

            async fn finish_loads(&mut self, loads: Loads) -> Result<()> {
                (**self).finish_loads(loads).await
            }
        }
    )* };
}

through!(Nested, NoAutoflush);
