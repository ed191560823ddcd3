//! What only the session uses of a link, on a real server. The rest is tested through `Connection`, in
//! `tests/tests/engine_*.rs`.

use std::panic::Location;
use std::sync::Arc;

use super::Link;
use crate::engine::{Engine, Outcome, Pipeline, StatementLog};
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
        sql: "INSERT INTO t VALUES ($1) RETURNING a".into(),
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
    let error = is_send(link.after("BEGIN ISOLATION LEVEL nonsense", &insert(1))).await;
    let error = error.err().expect("there is no such level").to_string();
    assert!(error.contains("nonsense"), "{error}");
    assert!(link.must_roll_back());
}

#[tokio::test]
async fn a_savepoint_travels_with_its_statement() {
    let log = StatementLog::new();
    let link = with_table(&log).await;
    link.after("BEGIN", &insert(1)).await.expect("it fits");
    link.after("SAVEPOINT s", &insert(100))
        .await
        .err()
        .expect("it does not fit");
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
    link.after("BEGIN", &insert(1)).await.expect("it fits");
    is_send(link.roll_back()).await;
    assert_eq!(engine.pool_status().idle, 1);

    let link = Link::checkout(&engine, Location::caller())
        .await
        .expect("it came back");
    assert!(values(&link).await.is_empty());
    let endless = Statement::plain("SELECT pg_sleep(600)");
    let given_up = tokio::time::timeout(
        std::time::Duration::from_millis(20),
        link.after("BEGIN", &endless),
    );
    assert!(given_up.await.is_err(), "it takes ten minutes");
    link.roll_back().await;
    let link = Link::checkout(&engine, Location::caller())
        .await
        .expect("a new one");
    assert!(!link.is_closed());
}

async fn commit_all(link: &Link, statements: &[Statement]) -> Outcome {
    is_send(link.pipeline(Pipeline {
        before: Some("BEGIN"),
        statements,
        after: Some("COMMIT"),
        returned: &[],
    }))
    .await
}

#[tokio::test]
async fn a_pipeline_keeps_its_order_and_is_one_round_trip() {
    let log = StatementLog::new();
    let link = with_table(&log).await;
    let statements: Vec<_> = (0..80).map(insert).collect();
    for expected in [2, 1] {
        let Outcome {
            answers, result, ..
        } = commit_all(&link, &statements).await;
        result.expect("all fit");
        for (answer, expected) in answers.iter().zip(0..) {
            assert_eq!(answer.rows[0].get::<i32>(0).expect("an int"), expected);
        }
        assert_eq!(answers.len(), 80);
        assert_eq!(log.round_trips(), expected);
        let sent = log.take();
        assert_eq!((sent[0].as_str(), sent[81].as_str()), ("BEGIN", "COMMIT"));
        assert!(!link.in_transaction());
    }
    let twice: Vec<_> = (0..80).chain(0..80).collect();
    assert_eq!(values(&link).await, twice);
}

#[tokio::test]
async fn of_a_pipeline_that_fails_nothing_is_committed_and_the_cause_is_told() {
    let log = StatementLog::new();
    let link = with_table(&log).await;
    let misfit = Statement {
        params: vec![Param::new(&"text".to_owned())],
        ..insert(0)
    };
    for (culprit, cause, is_over) in [
        (insert(100), "small", true),
        // The client refuses this one, when BEGIN and the first statement are on their way.
        (misfit, "parameter $1 does not fit", false),
        (
            Statement::plain("INSERT INTO nowhere VALUES (1)"),
            "nowhere",
            false,
        ),
    ] {
        for _ in 0..2 {
            let statements = [insert(1), culprit.clone(), insert(3)];
            let Outcome {
                answers, result, ..
            } = commit_all(&link, &statements).await;
            let error = result.expect_err("one of them does not fit").to_string();
            assert!(error.contains(cause), "{error}");
            assert!(answers.len() <= 1);
            assert_eq!(link.in_transaction(), !is_over);
            if !is_over {
                link.batch("ROLLBACK").await.expect("it can be rolled back");
            }
            assert!(values(&link).await.is_empty());
        }
    }
}
