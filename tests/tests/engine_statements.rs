//! How statements are sent: prepared once, pipelined, given up, told to observers; and what their errors say.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::TryStreamExt;
use orm_core::engine::{
    Connection, Engine, EngineBuilder, Observer, StatementEvent, StatementLog, sql,
};
use orm_core::error::ConstraintKind;
use orm_core::{Error, Result};
use tests::{database_url, eventually, refused};

/// An engine with one connection, so that what one borrower did the next one sees.
fn single() -> EngineBuilder {
    Engine::builder(database_url()).pool_size(1).max_overflow(0)
}

async fn connection() -> Connection {
    let engine = single().connect().await.expect("the server answers");
    engine.acquire().await.expect("a connection")
}

/// How many statements this connection has prepared, the counting one left out.
async fn prepared(conn: &mut Connection) -> i64 {
    let count = sql(
        "SELECT count(*) FROM pg_prepared_statements WHERE statement NOT LIKE '%pg_prepared_statements%'",
    );
    count.scalar(conn).await.expect("it can be counted")
}

#[tokio::test]
async fn a_statement_is_prepared_once() {
    let engine = single().connect().await.unwrap();
    for id in 0..5 {
        let mut conn = engine.acquire().await.unwrap();
        let same: i32 = sql("SELECT :id::int4")
            .bind("id", id)
            .scalar(&mut conn)
            .await
            .unwrap();
        assert_eq!(same, id);
    }
    assert_eq!(prepared(&mut engine.acquire().await.unwrap()).await, 1);
}

#[tokio::test]
async fn without_the_cache_nothing_stays_prepared() {
    let engine = single().statement_cache(false).connect().await.unwrap();
    let mut conn = engine.acquire().await.unwrap();
    for id in 0..5 {
        let same: i32 = sql("SELECT :id::int4")
            .bind("id", id)
            .scalar(&mut conn)
            .await
            .unwrap();
        assert_eq!(same, id);
    }
    assert_eq!(prepared(&mut conn).await, 0);
}

#[tokio::test]
async fn the_cache_does_not_grow_without_end() {
    let mut conn = connection().await;
    for n in 0..1500 {
        conn.execute(format!("SELECT {n}")).await.unwrap();
    }
    let kept = prepared(&mut conn).await;
    assert!(kept < 700, "{kept} statements are kept");
}

#[tokio::test]
async fn a_statement_that_grew_stale_is_prepared_again() {
    let mut conn = connection().await;
    conn.execute_script("CREATE TEMP TABLE t (a int); INSERT INTO t VALUES (1)")
        .await
        .unwrap();
    assert_eq!(
        conn.fetch_all::<(i32,)>("SELECT * FROM t").await.unwrap(),
        [(1,)]
    );
    conn.execute("ALTER TABLE t ADD COLUMN b text DEFAULT 'new'")
        .await
        .unwrap();
    let rows: Vec<(i32, String)> = conn.fetch_all("SELECT * FROM t").await.unwrap();
    assert_eq!(rows, [(1, "new".to_owned())]);

    conn.execute_script("DISCARD ALL").await.unwrap();
    let one: i32 = conn.fetch_scalar("SELECT 1").await.unwrap();
    assert_eq!(one, 1);
    conn.execute_script("DEALLOCATE ALL").await.unwrap();
    let one: i32 = conn.fetch_scalar("SELECT 1").await.unwrap();
    assert_eq!(one, 1);
}

#[tokio::test]
async fn a_transaction_that_meets_a_stale_statement_first_begins_again() {
    let mut conn = connection().await;
    conn.execute_script("CREATE TEMP TABLE t (a int)")
        .await
        .unwrap();
    conn.execute("SELECT * FROM t").await.unwrap();
    conn.execute("ALTER TABLE t ADD COLUMN b text")
        .await
        .unwrap();
    let mut transaction = conn.begin().await.unwrap();
    transaction.execute("SELECT * FROM t").await.unwrap();
    transaction
        .execute("INSERT INTO t VALUES (1)")
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(
        conn.fetch_scalar::<i64>("SELECT count(*) FROM t")
            .await
            .unwrap(),
        1
    );
}

#[tokio::test]
async fn a_stale_statement_later_in_a_transaction_says_that_it_may_be_run_again() {
    let mut conn = connection().await;
    conn.execute_script("CREATE TEMP TABLE t (a int)")
        .await
        .unwrap();
    conn.execute("SELECT * FROM t").await.unwrap();
    let mut transaction = conn.begin().await.unwrap();
    transaction
        .execute("ALTER TABLE t ADD COLUMN b text")
        .await
        .unwrap();
    let error = refused(transaction.execute("SELECT * FROM t").await);
    assert!(error.is_retryable(), "{error:?}");
    assert!(
        error
            .to_string()
            .contains("altered after this connection had prepared"),
        "{error}"
    );
    transaction.rollback().await.unwrap();
    conn.execute("SELECT * FROM t").await.unwrap();
}

#[tokio::test]
async fn begin_travels_with_the_first_statement_and_comes_first() {
    let log = StatementLog::new();
    let engine = single()
        .observe(Arc::new(log.clone()))
        .connect()
        .await
        .unwrap();
    let mut conn = engine.acquire().await.unwrap();
    let mut transaction = conn.begin().await.unwrap();
    assert_eq!(log.count(), 0);
    // If BEGIN came second, there would be nothing to roll back.
    transaction
        .execute("CREATE TEMP TABLE t (a int)")
        .await
        .unwrap();
    transaction.rollback().await.unwrap();
    let gone: Option<String> = conn
        .fetch_scalar("SELECT to_regclass('t')::text")
        .await
        .unwrap();
    assert_eq!(gone, None);
    assert_eq!(
        log.take(),
        [
            "BEGIN",
            "CREATE TEMP TABLE t (a int)",
            "ROLLBACK",
            "SELECT to_regclass('t')::text"
        ]
    );
}

/// Gives up a statement that waits for a lock that another connection holds.
async fn give_up_on(lock: i64, conn: &mut Connection) {
    let wait = sql("SELECT pg_advisory_xact_lock(:lock)").bind("lock", lock);
    let given_up = tokio::time::timeout(Duration::from_millis(20), wait.execute(conn));
    given_up.await.expect_err("the lock is held");
}

#[tokio::test]
async fn a_statement_that_is_given_up_is_cancelled_when_its_connection_is_dropped() {
    let engine = Engine::connect(&database_url()).await.unwrap();
    let mut holder = engine.acquire().await.unwrap();
    holder
        .execute("SELECT pg_advisory_lock(7540011)")
        .await
        .unwrap();
    let mut conn = engine.acquire().await.unwrap();
    let pid: i32 = conn.fetch_scalar("SELECT pg_backend_pid()").await.unwrap();
    give_up_on(7_540_011, &mut conn).await;
    drop(conn);
    eventually("the server stopped waiting", async || {
        let mut other = engine.acquire().await.unwrap();
        let found = sql("SELECT 1 FROM pg_stat_activity WHERE pid = :pid").bind("pid", pid);
        found
            .optional::<(i32,)>(&mut other)
            .await
            .unwrap()
            .is_none()
    })
    .await;
    holder.discard();
}

#[tokio::test]
async fn the_next_statement_waits_for_the_end_of_one_that_was_given_up() {
    let engine = Engine::connect(&database_url()).await.unwrap();
    let mut holder = engine.acquire().await.unwrap();
    holder
        .execute("SELECT pg_advisory_lock(7540012)")
        .await
        .unwrap();
    let mut conn = engine.acquire().await.unwrap();
    give_up_on(7_540_012, &mut conn).await;
    let (seven, ()) = futures_util::future::join(conn.fetch_scalar::<i32>("SELECT 7"), async {
        holder.discard()
    })
    .await;
    assert_eq!(seven.unwrap(), 7);
    drop(conn);
    assert_eq!(engine.pool_status().idle, 1, "it is as good as before");
}

/// Polls a future a number of times, and drops it.
async fn poll_times(times: usize, future: impl Future) {
    let mut future = Box::pin(future);
    for _ in 0..times {
        let done = std::future::poll_fn(|context| {
            std::task::Poll::Ready(future.as_mut().poll(context).is_ready())
        });
        if done.await {
            return;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_future_may_be_dropped_at_any_point() {
    let engine = single().connect().await.unwrap();
    for times in 1..40 {
        let mut conn = engine.acquire().await.unwrap();
        let text = format!(
            "SELECT n, repeat('x', 2000) FROM generate_series(1, 50) AS n WHERE {times} > 0"
        );
        poll_times(times, conn.fetch_all::<(i32, String)>(text.as_str())).await;
        let answer: i32 = sql("SELECT :n::int4")
            .bind("n", 7)
            .scalar(&mut conn)
            .await
            .unwrap();
        assert_eq!(answer, 7);

        poll_times(times, async {
            let mut transaction = conn.begin().await?;
            transaction
                .execute(format!("CREATE TEMP TABLE t{times} (a int)"))
                .await?;
            transaction.execute(format!("SELECT {times} AS n")).await?;
            transaction.execute("SELECT 1").await?;
            Ok::<_, Error>(())
        })
        .await;
        let left: Option<String> = sql("SELECT to_regclass(:name)::text")
            .bind("name", format!("t{times}"))
            .scalar(&mut conn)
            .await
            .unwrap();
        assert_eq!(left, None, "after {times} polls");

        poll_times(times, async {
            let mut conn = engine.acquire().await?;
            conn.execute("SELECT 1").await
        })
        .await;
    }
    eventually("the connection is back", async || {
        engine.pool_status().idle == 1
    })
    .await;
}

#[tokio::test]
async fn a_transaction_with_a_statement_given_up_must_be_rolled_back() {
    let engine = Engine::connect(&database_url()).await.unwrap();
    let mut holder = engine.acquire().await.unwrap();
    holder
        .execute("SELECT pg_advisory_lock(7540013)")
        .await
        .unwrap();
    let mut conn = engine.acquire().await.unwrap();
    let mut transaction = conn.begin().await.unwrap();
    give_up_on(7_540_013, &mut transaction).await;
    let error = refused(transaction.execute("SELECT 1").await);
    assert!(matches!(error, Error::RollbackRequired { .. }), "{error:?}");
    holder.discard();
    let error = refused(transaction.commit().await);
    assert!(matches!(error, Error::RollbackRequired { .. }), "{error:?}");
    conn.execute("SELECT 1").await.unwrap();
}

#[tokio::test]
async fn constraints_are_named() {
    let mut conn = connection().await;
    conn.execute_script(
        "CREATE TEMP TABLE owners (id int PRIMARY KEY);
         CREATE TEMP TABLE pets (
            id int PRIMARY KEY,
            name text NOT NULL,
            chip text, clinic int, CONSTRAINT one_chip UNIQUE (chip, clinic),
            legs int CONSTRAINT not_too_many CHECK (legs < 9),
            owner int CONSTRAINT has_owner REFERENCES owners,
            stay int4range, CONSTRAINT one_at_a_time EXCLUDE USING gist (stay WITH &&));
         INSERT INTO pets (id, name, chip, clinic, stay) VALUES (1, 'Mia', 'secret', 2, '[1,5]')",
    )
    .await
    .unwrap();
    let cases: [(&str, ConstraintKind, &str, &[&str]); 6] = [
        (
            "(id, name) VALUES (1, 'x')",
            ConstraintKind::Unique,
            "pets_pkey",
            &["id"],
        ),
        (
            "(id, name, chip, clinic) VALUES (2, 'x', 'secret', 2)",
            ConstraintKind::Unique,
            "one_chip",
            &["chip", "clinic"],
        ),
        ("(id) VALUES (3)", ConstraintKind::NotNull, "", &["name"]),
        (
            "(id, name, legs) VALUES (4, 'x', 10)",
            ConstraintKind::Check,
            "not_too_many",
            &[],
        ),
        (
            "(id, name, owner) VALUES (5, 'x', 77)",
            ConstraintKind::ForeignKey,
            "has_owner",
            &["owner"],
        ),
        (
            "(id, name, stay) VALUES (6, 'x', '[2,3]')",
            ConstraintKind::Exclusion,
            "one_at_a_time",
            &["stay"],
        ),
    ];
    for (values, kind, constraint, columns) in cases {
        let error = refused(conn.execute(format!("INSERT INTO pets {values}")).await);
        let text = error.to_string();
        let violation = error.constraint().unwrap_or_else(|| panic!("{error:?}"));
        assert_eq!(violation.kind, kind);
        assert_eq!(violation.table, "pets");
        assert_eq!(violation.constraint, constraint);
        assert_eq!(violation.columns, columns, "{text}");
        // `Debug` is what ends up in logs: by `unwrap`, by `error = ?error`.
        for text in [text, format!("{error:?}"), format!("{violation:#?}")] {
            assert!(
                text.contains("pets") && !text.contains("secret") && !text.contains("77"),
                "{text}"
            );
        }
        if constraint == "one_chip" {
            let asked = violation.detail.as_deref();
            assert_eq!(
                asked,
                Some("Key (chip, clinic)=(secret, 2) already exists.")
            );
        }
    }
}

#[tokio::test]
async fn a_syntax_error_shows_its_place() {
    let mut conn = connection().await;
    let error = refused(conn.execute("SELECT 'ä', * FORM users").await);
    assert_eq!(
        error.to_string(),
        "PostgreSQL refused a statement (SQLSTATE 42601): syntax error at or near \"FORM\"\n  \
         statement: SELECT 'ä', * FORM users\n  at character 15:\n    SELECT 'ä', * FORM users\n                  ^"
    );
}

#[tokio::test]
async fn errors_do_not_repeat_values() {
    let mut conn = connection().await;
    for text in [
        "SELECT :value::text::int",
        "SELECT :value::text::timestamptz",
        "SELECT :value::text::uuid",
        "SELECT :value::text::json",
        "SELECT :value::text::bool",
    ] {
        let error = refused(
            sql(text)
                .bind("value", "my \"secret\"")
                .execute(&mut conn)
                .await,
        );
        assert!(matches!(error, Error::Query(_)), "{error:?}");
        assert!(
            !format!("{error} {error:?}").contains("secret"),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn deadlocks_and_lock_timeouts_are_told_apart() {
    let engine = Engine::builder(database_url()).connect().await.unwrap();
    let (mut one, mut two) = (
        engine.acquire().await.unwrap(),
        engine.acquire().await.unwrap(),
    );
    let lock = |n: i64| {
        sql("SELECT pg_advisory_xact_lock(:n)")
            .bind("n", 7_540_000 + n)
            .clone()
    };
    let (mut a, mut b) = (one.begin().await.unwrap(), two.begin().await.unwrap());
    a.execute("SET LOCAL deadlock_timeout = '10ms'")
        .await
        .unwrap();
    b.execute("SET LOCAL deadlock_timeout = '10ms'")
        .await
        .unwrap();
    lock(1).execute(&mut a).await.unwrap();
    lock(2).execute(&mut b).await.unwrap();
    // The one whose deadlock is found lets the other one go on.
    let first = async {
        let answer = lock(2).execute(&mut a).await;
        drop(a.rollback().await);
        answer
    };
    let second = async {
        let answer = lock(1).execute(&mut b).await;
        drop(b.rollback().await);
        answer
    };
    let (first, second): (Result<u64>, Result<u64>) =
        futures_util::future::join(first, second).await;
    let lost = first.err().or(second.err()).expect("one of them has lost");
    assert!(lost.is_retryable(), "{lost:?}");

    let mut holder = one.begin().await.unwrap();
    lock(3).execute(&mut holder).await.unwrap();
    let mut waiter = two.begin().await.unwrap();
    waiter
        .execute("SET LOCAL lock_timeout = '5ms'")
        .await
        .unwrap();
    let error = refused(lock(3).execute(&mut waiter).await);
    assert!(matches!(error, Error::Timeout { .. }), "{error:?}");
    assert_eq!(
        error.to_string(),
        "timed out: canceling statement due to lock timeout\n  statement: SELECT pg_advisory_xact_lock($1)"
    );
}

#[tokio::test]
async fn an_observer_can_see_values_and_debug_does_not_show_them() {
    #[derive(Default)]
    struct Both(Mutex<Vec<(String, String)>>);
    impl Observer for Both {
        fn statement(&self, event: &StatementEvent<'_>) {
            self.0
                .lock()
                .unwrap()
                .push((format!("{event:?}"), event.show()));
        }
    }
    let seen = Arc::new(Both::default());
    let engine = single().observe(seen.clone()).connect().await.unwrap();
    let mut conn = engine.acquire().await.unwrap();
    sql("SELECT :a::int4, :b")
        .bind("a", 42)
        .bind("b", "hush")
        .execute(&mut conn)
        .await
        .unwrap();
    let (debug, shown) = seen.0.lock().unwrap().remove(0);
    assert!(
        debug.starts_with("SELECT $1::int4, $2 [<int4>, <text>] [1 row, "),
        "{debug}"
    );
    assert_eq!(shown, "$1 = 42, $2 = hush");
}

#[tokio::test]
async fn an_observer_can_see_the_rows_that_came_back() {
    #[derive(Default)]
    struct Answers(Mutex<Vec<String>>);
    impl Observer for Answers {
        fn statement(&self, event: &StatementEvent<'_>) {
            self.0.lock().unwrap().push(event.show_answer());
        }
    }
    let seen = Arc::new(Answers::default());
    let engine = single().observe(seen.clone()).connect().await.unwrap();
    let mut conn = engine.acquire().await.unwrap();
    let texts = "SELECT 1::int2 AS a, 'Ann'::varchar AS b, NULL::int4 AS c, 0.1::float4 AS d, 1.50::numeric AS e UNION ALL SELECT \
         2::int2, '', 3, 4, 5";
    conn.fetch_all::<(i16, String, Option<i32>, f32, rust_decimal::Decimal)>(texts)
        .await
        .unwrap();
    let others = "SELECT '{\"x\": 1}'::jsonb AS j, '2024-05-06 07:08:09+00'::timestamptz AS t, '{1,NULL}'::int4[] AS l, \
         '00000000-0000-0000-0000-000000000001'::uuid AS u, true AS y, '1 day'::interval AS i, '(1,2)'::point AS p";
    // What it is read into doesn't matter to who looks on.
    refused(conn.fetch_all::<(bool,)>(others).await);
    conn.execute(others).await.unwrap();
    let rows = conn.stream::<(i32,)>("SELECT 1").await.unwrap();
    assert_eq!(rows.try_collect::<Vec<_>>().await.unwrap(), [(1,)]);
    let seen = std::mem::take(&mut *seen.0.lock().unwrap());
    assert_eq!(
        seen[0],
        "a = 1, b = Ann, c = NULL, d = 0.1, e = 1.50\na = 2, b = , c = 3, d = 4, e = 5\n"
    );
    assert_eq!(
        seen[1],
        "j = {\"x\":1}, t = 2024-05-06 07:08:09+00, l = {1,NULL}, u = 00000000-0000-0000-0000-000000000001, y = true, \
         i = 1 days, p = <point>\n"
    );
    // Only counted, and only passed on.
    assert_eq!(seen[2..], ["", ""]);
}

/// Run by the next test in a process of its own, whose standard error can be read.
#[tokio::test]
#[ignore = "the other half of echo_writes_to_standard_error"]
async fn echo_child() {
    for engine in [single().echo(true), single().echo_values(true)] {
        let engine = engine.connect().await.unwrap();
        let mut conn = engine.acquire().await.unwrap();
        sql("SELECT :word")
            .bind("word", "hush")
            .execute(&mut conn)
            .await
            .unwrap();
    }
}

#[test]
fn echo_writes_to_standard_error() {
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "echo_child", "--nocapture"])
        .output()
        .unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stderr).unwrap();
    let lines: Vec<_> = text
        .lines()
        .map(|line| line.split(", ").next().unwrap_or_default())
        .collect();
    assert_eq!(
        lines,
        [
            "SELECT $1",
            "    -- 1 row",
            "SELECT $1",
            "    $1 = hush",
            "    -- 1 row"
        ]
    );
}
