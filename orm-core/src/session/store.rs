//! [`Store`]: what the session needs of the values of one model's entities, whatever the model. [`Arena`] implements it.

use std::any::Any;

use bytes::BytesMut;

use super::copies::CopyId;
use super::detached::Value;
use super::slots::Slots;
use crate::error::Result;
use crate::model::{ColumnSet, RawHandle, RowReader};
use crate::types::Raw;

/// What came of reading a row.
pub(crate) struct ReadRow {
    /// The entity.
    pub handle: RawHandle,
    /// Whether the row's values were taken, and not left for the entity's own.
    pub taken: bool,
    /// Where the entity was known and the row differs: what it was before, for the undo log.
    pub refreshed: Option<CopyId>,
}

/// The rows of one model in a session. Positions are slots of [`Slots`]; an operation on a slot whose entity is in
/// another state than it says is a mistake of this crate.
pub(crate) trait Store: Send + Sync {
    fn as_any(&self) -> &dyn Any;
    fn as_any_mut(&mut self) -> &mut dyn Any;
    fn slots(&self) -> &Slots;
    fn slots_mut(&mut self) -> &mut Slots;

    /// Makes room for so many more rows.
    fn reserve(&mut self, rows: usize);

    /// Takes a slot for a new entity; the draft is one of the model's.
    fn add_any(&mut self, draft: Box<dyn Any>, epoch: u32) -> u32;

    /// Takes an entity off a row: the known one of its key, or a new one. The values of a known one are kept if they are
    /// of this transaction or have been changed, unless `overwrite`.
    fn read(&mut self, row: &mut RowReader<'_>, epoch: u32, overwrite: bool) -> Result<ReadRow>;

    /// Appends the binary form of a column of the row or draft; false for NULL and for no value.
    fn encode(&self, index: u32, column: u16, out: &mut BytesMut) -> bool;

    /// The same, of the row as it was when it was last read or written.
    fn encode_before(&self, index: u32, column: u16, out: &mut BytesMut) -> bool;

    /// Gives a column of the row or draft a value off the wire.
    fn write(&mut self, index: u32, column: u16, value: Raw<'_>) -> Result<()>;

    /// The columns of a draft that have a value.
    fn given(&self, index: u32) -> ColumnSet;

    /// The row is about to be changed: a copy is kept to compare with, unless there is one, and the next flush looks at it.
    /// Gives what the undo log has to know: see [`save`](Store::save).
    fn begin_change(&mut self, index: u32, frame: u32) -> Option<CopyId>;

    /// What a persistent entity's row is, for an entry of the undo log, unless there is one in the frame `frame`.
    fn save(&mut self, index: u32, frame: u32) -> Option<CopyId>;

    /// Lets the kept copy have the row's values in some columns, so that they don't count as changed.
    fn rebase(&mut self, index: u32, columns: &[u16]);

    /// Gives the row the kept copy's values in some columns: their changes are given up.
    fn revert(&mut self, index: u32, columns: &[u16]);

    /// The row as a value of its own, with what it was; `None` for a draft.
    fn copy_out(&self, index: u32) -> Option<Box<dyn Value>>;

    /// The row as it was when it was last read or written, as a struct of the model; `None` for a draft.
    fn copy_before(&self, index: u32) -> Option<Box<dyn Any + Send + Sync>>;

    /// The columns in which the row differs from the copy that was kept.
    fn changes(&self, index: u32) -> ColumnSet;

    /// The columns in which the row differs from a copy.
    fn changes_since(&self, index: u32, copy: CopyId) -> ColumnSet;

    /// The columns in which rows differ from the copies that were kept, of those that do.
    fn each_change(&self, rows: &[u32], found: &mut dyn FnMut(u32, ColumnSet));

    /// Gives the `on_update` columns that aren't among the changed ones their new values.
    fn touch_updated(&mut self, index: u32, changed: ColumnSet);

    /// Drafts were inserted: they become rows, under their keys. Gives the entities that had the keys so far.
    fn inserted(&mut self, entities: &[RawHandle], epoch: u32) -> Result<Vec<RawHandle>>;

    /// The changes of rows were sent: there is nothing to compare with any more. Where there is no `epoch`, they are as stale as
    /// they were. Where keys may have changed (`rekeyed`), the new ones are the entities' names now.
    fn written(&mut self, rows: &mut dyn Iterator<Item = u32>, epoch: Option<u32>, rekeyed: bool);

    /// Gives up the keys of entities that are deleted now.
    fn forget_keys(&mut self, rows: &[RawHandle]);

    /// Empties the slot.
    fn release(&mut self, index: u32);

    /// Empties the slots of entities that are deleted still.
    fn release_deleted(&mut self, rows: &[RawHandle]);

    /// Empties all slots.
    fn clear(&mut self);

    /// Appends the binary form of a column of a copy that the undo log has; false for NULL.
    fn encode_copy(&self, copy: CopyId, column: u16, out: &mut BytesMut) -> bool;

    /// Puts a row back to what it was, as a stale persistent entity; the undo log has the copy no more.
    fn restore(&mut self, index: u32, copy: CopyId);

    /// Puts a row back to what it was when it was last read or written, as a stale persistent entity.
    fn revive(&mut self, index: u32);

    /// The undo log has a copy no more.
    fn drop_copy(&mut self, copy: CopyId);

    /// The undo log has no copy any more.
    fn forget_logged(&mut self);
}
