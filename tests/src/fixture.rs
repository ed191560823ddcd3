//! A database with the tables of some models, an engine on it, and the two things that tests of the session look at: the
//! statements that were sent, and the rows that are there as another connection sees them.

use std::sync::Arc;

use orm_core::engine::{Engine, StatementLog};
use orm_core::schema::Models;
use orm_core::session::{Session, SessionOptions};
use orm_core::testing::TestDb;
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

/// What a test of the session holds.
pub struct Fixture {
    /// The engine under test. Its pool holds four connections.
    pub engine: Engine,
    log: StatementLog,
    /// A connection that has nothing to do with the engine.
    outside: Client,
    test: TestDb,
}

impl Fixture {
    /// A new database with the tables of these models.
    ///
    /// # Panics
    /// When there is no server.
    pub async fn new<M: Models>() -> Self {
        let test = Box::pin(TestDb::with_models::<M>()).await.unwrap();
        let log = StatementLog::new();
        let engine = Engine::builder(test.url())
            .pool_size(4)
            .observe(Arc::new(log.clone()))
            .connect()
            .await
            .unwrap();
        let (outside, connection) = tokio_postgres::connect(test.url(), NoTls).await.unwrap();
        tokio::spawn(connection);
        log.clear();
        Fixture {
            engine,
            log,
            outside,
            test,
        }
    }

    /// Another engine on the same database, whose connections are new.
    ///
    /// # Panics
    /// When the server cannot be reached.
    pub async fn another_engine(&self) -> Engine {
        Engine::connect(self.test.url()).await.unwrap()
    }

    /// A new session.
    pub fn session(&self) -> Session {
        self.engine.session()
    }

    /// Writes by a session and takes it back. The engine has asked for the triggers of these tables then, so that those which are made
    /// from now on take it unawares.
    ///
    /// # Panics
    /// When the server refuses it.
    pub async fn ask_before(&self, write: impl FnOnce(&mut Session)) {
        let mut db = self.session();
        write(&mut db);
        db.flush().await.unwrap();
        db.rollback().await.unwrap();
        self.sent();
    }

    /// A new session with options.
    pub fn session_with(&self, options: SessionOptions) -> Session {
        self.engine.session_with(options)
    }

    /// The address of the database, for another engine.
    pub fn url(&self) -> &str {
        self.test.url()
    }

    /// The statements that the engine has sent since the last look. Those that went out together with COMMIT, and so carry a
    /// check of their answers, are shown without it.
    pub fn sent(&self) -> Vec<String> {
        self.sent_as_it_was().into_iter().map(unchecked).collect()
    }

    /// The same, word for word.
    pub fn sent_as_it_was(&self) -> Vec<String> {
        self.log.take()
    }

    /// What triggers have made of rows that were written, since the last look: `1 of stamped: name`.
    pub fn rewritten(&self) -> Vec<String> {
        let told = self.log.take_rewritten().into_iter();
        told.map(|one| format!("{} of {}: {}", one.rows, one.table, one.columns.join(", ")))
            .collect()
    }

    /// How many statements the engine has sent since the last look.
    pub fn count(&self) -> usize {
        self.log.take().len()
    }

    /// How many round trips the statements took since the last look at them. Look before [`Fixture::sent`].
    pub fn round_trips(&self) -> u32 {
        self.log.round_trips()
    }

    /// The rows of a query as another connection sees them, the columns with `|` between them.
    ///
    /// # Panics
    /// When the server refuses the query.
    pub async fn rows(&self, sql: &str) -> Vec<String> {
        let messages = self.outside.simple_query(sql).await.unwrap();
        messages
            .iter()
            .filter_map(|message| match message {
                SimpleQueryMessage::Row(row) => Some(
                    (0..row.len())
                        .map(|at| row.get(at).unwrap_or("NULL"))
                        .collect::<Vec<_>>()
                        .join("|"),
                ),
                _ => None,
            })
            .collect()
    }

    /// Runs statements on another connection: what someone else does meanwhile.
    ///
    /// # Panics
    /// When the server refuses one.
    pub async fn elsewhere(&self, sql: &str) {
        self.outside.batch_execute(sql).await.unwrap();
    }

    /// Whether somebody waits for a lock in this database.
    ///
    /// # Panics
    /// When the server refuses to say.
    pub async fn somebody_waits(&self) -> bool {
        let sql = "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
        !self.rows(sql).await.is_empty()
    }

    /// Whether a transaction is open in this database, or a statement runs: of a future that was dropped it may for a moment.
    ///
    /// # Panics
    /// When the server refuses to say.
    pub async fn somebody_works(&self) -> bool {
        let sql = "select 1 from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() \
             and backend_type = 'client backend' and state <> 'idle'";
        !self.rows(sql).await.is_empty()
    }
}

/// A statement without what the server judges its answer by, which stands around it when COMMIT goes out with it.
pub fn unchecked(sql: String) -> String {
    let inside = sql.strip_prefix("WITH written AS (").and_then(|rest| {
        let checks = [
            " RETURNING 1) SELECT CASE count(*) WHEN ",
            " RETURNING 1) SELECT CASE WHEN count(*) = ",
            ") SELECT array_agg(",
            " RETURNING true) SELECT current_setting(",
            ") SELECT coalesce((TABLE written)",
        ];
        let (inside, check) = checks.iter().find_map(|check| rest.rsplit_once(check))?;
        check.contains("'rows written: ").then(|| inside.to_owned())
    });
    inside.unwrap_or(sql)
}

/// The text of an error.
pub fn text(error: &orm_core::Error) -> String {
    error.to_string()
}

/// The text of the panic that a call ends in.
///
/// # Panics
/// When it does not panic.
pub fn panic_text(call: impl FnOnce()) -> String {
    let payload = std::panic::catch_unwind(std::panic::AssertUnwindSafe(call))
        .expect_err("this should have panicked");
    match payload.downcast::<String>() {
        Ok(text) => *text,
        Err(payload) => payload.downcast::<&str>().map_or_else(
            |_| panic!("the panic has no text"),
            |text| (*text).to_owned(),
        ),
    }
}

/// Polls a future a number of times and drops it: `Some` if it was ready by then. It gives other tasks and the network
/// a chance between two polls, so that every await point comes within reach of some number.
pub async fn poll_times<T>(polls: usize, future: impl Future<Output = T>) -> Option<T> {
    let mut future = std::pin::pin!(future);
    let mut left = polls;
    std::future::poll_fn(|context| {
        if left == 0 {
            return std::task::Poll::Ready(None);
        }
        left -= 1;
        match future.as_mut().poll(context) {
            std::task::Poll::Ready(value) => std::task::Poll::Ready(Some(value)),
            // Whatever wakes this task, polls again: the answer of the server does. At the last poll nothing must be
            // waited for.
            std::task::Poll::Pending if left == 0 => std::task::Poll::Ready(None),
            std::task::Poll::Pending => std::task::Poll::Pending,
        }
    })
    .await
}
