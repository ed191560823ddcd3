//! A clone of the Chinook database for each test.

use std::fmt::Debug;
use std::path::PathBuf;

use orm_core::engine::{Sql, StatementLog};
use orm_core::model::FromRow;
use orm_core::testing::TestDb;
use orm_core::{Engine, Result};
use tests::fixture::unchecked;

/// A clone of the database, an engine on it, and the log of what the engine sends.
pub(crate) struct Chinook {
    pub(crate) engine: Engine,
    pub(crate) log: StatementLog,
    _database: TestDb,
}

/// A clone, or `None` where there is no script: the test is skipped then, and standard error says why.
pub(crate) async fn chinook() -> Option<Chinook> {
    let script = script()?;
    let database = TestDb::from_template("chinook", async |url| {
        let text = std::fs::read_to_string(&script).expect("the script can be read");
        let engine = Engine::connect(url).await?;
        engine
            .acquire()
            .await?
            .execute_script(&for_one_database(&text))
            .await
    })
    .await
    .expect("the script runs");
    let (engine, log) = database.logged_engine().await.expect("an engine");
    Some(Chinook {
        engine,
        log,
        _database: database,
    })
}

/// Where the script is: `ORM_CHINOOK_SQL`, or beside the workspace.
fn script() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("ORM_CHINOOK_SQL").map(PathBuf::from) {
        assert!(path.is_file(), "ORM_CHINOOK_SQL names no file: {path:?}");
        return Some(path);
    }
    let path = PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../shared/data/chinook.sql"
    ));
    if !path.is_file() {
        eprintln!(
            "skipped: the Chinook database is not part of this repository; its script was looked for at {}, and \
             ORM_CHINOOK_SQL, which could say where it is, is not set",
            path.display()
        );
        return None;
    }
    Some(path)
}

/// The script without what is meant for psql: the database is there already.
fn for_one_database(script: &str) -> String {
    let meant_for_psql = |line: &&str| {
        line.starts_with('\\')
            || line.starts_with("DROP DATABASE")
            || line.starts_with("CREATE DATABASE")
    };
    let lines: Vec<&str> = script
        .lines()
        .filter(|line| !meant_for_psql(line))
        .collect();
    lines.join("\n")
}

impl Chinook {
    /// The statements since the log was cleared, without the check that those carry that go out together with COMMIT.
    pub(crate) fn taken(&self) -> Vec<String> {
        self.log.take().into_iter().map(unchecked).collect()
    }

    /// What hand-written SQL gives, on a connection of its own: it sees what is committed.
    pub(crate) async fn fetch<T: FromRow>(&self, sql: impl Into<Sql>) -> Result<Vec<T>> {
        self.engine.acquire().await?.fetch_all(sql).await
    }

    /// The only row that hand-written SQL gives.
    pub(crate) async fn fetch_one<T: FromRow>(&self, sql: impl Into<Sql>) -> Result<T> {
        self.engine.acquire().await?.fetch_one(sql).await
    }

    /// The first column of the only row.
    pub(crate) async fn scalar<T: orm_core::types::SqlType>(
        &self,
        sql: impl Into<Sql>,
    ) -> Result<T> {
        self.engine.acquire().await?.fetch_scalar(sql).await
    }

    /// Asserts that hand-written SQL gives these rows, and that there are any: a comparison of nothing with nothing proves
    /// nothing.
    pub(crate) async fn assert_same<T>(&self, found: &[T], sql: impl Into<Sql>) -> Result<()>
    where
        T: FromRow + PartialEq + Debug,
    {
        let expected: Vec<T> = self.fetch(sql).await?;
        assert!(!expected.is_empty(), "the hand-written SQL finds nothing");
        if found != expected {
            let at = (0..).find(|at| found.get(*at) != expected.get(*at));
            let at = at.unwrap_or_default();
            panic!(
                "{} rows, expected {}; the first difference is in row {at}: {:?}, expected {:?}",
                found.len(),
                expected.len(),
                found.get(at),
                expected.get(at)
            );
        }
        Ok(())
    }
}

/// How many statements of a kind were sent.
pub(crate) fn sent(log: &[String], kind: &str) -> usize {
    log.iter().filter(|sql| sql.starts_with(kind)).count()
}
