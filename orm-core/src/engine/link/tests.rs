//! What only the session uses of a link, on a real server. The rest is tested through `Connection`, in
//! `tests/tests/engine_*.rs`.

use std::panic::Location;
use std::sync::Arc;

use super::Link;
use crate::engine::{Engine, StatementLog};
use crate::query::Statement;
use crate::types::Param;

async fn link(log: &StatementLog) -> Link {
    let url = crate::testing::server_url().expect("there is a PostgreSQL");
    let engine = Engine::builder(url)
        .pool_size(1)
        .max_overflow(0)
        .observe(Arc::new(log.clone()));
    let engine = engine.connect().await.expect("the server answers");
    Link::checkout(&engine, Location::caller())
        .await
        .expect("a connection")
}

fn insert(value: i32) -> Statement {
    Statement {
        sql: "INSERT INTO t VALUES ($1) RETURNING a".to_owned(),
        params: vec![Param::new(&value)],
    }
}

async fn values(link: &Link) -> Vec<i32> {
    let all = Statement::plain("SELECT a FROM t ORDER BY n");
    let rows = link.fetch(&all).await.expect("there is a table");
    rows.iter().map(|row| row.get(0).expect("an int")).collect()
}

async fn with_table(log: &StatementLog) -> Link {
    let link = link(log).await;
    link.batch("CREATE TEMP TABLE t (a int CONSTRAINT small CHECK (a < 100), n serial)")
        .await
        .expect("a temporary table");
    log.clear();
    link
}

fn is_send<T: Send>(value: T) -> T {
    value
}

#[tokio::test]
async fn a_refused_before_is_what_is_reported() {
    let log = StatementLog::new();
    let link = with_table(&log).await;
    let error = is_send(link.execute_after("BEGIN ISOLATION LEVEL nonsense", &insert(1))).await;
    let error = error.expect_err("there is no such level").to_string();
    assert!(error.contains("nonsense"), "{error}");
    assert!(link.must_roll_back());
}

#[tokio::test]
async fn a_savepoint_travels_with_its_statement() {
    let log = StatementLog::new();
    let link = with_table(&log).await;
    link.execute_after("BEGIN", &insert(1))
        .await
        .expect("it fits");
    link.fetch_after("SAVEPOINT s", &insert(100))
        .await
        .expect_err("it does not fit");
    assert!(link.must_roll_back());
    link.batch("ROLLBACK TO s")
        .await
        .expect("there is a savepoint");
    assert!(!link.must_roll_back() && link.in_transaction());
    link.batch("COMMIT").await.expect("nothing is wrong");
    assert!(!link.in_transaction());
    assert_eq!(values(&link).await, [1]);
}

#[tokio::test]
async fn rolling_back_does_not_wait_for_what_was_given_up() {
    let log = StatementLog::new();
    let link = with_table(&log).await;
    let engine = link.engine().clone();
    link.execute_after("BEGIN", &insert(1))
        .await
        .expect("it fits");
    is_send(link.roll_back()).await;
    assert_eq!(engine.pool_status().idle, 1);

    let link = Link::checkout(&engine, Location::caller())
        .await
        .expect("it came back");
    assert!(values(&link).await.is_empty());
    let endless = Statement::plain("SELECT pg_sleep(600)");
    let given_up = tokio::time::timeout(
        std::time::Duration::from_millis(20),
        link.fetch_after("BEGIN", &endless),
    );
    assert!(given_up.await.is_err(), "it takes ten minutes");
    link.roll_back().await;
    let link = Link::checkout(&engine, Location::caller())
        .await
        .expect("a new one");
    assert!(!link.is_closed());
}
