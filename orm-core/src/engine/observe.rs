//! [`Observer`]: is told of every statement that the engine has sent. `link` makes the events; [`StatementLog`] and `echo`
//! are observers, and beside them each event goes to `tracing`.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::{NPlusOne, Rewritten};
use crate::model::Row;
use crate::types::Param;

/// Is told of every statement. Give one to [`EngineBuilder::observe`](super::EngineBuilder::observe).
/// SQLAlchemy: the events of `Engine`.
///
/// It is called in the task that ran the statement, after the answer, so it should be quick.
///
/// ```
/// use orm_core::engine::{Observer, StatementEvent};
///
/// struct SlowStatements;
///
/// impl Observer for SlowStatements {
///     fn statement(&self, event: &StatementEvent<'_>) {
///         if event.elapsed.as_millis() > 200 {
///             eprintln!("slow: {event:?}");
///         }
///     }
/// }
/// ```
pub trait Observer: Send + Sync {
    /// A statement was answered, failed, or was given up. BEGIN, COMMIT, ROLLBACK and SAVEPOINT are statements.
    fn statement(&self, event: &StatementEvent<'_>);

    /// A loop reads row by row what one statement could read. Only where
    /// [`warn_n_plus_one`](super::EngineBuilder::warn_n_plus_one) is on. Does nothing if not said otherwise.
    ///
    /// ```
    /// use orm_core::engine::{NPlusOne, Observer, StatementEvent};
    ///
    /// /// In tests: a loop that reads row by row is a failure.
    /// struct Strict;
    ///
    /// impl Observer for Strict {
    ///     fn statement(&self, _: &StatementEvent<'_>) {}
    ///
    ///     fn n_plus_one(&self, warning: &NPlusOne) {
    ///         panic!("{warning}");
    ///     }
    /// }
    /// ```
    fn n_plus_one(&self, _: &NPlusOne) {}

    /// A trigger has changed what a session was writing, and the session has taken it. Does nothing if not said otherwise.
    ///
    /// ```
    /// use orm_core::engine::{Observer, Rewritten, StatementEvent};
    ///
    /// /// In tests: triggers change nothing but what the models leave to the server.
    /// struct Strict;
    ///
    /// impl Observer for Strict {
    ///     fn statement(&self, _: &StatementEvent<'_>) {}
    ///
    ///     fn rewritten(&self, rewritten: &Rewritten) {
    ///         panic!("{rewritten}");
    ///     }
    /// }
    /// ```
    fn rewritten(&self, _: &Rewritten) {}
}

/// One statement and what came of it. `Debug` shows no values; [`StatementEvent::show`] does.
/// SQLAlchemy: what `after_cursor_execute` is given.
///
/// ```
#[doc = include_str!("../guide/shop.txt")]
/// use orm_core::engine::{Observer, StatementEvent};
///
/// #[derive(Default)]
/// struct Rows(std::sync::atomic::AtomicU64);
///
/// impl Observer for Rows {
///     fn statement(&self, event: &StatementEvent<'_>) {
///         self.0.fetch_add(event.rows.unwrap_or(0), std::sync::atomic::Ordering::Relaxed);
///     }
/// }
///
/// let rows = std::sync::Arc::new(Rows::default());
/// let engine = Engine::builder(shop.test.url()).observe(rows.clone()).connect().await?;
/// User::query().all(&mut engine.session()).await?;
/// assert_eq!(rows.0.load(std::sync::atomic::Ordering::Relaxed), 3);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct StatementEvent<'a> {
    /// The text, with `$1`, `$2` .. for the parameters.
    pub sql: &'a str,
    /// The parameters.
    pub params: &'a [Param],
    /// How many rows came back or were changed, where that is known.
    pub rows: Option<u64>,
    /// The rows that came back, where they were collected: none of a stream, and none where the rows are only counted.
    pub answer: &'a [Row],
    /// From sending to the end of the answer.
    pub elapsed: Duration,
    /// How many round trips it took: 1, or 2 where the connection had not prepared it yet; 0 where it was sent together with
    /// the statement before it, without waiting for that one's answer.
    pub round_trips: u32,
    /// Whether it failed, or was given up by dropping its future.
    pub error: bool,
}

impl StatementEvent<'_> {
    /// The values of the parameters as PostgreSQL would print them: `1 = 42, 2 = Ann`. For those who asked to see them.
    ///
    /// ```
    /// use orm_core::engine::{Observer, StatementEvent};
    ///
    /// /// Shows the values too: for a developer's own machine.
    /// struct Loud;
    ///
    /// impl Observer for Loud {
    ///     fn statement(&self, event: &StatementEvent<'_>) {
    ///         eprintln!("{}\n  {}", event.sql, event.show());
    ///     }
    /// }
    /// ```
    pub fn show(&self) -> String {
        self.params
            .iter()
            .enumerate()
            .map(|(at, param)| format!("${} = {}", at + 1, param.show()))
            .collect::<Vec<_>>()
            .join(", ")
    }

    /// The rows that came back as PostgreSQL would print them, a line a row: `id = 1, name = Ann`. For those who asked to see
    /// them.
    ///
    /// ```
    /// use orm_core::engine::{Observer, StatementEvent};
    ///
    /// struct Answers;
    ///
    /// impl Observer for Answers {
    ///     fn statement(&self, event: &StatementEvent<'_>) {
    ///         println!("{}\n{}", event.sql, event.show_answer());
    ///     }
    /// }
    /// ```
    pub fn show_answer(&self) -> String {
        let line = |row: &Row| {
            let values =
                (0..row.len()).map(|at| format!("{} = {}", row.name(at), row.raw(at).show()));
            values.collect::<Vec<_>>().join(", ") + "\n"
        };
        self.answer.iter().map(line).collect()
    }

    /// The line that `echo` writes and `Debug` shows: `1 row, 0.8 ms`.
    fn outcome(&self) -> String {
        let millis = self.elapsed.as_secs_f64() * 1000.0;
        match (self.error, self.rows) {
            (true, _) => format!("failed, {millis:.1} ms"),
            (false, Some(1)) => format!("1 row, {millis:.1} ms"),
            (false, Some(rows)) => format!("{rows} rows, {millis:.1} ms"),
            (false, None) => format!("{millis:.1} ms"),
        }
    }
}

impl fmt::Debug for StatementEvent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?} [{}]", self.sql, self.params, self.outcome())
    }
}

/// Tells `tracing` and every observer.
pub(super) fn publish(observers: &[Arc<dyn Observer>], event: &StatementEvent<'_>) {
    tracing::debug!(
        target: "orm_core::statement",
        sql = event.sql,
        rows = event.rows,
        elapsed = ?event.elapsed,
        error = event.error,
    );
    for observer in observers {
        observer.statement(event);
    }
}

/// Writes statements to standard error, in a form to read. SQLAlchemy: `echo=True`.
#[derive(Debug)]
pub(super) struct Echo {
    pub(super) values: bool,
}

impl Observer for Echo {
    fn statement(&self, event: &StatementEvent<'_>) {
        let mut text = format!("{}\n", event.sql.trim_end());
        if self.values && !event.params.is_empty() {
            text.push_str(&format!("    {}\n", event.show()));
        }
        // One call, so that the lines of two tasks do not mix.
        eprintln!("{text}    -- {}", event.outcome());
    }
}

/// Remembers the texts of statements, and counts round trips: for tests that say what an operation may send.
///
/// Clones share one log.
///
/// ```
#[doc = include_str!("../guide/shop.txt")]
/// # use std::sync::Arc;
/// use orm_core::engine::StatementLog;
///
/// let log = StatementLog::new();
/// let engine = Engine::builder(shop.test.url()).observe(Arc::new(log.clone())).connect().await?;
/// let mut db = engine.session();
/// db.add(Tag::create().word("used"));
/// db.flush().await?;
/// assert_eq!(log.take(), ["BEGIN", "INSERT INTO tags (word) VALUES ($1) RETURNING id"]);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct StatementLog {
    seen: Arc<Mutex<Seen>>,
    warnings: Arc<Mutex<Vec<NPlusOne>>>,
    rewritten: Arc<Mutex<Vec<Rewritten>>>,
}

#[derive(Debug, Default)]
struct Seen {
    texts: Vec<String>,
    round_trips: u32,
}

impl StatementLog {
    /// An empty log.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// use orm_core::engine::{Engine, StatementLog};
    ///
    /// let log = StatementLog::new();
    /// let builder = Engine::builder("postgresql://localhost/shop").observe(Arc::new(log.clone()));
    /// assert_eq!(log.count(), 0);
    /// # let _ = builder;
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// The texts so far, in the order in which they were sent; the log is empty afterwards.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// log.clear();
    /// User::query().count(&mut db).await?;
    /// assert_eq!(log.take(), ["BEGIN", "SELECT count(*) FROM users"]);
    /// assert_eq!(log.count(), 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.lock()).texts
    }

    /// How many there are.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// db.get::<User>(1).await?;
    /// assert_eq!(log.count(), 2); // BEGIN and SELECT
    /// db.get::<User>(1).await?; // it is here
    /// assert_eq!(log.count(), 2);
    /// # Ok(())
    /// # }
    /// ```
    pub fn count(&self) -> usize {
        self.lock().texts.len()
    }

    /// How many round trips they took: how often the server was waited for. What was sent together is one; preparing a
    /// statement, which each connection does once, is one more. The ROLLBACK of what was only read is none: nobody waits for it.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// for _ in 0..2 {
    ///     log.clear(); // the first time the statement is prepared, which takes a round trip more
    ///     db.get::<User>(1).await?;
    ///     db.commit().await?;
    ///     db.close().await?; // or the second `get` would find it in the session
    /// }
    /// assert_eq!((log.count(), log.round_trips()), (3, 2)); // BEGIN with SELECT, COMMIT
    /// # Ok(())
    /// # }
    /// ```
    pub fn round_trips(&self) -> u32 {
        self.lock().round_trips
    }

    /// The warnings of N+1 patterns so far; there are none afterwards. Where
    /// [`warn_n_plus_one`](super::EngineBuilder::warn_n_plus_one) is on.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// # use std::sync::Arc;
    /// use orm_core::engine::StatementLog;
    ///
    /// let log = StatementLog::new();
    /// let engine = Engine::builder(shop.test.url()).warn_n_plus_one(2).observe(Arc::new(log.clone())).connect().await?;
    /// let mut db = engine.session();
    /// for id in 1..=3 {
    ///     db.get::<User>(id).await?;
    /// }
    /// assert_eq!((log.take_warnings().len(), log.take_warnings().len()), (1, 0));
    /// # Ok(())
    /// # }
    /// ```
    pub fn take_warnings(&self) -> Vec<NPlusOne> {
        let mut warnings = self.warnings.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut warnings)
    }

    /// What triggers have made of rows that were written, so far; nothing afterwards. See [`Rewritten`].
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// db.add(Tag::create().word("used"));
    /// db.commit().await?;
    /// assert!(log.take_rewritten().is_empty()); // there is no trigger
    /// # Ok(())
    /// # }
    /// ```
    pub fn take_rewritten(&self) -> Vec<Rewritten> {
        let mut rewritten = self
            .rewritten
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut rewritten)
    }

    /// Forgets the statements.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// User::query().count(&mut db).await?;
    /// log.clear();
    /// assert_eq!(log.count(), 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn clear(&self) {
        *self.lock() = Seen::default();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for StatementLog {
    fn statement(&self, event: &StatementEvent<'_>) {
        let mut seen = self.lock();
        seen.texts.push(event.sql.to_owned());
        seen.round_trips += event.round_trips;
    }

    fn n_plus_one(&self, warning: &NPlusOne) {
        let mut warnings = self.warnings.lock().unwrap_or_else(PoisonError::into_inner);
        warnings.push(warning.clone());
    }

    fn rewritten(&self, rewritten: &Rewritten) {
        let mut all = self
            .rewritten
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        all.push(rewritten.clone());
    }
}
