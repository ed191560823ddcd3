//! Queries on a session: autoflush, entities from rows, loads, bulk writes that keep the session in step.

use std::panic::Location;

use super::ahead::{Ahead, Origin};
use super::key::KeyBytes;
use super::load_joined::Loading;
use super::savepoint::{Nested, NoAutoflush};
use super::{Session, State};
use crate::error::{Error, Result};
use crate::expr::{Item, Node, Select, Write};
use crate::model::{Handle, Model, OnUpdate, RawHandle, Row, RowReader, Table};
use crate::query::render::write::write as statement_of;
use crate::query::{Arriving, CopyRows, Executor, Incoming, Loads, Statement};

impl Session {
    /// What goes before every read: autoflush.
    pub(super) async fn before_read(&mut self) -> Result<()> {
        self.ready().await?;
        if self.autoflush && self.has_changes() {
            self.flush().await?;
        }
        self.forget_reading();
        Ok(())
    }

    /// A read begins. One before it may have failed, or its future was dropped: what it knew is nothing to this one.
    pub(super) fn forget_reading(&mut self) {
        self.refresh_rows = false;
        self.loading = None;
        self.ahead = Ahead::default();
    }

    fn refuse_if_read_only(&self, what: &str, table: &'static Table) -> Result<()> {
        if !self.options.is_read_only() {
            return Ok(());
        }
        Err(Error::invalid(format!(
            "this session is read-only, and this is a {what} of `{}`: use `engine.session()`",
            table.name
        )))
    }

    /// Lets a write say which rows it changed, and to what: their keys, and the columns that it sets or that the server
    /// computes from them. Nothing where no entity could be meant.
    ///
    /// # Errors
    /// [`Error::Invalid`] for new keys of rows that may be entities: RETURNING gives no old key to know them by.
    async fn track(&mut self, write: &mut Write) -> Result<()> {
        let table = write.table.table;
        self.refuse_if_read_only("bulk INSERT, UPDATE or DELETE", table)?;
        self.restrict_write(write);
        let number = self.arena_number(table);
        let known = !self.arenas[number as usize].slots().keys.is_empty();
        // Entities that are read from a DELETE's own rows are deleted, too.
        let reads = write.is_delete() && !write.returning.is_empty();
        let set = write.set_columns();
        let changes = !set.is_empty() || write.is_delete();
        if known && let Some(key) = table.primary_key.iter().find(|key| set.contains(key)) {
            return Err(Error::invalid(format!(
                "a bulk write cannot set `{}.{}` on a session that has rows of `{}`: nobody could tell which of them are \
                 meant; set it on the entities, or run the statement on a connection",
                table.name, table.columns[*key as usize].name, table.name
            )));
        }
        if changes && (known || reads) {
            let all = !write.is_delete() && self.fires_on_update(table).await?.before;
            let columns = tracked(table, &set, write.is_delete(), all);
            let from = write.table;
            let columns = columns.map(|column| Item::Expr(Node::Column(from, column)));
            write.returning.extend(columns);
        }
        Ok(())
    }

    /// Brings entities in step with the rows that a write returned, whose tracked columns begin at `own`.
    fn follow_write(&mut self, write: &Write, own: usize, rows: &[Row]) -> Result<()> {
        let tracked = write.returned() - own;
        if tracked == 0 {
            return Ok(());
        }
        let table = write.table.table;
        let keys = table.primary_key.len();
        let behind_keys = &write.returning[write.returning.len() - tracked + keys..];
        let new: Vec<u16> = behind_keys.iter().filter_map(column_of).collect();
        let stale = self
            .engine
            .triggers_of(table)
            .is_some_and(|triggers| triggers.on_update.beside);
        for row in rows {
            let Some(handle) = self.known_entity(table, row, own) else {
                continue;
            };
            if write.is_delete() {
                self.buried(&[handle]);
                continue;
            }
            self.save(handle);
            for (at, column) in new.iter().enumerate() {
                let value = row.raw(own + keys + at);
                let written = self.store_mut(handle).write(handle.index, *column, value);
                self.or_fail(written)?;
            }
            self.store_mut(handle).rebase(handle.index, &new);
            if stale {
                self.make_stale(handle);
            }
            self.follow_row(handle, new.iter().copied().collect());
        }
        Ok(())
    }

    /// The entity whose key begins at a column of a row.
    pub(super) fn known_entity(
        &self,
        table: &'static Table,
        row: &Row,
        at: usize,
    ) -> Option<RawHandle> {
        let key = KeyBytes::at(row, at, table.primary_key.len())?;
        let slots = self.arenas[*self.arena_of.get(&table.id())? as usize].slots();
        let index = slots.keys.get(&key)?;
        let handle = slots.handle(index);
        (self.raw_state(handle) == State::Persistent).then_some(handle)
    }
}

/// The columns by which a write is followed: the key, what was set, and what the server makes of that.
/// `all` are wanted where triggers may have changed others, too.
fn tracked(
    table: &'static Table,
    set: &[u16],
    delete: bool,
    all: bool,
) -> impl Iterator<Item = u16> + use<> {
    let mut columns = table.primary_key.to_vec();
    if !delete {
        columns.extend(set);
        let others = table.columns.iter().enumerate();
        let by_server = others.filter(|(_, column)| {
            all || column.computed.is_some() || column.on_update == OnUpdate::Server
        });
        let by_server = by_server.map(|(at, _)| at as u16);
        let known = columns.clone();
        columns.extend(by_server.filter(|column| !known.contains(column)));
    }
    columns.into_iter()
}

/// The column that an item of RETURNING is.
fn column_of(item: &Item) -> Option<u16> {
    match item {
        Item::Expr(Node::Column(_, column)) => Some(*column),
        _ => None,
    }
}

impl Executor for Session {
    type Entity<M: Model> = Handle<M>;

    fn entity<M: Model>(&mut self, row: &mut RowReader<'_>) -> Result<Handle<M>> {
        let handle = self.read_entity(M::TABLE, row, self.refresh_rows)?;
        if let Some(loading) = &mut self.loading {
            loading.note(M::TABLE, handle);
        }
        Ok(Handle::from_raw(handle))
    }

    fn make_room<M: Model>(&mut self, rows: usize) {
        Session::make_room(self, M::TABLE, rows);
    }

    async fn before_query(&mut self) -> Result<()> {
        self.before_read().await
    }

    async fn fetch(&mut self, statement: Statement) -> Result<Vec<Row>> {
        self.send(&statement).await
    }

    async fn open_rows(&mut self, statement: Statement) -> Result<Box<dyn Incoming>> {
        Ok(Box::new(self.send_open(statement).await?))
    }

    fn close_rows(&mut self, end: Result<()>) -> Result<()> {
        self.settle(end)
    }

    async fn stream_rows(&mut self, statement: Statement) -> Result<Arriving<'_>> {
        self.stream_by_cursor(statement).await
    }

    async fn execute(&mut self, statement: Statement) -> Result<u64> {
        self.send_counted(&statement).await
    }

    async fn write(&mut self, mut write: Write) -> Result<u64> {
        self.track(&mut write).await?;
        let statement = statement_of(&write);
        if write.returning.is_empty() {
            return self.send_counted(&statement).await;
        }
        let rows = self.send(&statement).await?;
        self.follow_write(&write, 0, &rows)?;
        Ok(rows.len() as u64)
    }

    async fn write_rows(&mut self, write: &mut Write) -> Result<Vec<Row>> {
        self.track(write).await?;
        self.send(&statement_of(write)).await
    }

    async fn copy_in(&mut self, rows: &mut CopyRows<'_>) -> Result<u64> {
        self.refuse_if_read_only("COPY", rows.table())?;
        self.send_copy(rows).await
    }

    async fn copy_out(&mut self, select: Select) -> Result<Arriving<'_>> {
        self.copy_rows_out(select).await
    }

    async fn fetch_and_undo(&mut self, statement: Statement) -> Result<Vec<Row>> {
        self.send_and_undo(&statement).await
    }

    fn restrict_write(&mut self, write: &mut Write) {
        Session::restrict_write(self, write);
    }

    fn written(&mut self, write: &Write, own: usize, rows: &[Row]) -> Result<()> {
        self.follow_write(write, own, rows)
    }

    fn read_mode(&mut self, refresh: bool) {
        self.refresh_rows = refresh;
    }

    fn restrict(&mut self, select: &mut Select) {
        self.restrict_read(select);
    }

    fn asked(&mut self, of: &'static Table, statement: &Statement, at: &'static Location<'static>) {
        self.note_statement(of, statement, at);
    }

    #[track_caller]
    fn row<'a, M: Model>(&'a self, entity: &'a Handle<M>) -> &'a M {
        &self[*entity]
    }

    fn begin_loads(&mut self, loads: &Loads) -> Result<()> {
        self.loading = Some(Loading::new(loads.root));
        Ok(())
    }

    async fn fetch_leading(
        &mut self,
        statement: Statement,
        select: &Select,
        loads: &mut Loads,
    ) -> Result<Vec<Row>> {
        self.send_leading(statement, Origin::Query(select), loads)
            .await
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

            fn entity<M: Model>(&mut self, row: &mut RowReader<'_>) -> Result<Handle<M>> {
                (**self).entity::<M>(row)
            }

            fn make_room<M: Model>(&mut self, rows: usize) {
                Executor::make_room::<M>(&mut **self, rows);
            }

            async fn before_query(&mut self) -> Result<()> {
                (**self).before_query().await
            }

            async fn fetch(&mut self, statement: Statement) -> Result<Vec<Row>> {
                (**self).fetch(statement).await
            }

            async fn open_rows(&mut self, statement: Statement) -> Result<Box<dyn Incoming>> {
                (**self).open_rows(statement).await
            }

            fn close_rows(&mut self, end: Result<()>) -> Result<()> {
                (**self).close_rows(end)
            }

            async fn stream_rows(&mut self, statement: Statement) -> Result<Arriving<'_>> {
                (**self).stream_rows(statement).await
            }

            async fn execute(&mut self, statement: Statement) -> Result<u64> {
                (**self).execute(statement).await
            }

            async fn write(&mut self, write: Write) -> Result<u64> {
                (**self).write(write).await
            }

            async fn write_rows(&mut self, write: &mut Write) -> Result<Vec<Row>> {
                (**self).write_rows(write).await
            }

            async fn copy_in(&mut self, rows: &mut CopyRows<'_>) -> Result<u64> {
                (**self).copy_in(rows).await
            }

            async fn copy_out(&mut self, select: Select) -> Result<Arriving<'_>> {
                (**self).copy_out(select).await
            }

            async fn fetch_and_undo(&mut self, statement: Statement) -> Result<Vec<Row>> {
                (**self).fetch_and_undo(statement).await
            }

            fn restrict_write(&mut self, write: &mut Write) {
                Session::restrict_write(self, write);
            }

            fn written(&mut self, write: &Write, own: usize, rows: &[Row]) -> Result<()> {
                (**self).written(write, own, rows)
            }

            fn read_mode(&mut self, refresh: bool) {
                (**self).read_mode(refresh);
            }

            fn restrict(&mut self, select: &mut Select) {
                (**self).restrict(select);
            }

            fn asked(
                &mut self,
                of: &'static Table,
                statement: &Statement,
                at: &'static Location<'static>,
            ) {
                (**self).asked(of, statement, at);
            }

            #[track_caller]
            fn row<'a, M: Model>(&'a self, entity: &'a Handle<M>) -> &'a M {
                &self[*entity]
            }

            fn begin_loads(&mut self, loads: &Loads) -> Result<()> {
                (**self).begin_loads(loads)
            }

            async fn fetch_leading(
                &mut self,
                statement: Statement,
                select: &Select,
                loads: &mut Loads,
            ) -> Result<Vec<Row>> {
                (**self).fetch_leading(statement, select, loads).await
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
