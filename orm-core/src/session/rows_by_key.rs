//! Rows by their keys, sent for and read: what `by_key` asks for, and what merges and documents look up.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::Session;
use super::ahead::Origin;
use super::by_key::Ask;
use super::hash::{FastMap, FastSet};
use super::key::KeyBytes;
use super::load_joined::Gathered;
use super::singles::Single;
use crate::error::{Error, Result};
use crate::expr::{Item, Lock, Node, OrderNode, Select, TableRef};
use crate::model::{ColumnSet, RawHandle, Row, RowReader, Table};
use crate::query::{LoadStep, Loads, Statement, read_all, render};
use crate::types::Param;

impl Session {
    /// What a get finds without any statement, and without relationships to load behind it.
    pub(super) fn at_hand(
        &mut self,
        table: &'static Table,
        key: &KeyBytes,
        ask: &Ask,
    ) -> Option<RawHandle> {
        if !self.is_ready() || ask.asks_server() || !ask.loads.is_empty() {
            return None;
        }
        self.fresh(table, key)
    }

    pub(super) async fn get_raw(
        &mut self,
        table: &'static Table,
        key: KeyBytes,
        ask: Ask,
    ) -> Result<Option<RawHandle>> {
        self.ready().await?;
        self.forget_reading();
        let again = ask.asks_server();
        let mut found = self.fresh(table, &key).filter(|_| !again);
        if found.is_none() && self.autoflush && self.has_changes() {
            self.flush().await?;
            // It may have been pending.
            found = self.fresh(table, &key).filter(|_| !again);
        }
        if found.is_none() {
            self.note_single(Single::Get(table), ask.at);
            if ask.lock.is_none() && ask.loads.is_empty() && !self.restricts(ask.unfiltered) {
                return self.get_alone(table, &key, again).await;
            }
            let mut select = self.select_by_key(table, table.primary_key, &[key]);
            select.lock = ask.lock;
            select.unfiltered = ask.unfiltered;
            let mut loads = Loads::plan(&mut select, ask.loads);
            self.restrict_read(&mut select);
            let found = self.read_with(&select, &mut loads, again).await?;
            let entity = found.first().copied();
            self.load_rests(found, loads.steps).await?;
            self.path_is_loaded();
            return Ok(entity);
        }
        if let Some(found) = found
            && !ask.loads.is_empty()
        {
            self.before_read().await?;
            self.load_with(&[found], ask.loads, ask.unfiltered).await?;
        }
        Ok(found)
    }

    /// The row of a key and nothing else: what `get` is in most programs.
    async fn get_alone(
        &mut self,
        table: &'static Table,
        key: &KeyBytes,
        overwrite: bool,
    ) -> Result<Option<RawHandle>> {
        let statement = statement_by_key(table, key);
        let mut found = None;
        let mut rows = self.send_open(statement).await?;
        let (end, reading) = read_all(&mut rows, |row| {
            found = Some(self.read_entity(table, &mut RowReader::new(row), overwrite)?);
            Ok(())
        })
        .await;
        self.settle(end)?;
        reading?;
        Ok(found)
    }

    /// The entity of a key, if it is known and needn't be read again.
    pub(super) fn fresh(&mut self, table: &'static Table, key: &KeyBytes) -> Option<RawHandle> {
        if self.hides(table) {
            return None;
        }
        let number = self.arena_number(table);
        let slots = self.arenas[number as usize].slots();
        let index = slots.keys.get(key)?;
        let head = slots.heads[index as usize];
        (head.epoch == self.epoch || head.is_touched()).then(|| slots.handle(index))
    }

    /// The entities of some keys that the session or the database has, for who asks for several at once: one SELECT a table,
    /// for those that the session doesn't know or that are stale.
    pub(super) async fn find_by_keys(
        &mut self,
        keys: Vec<(&'static Table, KeyBytes)>,
    ) -> Result<Found> {
        let mut found = Found::default();
        let mut missing: BTreeMap<u16, (&'static Table, Vec<KeyBytes>)> = BTreeMap::new();
        for (table, key) in keys {
            if let Some(handle) = self.fresh(table, &key) {
                found.insert((table.id(), key), handle);
                continue;
            }
            let number = self.arena_number(table);
            let (_, keys) = missing.entry(number).or_insert((table, Vec::new()));
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        for (table, keys) in missing.into_values() {
            let mut select = self.select_by_key(table, table.primary_key, &keys);
            self.restrict_read(&mut select);
            for row in &self.send(&render::select(&select)).await? {
                let handle = self.read_entity(table, &mut RowReader::new(row), false)?;
                if let Some(key) = self.key_before(handle) {
                    found.insert((table.id(), key), handle);
                }
            }
        }
        Ok(found)
    }

    /// The keys of rows that are to be read again. One alone is counted, since a loop of them would be one statement.
    fn keys_to_refresh(
        &mut self,
        table: &'static Table,
        handles: &[RawHandle],
        ask: &Ask,
    ) -> Vec<KeyBytes> {
        let keys = self.keys_before(handles);
        if keys.len() == 1 {
            self.note_single(Single::Refresh(table), ask.at);
        }
        keys
    }

    /// Changes are given up before rows are read again, and that not before there is a connection to read them on.
    async fn reserve_to_read(&mut self, keys: &[KeyBytes]) -> Result<()> {
        self.ready().await?;
        if keys.is_empty() {
            return Ok(());
        }
        self.reserve().await
    }

    pub(super) async fn refresh_whole(
        &mut self,
        table: &'static Table,
        handles: Vec<RawHandle>,
        ask: Ask,
    ) -> Result<()> {
        let keys = self.keys_to_refresh(table, &handles, &ask);
        self.reserve_to_read(&keys).await?;
        self.expire_rows(&handles);
        self.before_read().await?;
        if !keys.is_empty() {
            let mut select = self.select_by_key(table, table.primary_key, &keys);
            lock(&mut select, ask.lock, keys.len());
            select.unfiltered = ask.unfiltered;
            let mut loads = Loads::plan(&mut select, ask.loads);
            // The row itself is read whatever the criteria say; what is joined to it is not.
            self.restrict_joins(&mut select);
            let found = self.read_with(&select, &mut loads, true).await?;
            found_all(table, &keys, found.len())?;
            self.load_rests(found, loads.steps).await?;
            self.path_is_loaded();
        }
        Ok(())
    }

    /// Sends a SELECT for entities by their keys, and takes them and what was joined to them. Each entity comes once.
    async fn read_with(
        &mut self,
        select: &Select,
        loads: &mut Loads,
        overwrite: bool,
    ) -> Result<Vec<RawHandle>> {
        let table = select.from.table;
        let mut gathered = Gathered::default();
        let mut found = Vec::new();
        let mut seen = FastSet::default();
        let statement = render::select(select);
        let origin = Origin::Query(select);
        for row in &self.send_leading(statement, origin, loads).await? {
            let mut reader = RowReader::new(row);
            let entity = self.read_entity(table, &mut reader, overwrite)?;
            self.read_joined(&loads.joined, &mut reader, Some(entity), &mut gathered)?;
            if seen.insert(entity) {
                found.push(entity);
            }
        }
        self.attach_gathered(&loads.joined, gathered);
        Ok(found)
    }

    /// Loads what was asked for with rows that were not read themselves, or not whole.
    async fn load_with(
        &mut self,
        handles: &[RawHandle],
        loads: Vec<LoadStep>,
        unfiltered: bool,
    ) -> Result<()> {
        for mut step in loads {
            if unfiltered {
                step.leave_out_criteria();
            }
            self.load_step(handles.to_vec(), step).await?;
        }
        Ok(())
    }

    pub(super) async fn refresh_columns(
        &mut self,
        table: &'static Table,
        handles: Vec<RawHandle>,
        columns: Vec<u16>,
        ask: Ask,
    ) -> Result<()> {
        let keys = self.keys_to_refresh(table, &handles, &ask);
        self.reserve_to_read(&keys).await?;
        for handle in &handles {
            self.give_up_columns(*handle, &columns);
        }
        self.before_read().await?;
        if !keys.is_empty() {
            let mut select = self.select_by_key(table, table.primary_key, &keys);
            let from = TableRef::of(table);
            let wanted = table.primary_key.iter().chain(&columns);
            select.items = wanted
                .map(|column| Item::Expr(Node::Column(from, *column)))
                .collect();
            lock(&mut select, ask.lock, keys.len());
            let rows = self.send(&render::select(&select)).await?;
            for row in &rows {
                if let Some(handle) = self.known_entity(table, row, 0) {
                    self.read_columns(handle, &columns, row)?;
                }
            }
            found_all(table, &keys, rows.len())?;
        }
        self.load_with(&handles, ask.loads, ask.unfiltered).await
    }

    /// Takes some columns off a row, behind its key.
    fn read_columns(&mut self, handle: RawHandle, columns: &[u16], row: &Row) -> Result<()> {
        let keys = self.table(handle).primary_key.len();
        self.save(handle);
        self.note_read(handle);
        let mut changed = ColumnSet::EMPTY;
        for (at, column) in columns.iter().enumerate() {
            let before = self.field_bytes(handle, *column);
            let value = row.raw(keys + at);
            self.store_mut(handle).write(handle.index, *column, value)?;
            if self.field_bytes(handle, *column) != before {
                changed.insert(*column);
            }
        }
        self.store_mut(handle).rebase(handle.index, columns);
        self.follow_row(handle, changed);
        Ok(())
    }

    fn keys_before(&self, handles: &[RawHandle]) -> Vec<KeyBytes> {
        handles
            .iter()
            .filter_map(|handle| self.key_before(*handle))
            .collect()
    }

    /// The SELECT of some rows of a table by a key.
    pub(super) fn select_by_key(
        &self,
        table: &'static Table,
        columns: &[u16],
        keys: &[KeyBytes],
    ) -> Select {
        let from = TableRef::of(table);
        let mut select = Select::from(from);
        select.items.push(Item::Whole(from));
        select.filters.push(self.is_one_of(from, columns, keys));
        select
    }
}

/// The statement for the row of a key: what [`Session::select_by_key`] is as text, without a SELECT that says so.
fn statement_by_key(table: &'static Table, key: &KeyBytes) -> Statement {
    let columns = table.primary_key;
    render::query(&|sql| {
        sql.text("SELECT ");
        sql.whole(TableRef::of(table));
        sql.text(" FROM ");
        sql.table(TableRef::of(table));
        sql.text(" WHERE ");
        let values = columns.iter().zip(key.parts(columns.len()));
        sql.list(values, " AND ", |sql, (column, value)| {
            let ty = table.columns[*column as usize].ty;
            sql.column_of(table, *column);
            sql.text(" = ");
            let value = Bytes::copy_from_slice(value);
            sql.param(Param::from_bytes(ty, Some(value)));
        });
    })
}

/// Asks for a lock on the rows of a SELECT by keys. Several are locked in the order of their keys, so that two transactions that
/// lock the same rows don't wait for each other.
fn lock(select: &mut Select, lock: Option<Lock>, rows: usize) {
    if lock.is_some() && rows > 1 {
        let (from, key) = (select.from, select.from.table.primary_key);
        select.order_by.extend(key.iter().map(|column| OrderNode {
            node: Node::Column(from, *column),
            ty: None,
            descending: false,
            nulls_first: None,
        }));
    }
    select.lock = lock;
}

/// Entities by table and key.
pub(super) type Found = FastMap<(usize, KeyBytes), RawHandle>;

/// Fails where fewer rows came than there are keys.
fn found_all(table: &'static Table, keys: &[KeyBytes], rows: usize) -> Result<()> {
    let missing = keys.len().saturating_sub(rows);
    if missing == 0 {
        return Ok(());
    }
    Err(Error::NotFound {
        what: format!(
            "{missing} of {} row(s) of `{}`, to refresh from: deleted by others, or locked by them where locked rows are \
             skipped",
            keys.len(),
            table.model
        ),
    })
}
