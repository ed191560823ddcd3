//! [`Arena`]: the rows of one model in a session. The only generic part of the session's inside; everything that does not
//! need the struct's own fields is in [`Slots`].

use std::any::Any;

use bytes::BytesMut;

use super::copies::{Copies, CopyId};
use super::detached::{Detached, Value};
use super::drafts::Drafts;
use super::kept::Kept;
use super::key::KeyBytes;
use super::key_map;
use super::slots::{STALE, Slots};
use super::state::State;
use super::store::{ReadRow, Store};
use crate::error::Result;
use crate::model::{ColumnSet, Draft, Model, RawHandle, RowReader, Table};
use crate::types::{DecodeError, Raw};

/// An entity's values.
enum Content<M: Model> {
    Empty,
    /// Where it is among the drafts.
    Draft(u32),
    Row(M),
}

/// The rows of one model.
pub(crate) struct Arena<M: Model> {
    slots: Slots,
    contents: Vec<Content<M>>,
    drafts: Drafts<M::Draft>,
    /// What the rows were before they were handed out mutably.
    kept: Kept,
    copies: Copies<M>,
}

/// Makes the place for a model's rows. The derive puts a pointer to it into the model's [`Table`], through which the
/// session comes to a model that it knows only by a relationship.
#[doc(hidden)]
pub fn arena<M: Model>() -> Box<dyn Any> {
    let store: Box<dyn Store> = Box::new(Arena::<M> {
        slots: Slots::new(M::TABLE, 0, 0),
        contents: Vec::new(),
        drafts: Drafts::new(),
        kept: Kept::default(),
        copies: Copies::new(),
    });
    Box::new(store)
}

/// Makes the place for the rows of the model of a table.
pub(crate) fn open(table: &'static Table, session: u32, arena: u16) -> Box<dyn Store> {
    let mut store = (table.arena)()
        .downcast::<Box<dyn Store>>()
        .unwrap_or_else(|_| {
            unreachable!("`Table::arena` is `session::arena`, put there by the derive")
        });
    let slots = store.slots_mut();
    slots.session = session;
    slots.arena = arena;
    *store
}

impl<M: Model> Arena<M> {
    /// Puts what a slot holds into it that was claimed just now.
    fn put(&mut self, index: u32, content: Content<M>) {
        if index as usize == self.contents.len() {
            self.contents.push(content);
        } else {
            self.replace(index, content);
        }
    }

    /// The same of a slot that held something else before.
    fn replace(&mut self, index: u32, content: Content<M>) {
        self.contents[index as usize] = content;
        self.unkeep(index);
    }

    fn kept(&self, index: u32) -> Option<CopyId> {
        self.kept.get(index)
    }

    /// Keeps what the row was, to compare it with.
    fn keep(&mut self, index: u32, row: M) {
        self.kept.set(index, self.copies.compare(row));
    }

    /// There is nothing to compare the row with any more.
    fn unkeep(&mut self, index: u32) {
        if let Some(kept) = self.kept.take(index) {
            self.copies.uncompare(kept);
        }
    }

    /// The row as it was when it was last read or written, unless the entity is pending.
    fn row_before(&self, index: u32) -> Option<&M> {
        match self.kept(index) {
            Some(kept) => Some(self.copies.get(kept)),
            None => self.row(index),
        }
    }

    /// The row, unless the entity is pending.
    pub(crate) fn row(&self, index: u32) -> Option<&M> {
        match &self.contents[index as usize] {
            Content::Row(row) => Some(row),
            _ => None,
        }
    }

    pub(crate) fn row_mut(&mut self, index: u32) -> Option<&mut M> {
        match &mut self.contents[index as usize] {
            Content::Row(row) => Some(row),
            _ => None,
        }
    }

    /// Several rows at once; the positions must be different ones.
    pub(crate) fn rows_mut<const N: usize>(&mut self, indices: [u32; N]) -> Option<[&mut M; N]> {
        let contents = self
            .contents
            .get_disjoint_mut(indices.map(|index| index as usize))
            .ok()?;
        let mut missing = false;
        let rows = contents.map(|content| match content {
            Content::Row(row) => Some(row),
            _ => {
                missing = true;
                None
            }
        });
        if missing {
            return None;
        }
        Some(rows.map(|row| row.unwrap_or_else(|| unreachable!("checked above"))))
    }

    /// Takes a slot for a row from outside, as a stale one. `before` is what it was when it was last read.
    pub(crate) fn attach(&mut self, row: M, before: Option<M>) -> u32 {
        let index = self.slots.claim(State::Persistent, STALE);
        let known = before.as_ref().unwrap_or(&row);
        self.slots.keys.insert(Self::key_of(known), index);
        let changed = before.filter(|before| !row.diff(before).is_empty());
        self.put(index, Content::Row(row));
        if let Some(before) = changed {
            self.keep(index, before);
            self.slots.touch(index);
        }
        index
    }

    /// Gives one row the values of another in some columns.
    fn copy_columns(from: &M, to: &mut M, columns: &[u16]) {
        for column in columns {
            let mut out = BytesMut::new();
            let present = from.encode(*column, &mut out);
            let ty = M::TABLE.columns[*column as usize].ty;
            // A value of the row itself fits the row.
            let _ = to.write(*column, ty.raw(present.then_some(&out)));
        }
    }

    /// The draft of a pending entity.
    pub(crate) fn draft(&self, index: u32) -> Option<&M::Draft> {
        match self.contents[index as usize] {
            Content::Draft(at) => self.drafts.get(at),
            _ => None,
        }
    }

    pub(crate) fn draft_mut(&mut self, index: u32) -> Option<&mut M::Draft> {
        match self.contents[index as usize] {
            Content::Draft(at) => self.drafts.get_mut(at),
            _ => None,
        }
    }

    /// Takes a slot for a new entity.
    pub(crate) fn add(&mut self, draft: M::Draft, epoch: u32) -> u32 {
        let index = self.slots.claim(State::Pending, epoch);
        let at = self.drafts.put(draft);
        self.put(index, Content::Draft(at));
        index
    }

    /// Makes room for so many new entities.
    pub(crate) fn reserve_new(&mut self, entities: usize) {
        self.reserve(entities);
        self.drafts.reserve(entities);
        self.slots.reserve_waiting(entities);
    }

    fn key_of(row: &M) -> KeyBytes {
        KeyBytes::with_buffer(|buffer| Self::key_in_buffer(row, buffer))
    }

    /// The same, put together in a buffer that is at hand.
    fn key_in_buffer(row: &M, buffer: &mut BytesMut) -> KeyBytes {
        let key = M::TABLE.primary_key;
        KeyBytes::encode_in(buffer, key.len(), &mut |part, out| {
            row.encode(key[part], out)
        })
        .unwrap_or_else(|| unreachable!("the derive allows no nullable primary key"))
    }

    /// Gives up the entity's key: its row is deleted, or it leaves the session.
    fn forget_key(&mut self, index: u32, buffer: &mut BytesMut) {
        let Some(named) = self.row_before(index) else {
            return;
        };
        let named = Self::key_in_buffer(named, buffer);
        self.slots.keys.remove(&named, index);
    }

    /// A copy of the row as it was when it was last read or written, for the undo log.
    fn log_row(&mut self, index: u32) -> CopyId {
        match (self.kept(index), &self.contents[index as usize]) {
            (Some(kept), _) => {
                self.copies.log_too(kept);
                kept
            }
            (None, Content::Row(row)) => self.copies.log(row.copy()),
            _ => unreachable!("the undo log keeps persistent rows only"),
        }
    }

    /// The row is this one from now on, that of a stale persistent entity.
    fn put_back(&mut self, index: u32, row: M) {
        self.slots.inserted(index, Self::key_of(&row), STALE);
        self.slots.heads[index as usize].doomed = false;
        self.replace(index, Content::Row(row));
    }

    /// The key of a row off the wire without decoding it, where its binary form is that of the Rust types.
    fn key_in(row: &mut RowReader<'_>) -> Option<KeyBytes> {
        KeyBytes::off_wire(M::TABLE, M::TABLE.primary_key, |column| {
            row.key_ahead(column)
        })
    }

    /// The same, of a key that is one integer, as most are.
    fn integer_in(&self, row: &mut RowReader<'_>) -> Option<u64> {
        let first = *M::TABLE.primary_key.first()? as usize;
        self.slots.keys.integer_on_wire(|| row.key_ahead(first))
    }
}

impl<M: Model> Store for Arena<M> {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }

    fn slots(&self) -> &Slots {
        &self.slots
    }

    fn slots_mut(&mut self) -> &mut Slots {
        &mut self.slots
    }

    fn reserve(&mut self, rows: usize) {
        self.slots.reserve(rows);
        self.contents.reserve(rows);
    }

    fn add_any(&mut self, draft: Box<dyn Any>, epoch: u32) -> u32 {
        let draft = draft
            .downcast::<M::Draft>()
            .unwrap_or_else(|_| unreachable!("an arena's number is found by its model's table"));
        self.add(*draft, epoch)
    }

    fn read(&mut self, reader: &mut RowReader<'_>, epoch: u32, overwrite: bool) -> Result<ReadRow> {
        let mut decoded = None;
        let next = self.slots.next();
        let place = match self.integer_in(reader) {
            Some(key) => self.slots.keys.place_of_integer(key),
            None => {
                let key = match Self::key_in(reader) {
                    Some(key) => key,
                    None => Self::key_of(decoded.insert(M::read(reader)?)),
                };
                self.slots.keys.place(key)
            }
        };
        if *place == key_map::FREE {
            let row = match decoded {
                Some(row) => row,
                None => M::read(reader)?,
            };
            *place = next;
            let index = self.slots.claim(State::Persistent, epoch);
            self.put(index, Content::Row(row));
            return Ok(ReadRow {
                handle: self.slots.handle(index),
                taken: true,
                refreshed: None,
            });
        }
        let index = *place;
        let at = index as usize;
        let fresh = self.slots.heads[at].epoch == epoch || self.kept(index).is_some();
        if fresh && !overwrite {
            if decoded.is_none() {
                reader.skip(M::TABLE.columns.len());
            }
            return Ok(ReadRow {
                handle: self.slots.handle(index),
                taken: false,
                refreshed: None,
            });
        }
        let row = match decoded {
            Some(row) => row,
            None => M::read(reader)?,
        };
        self.slots.heads[at].epoch = epoch;
        let differs = self.row(index).is_some_and(|old| !row.diff(old).is_empty());
        let refreshed = differs.then(|| self.log_row(index));
        self.replace(index, Content::Row(row));
        Ok(ReadRow {
            handle: self.slots.handle(index),
            taken: true,
            refreshed,
        })
    }

    fn encode(&self, index: u32, column: u16, out: &mut BytesMut) -> bool {
        match &self.contents[index as usize] {
            Content::Row(row) => row.encode(column, out),
            Content::Draft(at) => match self.drafts.get(*at) {
                Some(draft) => draft.encode(column, out),
                None => false,
            },
            Content::Empty => false,
        }
    }

    fn encode_before(&self, index: u32, column: u16, out: &mut BytesMut) -> bool {
        match self.kept(index) {
            Some(kept) => self.copies.get(kept).encode(column, out),
            None => self.encode(index, column, out),
        }
    }

    fn write(&mut self, index: u32, column: u16, value: Raw<'_>) -> Result<()> {
        match &mut self.contents[index as usize] {
            Content::Row(row) => row.write(column, value),
            Content::Draft(at) => match self.drafts.get_mut(*at) {
                Some(draft) => draft.write(column, value),
                None => Ok(()),
            },
            Content::Empty => Ok(()),
        }
        .map_err(|error| M::TABLE.misread(column, error))
    }

    fn given(&self, index: u32) -> ColumnSet {
        self.draft(index)
            .map_or(ColumnSet::EMPTY, |draft| draft.given())
    }

    fn begin_change(&mut self, index: u32, frame: u32) -> Option<CopyId> {
        if let (None, Some(row)) = (self.kept(index), self.row(index)) {
            self.keep(index, row.copy());
        }
        self.slots.touch(index);
        self.save(index, frame)
    }

    fn save(&mut self, index: u32, frame: u32) -> Option<CopyId> {
        let head = &mut self.slots.heads[index as usize];
        if head.state != State::Persistent || head.saved >= frame {
            return None;
        }
        head.saved = frame;
        Some(self.log_row(index))
    }

    fn rebase(&mut self, index: u32, columns: &[u16]) {
        let at = index as usize;
        if let (Some(kept), Content::Row(row)) = (self.kept.get_mut(index), &self.contents[at]) {
            Self::copy_columns(row, self.copies.compared_mut(kept), columns);
        }
    }

    fn revert(&mut self, index: u32, columns: &[u16]) {
        let at = index as usize;
        if let (Some(kept), Content::Row(row)) = (self.kept(index), &mut self.contents[at]) {
            Self::copy_columns(self.copies.get(kept), row, columns);
        }
    }

    fn copy_out(&self, index: u32) -> Option<Box<dyn Value>> {
        let (row, before) = (self.row(index)?, self.row_before(index)?);
        Some(Box::new(Detached::known(row.copy(), before.copy())))
    }

    fn copy_before(&self, index: u32) -> Option<Box<dyn Any + Send + Sync>> {
        Some(Box::new(self.row_before(index)?.copy()))
    }

    fn changes(&self, index: u32) -> ColumnSet {
        self.kept(index)
            .map_or(ColumnSet::EMPTY, |kept| self.changes_since(index, kept))
    }

    fn changes_since(&self, index: u32, copy: CopyId) -> ColumnSet {
        self.row(index)
            .map_or(ColumnSet::EMPTY, |row| row.diff(self.copies.get(copy)))
    }

    fn each_change(&self, rows: &[u32], found: &mut dyn FnMut(u32, ColumnSet)) {
        for index in rows {
            let changed = self.changes(*index);
            if !changed.is_empty() {
                found(*index, changed);
            }
        }
    }

    fn touch_updated(&mut self, index: u32, changed: ColumnSet) {
        let Some(row) = self.row_mut(index) else {
            return;
        };
        for (column, value) in M::on_update() {
            if !changed.contains(column) {
                let ty = M::TABLE.columns[column as usize].ty;
                // A value of the column's own type fits the row.
                let _ = row.write(column, ty.raw(value.bytes()));
            }
        }
    }

    fn inserted(&mut self, entities: &[RawHandle], epoch: u32) -> Result<Vec<RawHandle>> {
        let required = M::TABLE.required();
        let mut buffer = BytesMut::new();
        let mut rows = Vec::with_capacity(entities.len());
        for entity in entities {
            let content = &mut self.contents[entity.index as usize];
            let Content::Draft(draft) = *content else {
                continue;
            };
            let Some(draft) = self.drafts.take(draft) else {
                continue;
            };
            match draft.finish_with(required) {
                Ok(row) => {
                    let key = Self::key_in_buffer(&row, &mut buffer);
                    rows.push((entity.index, key));
                    *content = Content::Row(row);
                }
                Err(column) => {
                    let why = "it has no value, and the server gave none".to_owned();
                    return Err(M::TABLE.misread(column, DecodeError(why)));
                }
            }
        }
        // Behind the rows, and not row by row: the map's places are all over the memory, and what waits for one of them to be
        // written would have the next row wait as well.
        self.slots.keys.reserve(rows.len());
        let mut forerunners = Vec::new();
        for (index, key) in rows {
            if let Some(forerunner) = self.slots.inserted(index, key, epoch) {
                forerunners.push(self.slots.handle(forerunner));
            }
        }
        Ok(forerunners)
    }

    fn written(&mut self, rows: &mut dyn Iterator<Item = u32>, epoch: Option<u32>, rekeyed: bool) {
        for index in rows {
            if let Some(epoch) = epoch {
                self.slots.heads[index as usize].epoch = epoch;
            }
            self.slots.untouch(index);
            if rekeyed
                && let Some(kept) = self.kept(index)
                && let Some(row) = self.row(index)
            {
                let (old, new) = (Self::key_of(self.copies.get(kept)), Self::key_of(row));
                self.slots.rekey(index, old, new);
            }
            self.unkeep(index);
        }
    }

    fn forget_keys(&mut self, rows: &[RawHandle]) {
        if self.slots.forgets_all_at_once(rows.len()) {
            return;
        }
        let mut buffer = BytesMut::new();
        for row in rows {
            self.forget_key(row.index, &mut buffer);
        }
    }

    fn release(&mut self, index: u32) {
        // A deleted row has given up its key.
        if self.slots.heads[index as usize].state != State::Deleted {
            self.forget_key(index, &mut BytesMut::new());
        }
        let content = &mut self.contents[index as usize];
        if let Content::Draft(at) = std::mem::replace(content, Content::Empty) {
            self.drafts.take(at);
        }
        self.unkeep(index);
        self.slots.release(index);
    }

    fn release_deleted(&mut self, rows: &[RawHandle]) {
        self.slots.reserve_free(rows.len());
        for row in rows {
            let head = self.slots.head(*row);
            if head.is_some_and(|head| head.state == State::Deleted) {
                self.release(row.index);
            }
        }
    }

    fn clear(&mut self) {
        self.contents = Vec::new();
        self.drafts = Drafts::new();
        self.kept = Kept::default();
        self.copies = Copies::new();
        self.slots.clear();
    }

    fn encode_copy(&self, copy: CopyId, column: u16, out: &mut BytesMut) -> bool {
        self.copies.get(copy).encode(column, out)
    }

    fn restore(&mut self, index: u32, copy: CopyId) {
        self.forget_key(index, &mut BytesMut::new());
        self.unkeep(index);
        let row = self.copies.take(copy);
        self.put_back(index, row);
    }

    fn revive(&mut self, index: u32) {
        self.forget_key(index, &mut BytesMut::new());
        if let Some(row) = self.row_before(index).map(M::copy) {
            self.put_back(index, row);
        }
    }

    fn drop_copy(&mut self, copy: CopyId) {
        self.copies.take(copy);
    }

    fn forget_logged(&mut self) {
        self.copies.forget_logged();
    }
}
