//! What only the session uses of a link, on a real server. The rest is tested through `Connection`, in
//! `tests/tests/engine_*.rs`.

use std::panic::Location;
use std::sync::Arc;

use super::Link;
use crate::engine::{Engine, StatementLog};
use crate::error::{ConstraintKind, Error};
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
async fn pipelined_statements_run_in_their_order() {
    let log = StatementLog::new();
    let link = with_table(&log).await;
    // More than `join_all` polls in a plain loop; some are prepared already and could overtake the others.
    link.fetch(&insert(0)).await.expect("it fits");
    let statements: Vec<_> = (1..80)
        .map(|n| match n % 3 {
            0 => insert(n),
            _ => Statement::plain(format!("INSERT INTO t VALUES ({n}) RETURNING a")),
        })
        .collect();
    let answers = is_send(link.fetch_all_pipelined(&statements)).await;
    for (answer, expected) in answers.into_iter().zip(1..) {
        let rows = answer.expect("all fit");
        assert_eq!(rows[0].get::<i32>(0).expect("an int"), expected);
    }
    assert_eq!(values(&link).await, (0..80).collect::<Vec<_>>());
    assert_eq!(link.fetch_all_pipelined(&[]).await.len(), 0);
}

#[tokio::test]
async fn of_a_pipeline_in_a_transaction_the_cause_can_be_told() {
    let log = StatementLog::new();
    let link = with_table(&log).await;
    let unpreparable = Statement::plain("INSERT INTO nowhere VALUES (1)");
    for (culprit, is_cause) in [
        (
            insert(100),
            (|error| {
                error
                    .constraint()
                    .is_some_and(|c| c.kind == ConstraintKind::Check)
            }) as fn(&Error) -> bool,
        ),
        (unpreparable, |error| matches!(error, Error::Query(_))),
    ] {
        is_send(link.fetch_after("BEGIN", &insert(1)))
            .await
            .expect("it fits");
        let answers = link
            .fetch_all_pipelined(&[insert(2), culprit, insert(3)])
            .await;
        let errors: Vec<_> = answers.into_iter().filter_map(Result::err).collect();
        let causes: Vec<_> = errors
            .iter()
            .filter(|error| !matches!(error, Error::RollbackRequired { .. }))
            .collect();
        assert_eq!(causes.len(), 1, "{errors:?}");
        assert!(is_cause(causes[0]), "{errors:?}");
        assert!(link.must_roll_back());
        link.batch("ROLLBACK")
            .await
            .expect("it can always be rolled back");
        assert!(!link.must_roll_back() && !link.in_transaction());
    }
    assert!(values(&link).await.is_empty());
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
async fn rolling_back_in_the_background_gives_the_connection_back() {
    let log = StatementLog::new();
    let link = with_table(&log).await;
    let engine = link.engine().clone();
    link.execute_after("BEGIN", &insert(1))
        .await
        .expect("it fits");
    log.clear();
    link.rollback_in_background();
    let link = Link::checkout(&engine, Location::caller())
        .await
        .expect("it came back");
    assert_eq!(log.take(), ["ROLLBACK"]);
    assert!(values(&link).await.is_empty());
    link.discard();
    assert_eq!(engine.pool_status().open, 0);
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

#[tokio::test]
async fn pipelines_may_be_dropped_at_any_point() {
    let log = StatementLog::new();
    let link = with_table(&log).await;
    for times in 1..30 {
        let text = format!("SELECT {times} FROM generate_series(1, 3)");
        let statements = [Statement::plain(text), insert(1), insert(2)];
        let mut future = Box::pin(link.fetch_all_pipelined(&statements));
        for _ in 0..times {
            let ready = std::future::poll_fn(|context| {
                std::task::Poll::Ready(future.as_mut().poll(context).is_ready())
            });
            if ready.await {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(future);
        let rows = link.fetch(&insert(7)).await.expect("it goes on");
        assert_eq!(rows[0].get::<i32>(0).expect("an int"), 7);
    }
}
