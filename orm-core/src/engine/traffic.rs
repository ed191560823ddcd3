//! [`Traffic`]: what a link knows of its transaction, and of statements that were given up while they ran.
//!
//! The server tells in each answer whether a transaction is open, and the driver keeps that to itself; so it is read
//! from the statements' first words. Written by `link`, which decides by it what a connection needs before it may go back
//! to the pool. When in doubt a transaction counts as open: a ROLLBACK too many does no harm.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

use tokio_postgres::error::Severity;

use crate::error::Error;

/// What a statement does to the transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Boundary {
    /// BEGIN, START TRANSACTION.
    Opens,
    /// COMMIT, END, ROLLBACK, ABORT.
    Closes,
    /// ROLLBACK TO a savepoint: the transaction works again.
    Repairs,
    /// Everything else.
    Inside,
}

impl Boundary {
    /// Judges by the first words of the text.
    pub(super) fn of(sql: &str) -> Boundary {
        // What this crate renders begins with one of these, and is asked about each time that it is sent.
        const RENDERED: [&str; 5] = ["SELECT ", "INSERT ", "UPDATE ", "DELETE ", "WITH "];
        if RENDERED.iter().any(|word| sql.starts_with(word)) {
            return Boundary::Inside;
        }
        let mut words = without_comments(sql)
            .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .filter(|word| !word.is_empty());
        let first = words.next().unwrap_or_default();
        let is = |word: &str| first.eq_ignore_ascii_case(word);
        if is("begin") || is("start") {
            return Boundary::Opens;
        }
        if !(is("commit") || is("end") || is("rollback") || is("abort")) {
            return Boundary::Inside;
        }
        for word in words {
            if word.eq_ignore_ascii_case("to") {
                return Boundary::Repairs;
            }
            // ROLLBACK AND CHAIN begins anew, COMMIT PREPARED is about another transaction, and in `ROLLBACK; BEGIN`
            // the last word counts.
            if ["chain", "prepared", "begin", "start"]
                .iter()
                .any(|other| word.eq_ignore_ascii_case(other))
            {
                return Boundary::Opens;
            }
        }
        Boundary::Closes
    }
}

/// The text from its first word on.
fn without_comments(sql: &str) -> &str {
    let mut rest = sql.trim_start();
    loop {
        let end = match rest.get(..2) {
            Some("--") => rest.find('\n'),
            Some("/*") => rest.find("*/").map(|at| at + 2),
            _ => return rest,
        };
        rest = rest[end.unwrap_or(rest.len())..].trim_start();
    }
}

/// The state of a link.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    open: AtomicBool,
    doubtful: AtomicBool,
    failed: AtomicBool,
    unread: AtomicBool,
    lost: AtomicBool,
    unsettled: AtomicBool,
    round_trips: AtomicU32,
}

impl Traffic {
    /// A statement is about to be sent.
    pub(super) fn sending(&self, boundary: Boundary) {
        if boundary == Boundary::Opens {
            self.open.store(true, Relaxed);
        }
    }

    /// The server was waited for so many times.
    pub(super) fn waited(&self, round_trips: u32) {
        self.round_trips.fetch_add(round_trips, Relaxed);
    }

    /// How often the server was waited for.
    pub(super) fn round_trips(&self) -> u32 {
        self.round_trips.load(Relaxed)
    }

    /// A statement was answered, and the server did it. Answers come in order, so nothing before it runs any more.
    pub(super) fn done(&self, boundary: Boundary) {
        self.unread.store(false, Relaxed);
        match boundary {
            Boundary::Closes => {
                self.open.store(false, Relaxed);
                self.doubtful.store(false, Relaxed);
                self.failed.store(false, Relaxed);
            }
            Boundary::Repairs | Boundary::Opens => self.failed.store(false, Relaxed),
            Boundary::Inside => {}
        }
    }

    /// A statement failed. When it was the server that refused it, the server now refuses all until ROLLBACK.
    pub(super) fn failed(&self, error: &tokio_postgres::Error) {
        match error.as_db_error() {
            Some(db) => {
                self.unread.store(false, Relaxed);
                self.fail();
                if matches!(
                    db.parsed_severity(),
                    Some(Severity::Fatal | Severity::Panic)
                ) {
                    self.lost.store(true, Relaxed);
                }
            }
            None if Error::is_connection_lost(error) => self.lost.store(true, Relaxed),
            None => {}
        }
    }

    /// Triggers may have been made or dropped in the open transaction, which may be taken back.
    pub(super) fn unsettle(&self) {
        self.unsettled.store(true, Relaxed);
    }

    /// Whether a statement of this kind has settled that.
    pub(super) fn settles(&self, boundary: Boundary) -> bool {
        match boundary {
            Boundary::Closes => self.unsettled.swap(false, Relaxed),
            Boundary::Repairs => self.unsettled.load(Relaxed),
            Boundary::Opens | Boundary::Inside => false,
        }
    }

    fn fail(&self) {
        if self.is_open() {
            self.failed.store(true, Relaxed);
        }
    }

    /// A statement's future was dropped before it was answered: nobody knows what came of it, and it may still run.
    pub(super) fn gave_up(&self) {
        self.unread.store(true, Relaxed);
        self.fail();
    }

    /// A stream was dropped before its end; its statement may still run, and nothing is wrong with it.
    pub(super) fn stopped_reading(&self) {
        self.unread.store(true, Relaxed);
    }

    /// Whether a statement may still run that nobody waits for.
    pub(super) fn has_unread(&self) -> bool {
        self.unread.load(Relaxed)
    }

    /// Whether the connection broke.
    pub(super) fn is_lost(&self) -> bool {
        self.lost.load(Relaxed)
    }

    /// Something is about to be sent that may leave a transaction open.
    pub(super) fn doubt(&self) {
        self.doubtful.store(true, Relaxed);
    }

    /// Whether a transaction is open.
    pub(super) fn is_open(&self) -> bool {
        self.open.load(Relaxed)
    }

    /// Whether a ROLLBACK is due before the connection goes back to the pool.
    pub(super) fn may_be_open(&self) -> bool {
        self.is_open() || self.doubtful.load(Relaxed)
    }

    /// Whether the open transaction can only be rolled back.
    pub(super) fn is_failed(&self) -> bool {
        self.failed.load(Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::Boundary;

    #[test]
    fn boundaries_are_read_from_the_first_words() {
        for (sql, expected) in [
            ("BEGIN", Boundary::Opens),
            ("begin isolation level serializable", Boundary::Opens),
            (" START TRANSACTION READ ONLY", Boundary::Opens),
            ("COMMIT", Boundary::Closes),
            ("end;", Boundary::Closes),
            ("ROLLBACK", Boundary::Closes),
            ("ROLLBACK TO SAVEPOINT s1", Boundary::Repairs),
            ("ROLLBACK; BEGIN", Boundary::Opens),
            ("COMMIT AND CHAIN", Boundary::Opens),
            ("SAVEPOINT s1", Boundary::Inside),
            ("SELECT 'BEGIN'", Boundary::Inside),
            ("", Boundary::Inside),
            ("-- COMMIT\n /* x */ BEGIN", Boundary::Opens),
            ("/* BEGIN", Boundary::Inside),
            ("ä", Boundary::Inside),
        ] {
            assert_eq!(Boundary::of(sql), expected, "{sql}");
        }
    }
}
