//! Whether the open transaction can have written or locked anything, as far as its session can tell. `transaction` notes it of every
//! statement, and asks before a ROLLBACK that nobody waits for; `together` asks before a COMMIT goes out that the server may refuse.
//!
//! Only what the session knows to read counts as reading: `get`, and queries that call nothing but known functions and lock no rows.
//! All else may have written: hand-written SQL, flushes and bulk writes, COPY, cursors, savepoints, advisory locks.

use super::Session;
use super::transaction::Phase;
use crate::expr::{CteBody, Node, Select, Visit};

/// What a statement may do to the database, or a transaction, whose effect is the greatest of its statements'.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Effect {
    /// Nothing that anybody could notice or wait for.
    Reads,
    /// May write rows or lock them, until the end of the transaction.
    MayHold,
}

impl Effect {
    /// That of a query which is known to read.
    pub(super) fn of_read(select: &Select) -> Self {
        match select.lock {
            None => Effect::Reads,
            Some(_) => Effect::MayHold,
        }
    }
}

impl Session {
    /// A statement is about to be sent, in a transaction that has its connection.
    pub(super) fn note_effect(&mut self, effect: Effect) {
        self.effect = self.effect.max(effect);
    }

    /// A query is about to be rendered and sent, by [`Executor`](crate::query::Executor), which then knows its text alone.
    pub(super) fn note_query(&mut self, select: &mut Select) {
        let may_hold = self.in_transaction() && self.effect == Effect::MayHold;
        self.query_effect = match !may_hold && is_harmless(select) {
            true => Effect::of_read(select),
            false => Effect::MayHold,
        };
    }

    /// What may be done by what the `Executor` is given to send. Where it isn't the query that was looked at last, anything.
    pub(super) fn take_query_effect(&mut self) -> Effect {
        std::mem::replace(&mut self.query_effect, Effect::MayHold)
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

/// Whether a query does nothing but compute and read, so that it may run more than once for all that anybody can notice.
pub(super) fn is_harmless(select: &mut Select) -> bool {
    let mut calls = Calls { harmless: true };
    calls.select(select);
    calls.harmless
}

/// Looks for calls of functions that are not known, and for writes.
struct Calls {
    harmless: bool,
}

impl Visit for Calls {
    fn node(&mut self, node: &mut Node) {
        self.harmless &= match node {
            Node::Call { function, .. } => KNOWN.binary_search(&function.as_ref()).is_ok(),
            Node::Template(..) => false,
            _ => true,
        };
        node.walk(self);
    }

    fn select(&mut self, select: &mut Select) {
        let writes = |body: &CteBody| matches!(body, CteBody::Write(_));
        self.harmless &= !select.ctes.iter().any(|cte| writes(&cte.body));
        select.walk(self);
    }
}

/// Functions of PostgreSQL that this crate has typed, and that do nothing but compute. Sorted, for binary search.
#[rustfmt::skip]
const KNOWN: &[&str] = &[
    "abs", "age", "array_append", "array_position", "array_prepend", "array_remove", "avg", "btrim",
    "cardinality", "cbrt", "ceil", "coalesce", "concat", "concat_ws", "count", "date_part", "date_trunc",
    "dense_rank", "exp", "first_value", "floor", "greatest", "host", "initcap", "isempty", "jsonb_array_length",
    "jsonb_build_object", "jsonb_set", "jsonb_typeof", "lag", "last_value", "lead", "least", "left", "length",
    "ln", "log", "lower", "lower_inc", "lower_inf", "lpad", "ltrim", "make_date", "make_interval", "masklen",
    "max", "min", "network", "now", "nth_value", "ntile", "nullif", "phraseto_tsquery", "pi", "plainto_tsquery",
    "position", "power", "rank", "repeat", "replace", "reverse", "right", "round", "row_number", "rpad",
    "rtrim", "setweight", "sign", "split_part", "sqrt", "strpos", "substr", "sum", "timezone", "to_char",
    "to_jsonb", "to_timestamp", "to_tsquery", "to_tsvector", "trunc", "ts_headline", "ts_rank", "ts_rank_cd",
    "unnest", "upper", "upper_inc", "upper_inf", "websearch_to_tsquery",
];

#[cfg(test)]
mod tests {
    #[test]
    fn the_known_functions_are_sorted() {
        assert!(super::KNOWN.is_sorted());
    }
}
