//! Whether the open transaction can have written or locked anything, as far as its session can tell. `transaction` notes it of every
//! statement, and asks before a ROLLBACK that nobody waits for; `together` asks before a COMMIT goes out that the server may refuse.
//!
//! Of a statement its text says it ([`Effect`]): what is rendered from SELECTs reads, whoever sends it (queries, `get`, relationship
//! loaders, what a cascade asks for), unless it calls what nobody knows, or locks. What isn't a statement that is sent for its
//! answer is noted where it is sent: flushes, COPY, cursors, savepoints.

use super::Session;
use super::transaction::Phase;
use crate::query::Effect;

impl Session {
    /// Something is about to be sent, in a transaction that has its connection.
    pub(super) fn note_effect(&mut self, effect: Effect) {
        self.effect = self.effect.max(effect);
    }

    /// Whether the open transaction has done nothing but read, so that nobody can be waiting for its end.
    pub(super) fn has_only_read(&self) -> bool {
        self.phase == Phase::Active && self.effect == Effect::Reads
    }

    /// Whether the open transaction, if there is one, may be left for another, as if that one had read what it did. Not where all that
    /// a transaction reads is of one moment.
    pub(super) fn can_start_over(&self) -> bool {
        !self.in_transaction() || (self.has_only_read() && self.options.may_be_read_committed())
    }
}
