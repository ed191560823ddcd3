//! The pool: its size and overflow, waiting and giving up, old and dead connections.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future;
use orm_core::Error;
use orm_core::engine::{Connection, Engine, EngineBuilder, StatementLog};
use tests::{database_url, eventually, refused};

fn builder() -> EngineBuilder {
    Engine::builder(database_url())
}

async fn backend(conn: &mut Connection) -> i32 {
    let pid = conn.fetch_scalar("SELECT pg_backend_pid()").await;
    pid.expect("the connection works")
}

async fn terminate(engine: &Engine, pid: i32) {
    let mut other = engine.acquire().await.expect("a connection");
    let ended: bool = orm_core::engine::sql("SELECT pg_terminate_backend(:pid, 10000)")
        .bind("pid", pid)
        .scalar(&mut other)
        .await
        .expect("one may end one's own connections");
    assert!(ended);
}

#[tokio::test]
async fn an_engine_can_be_sent_and_cloned() {
    fn works<T: Send + Sync + Clone + 'static>(_: &T) {}
    fn sends<T: Send>(value: T) -> T {
        value
    }
    let engine = builder().connect().await.unwrap();
    works(&engine);
    let mut conn = sends(engine.acquire()).await.unwrap();
    sends(conn.execute("SELECT 1")).await.unwrap();
    sends(conn.fetch_all::<(i32,)>("SELECT 1")).await.unwrap();
    let mut transaction = sends(conn.begin()).await.unwrap();
    sends(transaction.execute("SELECT 1")).await.unwrap();
    sends(transaction.commit()).await.unwrap();
}

#[tokio::test]
async fn connections_are_used_again() {
    let engine = builder().connect().await.unwrap();
    let first = backend(&mut engine.acquire().await.unwrap()).await;
    let second = backend(&mut engine.acquire().await.unwrap()).await;
    assert_eq!(first, second);
    assert_eq!(engine.pool_status().open, 1);
}

#[tokio::test]
async fn the_overflow_is_closed_when_it_comes_back() {
    let engine = builder()
        .pool_size(2)
        .max_overflow(3)
        .connect()
        .await
        .unwrap();
    let mut all = Vec::new();
    for _ in 0..5 {
        all.push(engine.acquire().await.unwrap());
    }
    assert_eq!(engine.pool_status().open, 5);
    assert_eq!(engine.pool_status().idle, 0);
    all.truncate(3);
    assert_eq!(
        engine.pool_status().open,
        5,
        "two idle ones are what pool_size allows"
    );
    all.clear();
    assert_eq!(engine.pool_status().open, 2);
    assert_eq!(engine.pool_status().idle, 2);
}

#[tokio::test]
async fn a_pool_that_is_used_up_says_who_holds_it() {
    let engine = builder()
        .pool_size(2)
        .max_overflow(1)
        .pool_timeout(Duration::from_millis(20))
        .connect()
        .await
        .unwrap();
    let mut held = Vec::new();
    for _ in 0..2 {
        held.push(engine.acquire().await.unwrap());
    }
    let line_of_two = line!() - 2;
    held.push(engine.acquire().await.unwrap());
    let line_of_one = line!() - 1;

    let error = refused(engine.acquire().await);
    assert!(matches!(error, Error::Timeout { .. }));
    let text = error.to_string();
    let file = file!();
    for expected in [
        "timed out: no connection to ",
        " became free within 20 ms: pool_size 2 + max_overflow 1 are all in use; held by ",
        &format!("{file}:{line_of_two} (2 for up to "),
        &format!(", {file}:{line_of_one} (for "),
        "; give connections back (drop sessions and connections that have done their work) or raise pool_size",
    ] {
        assert!(text.contains(expected), "{expected:?} is not in {text:?}");
    }

    held.pop();
    engine.acquire().await.expect("one came back");
}

#[tokio::test]
async fn who_waits_gets_what_comes_back() {
    let engine = builder()
        .pool_size(1)
        .max_overflow(0)
        .connect()
        .await
        .unwrap();
    let mut conn = engine.acquire().await.unwrap();
    let pid = backend(&mut conn).await;
    let waiting = tokio::spawn({
        let engine = engine.clone();
        async move { backend(&mut engine.acquire().await.unwrap()).await }
    });
    eventually("the task waits", async || engine.pool_status().waiting == 1).await;
    drop(conn);
    assert_eq!(waiting.await.unwrap(), pid);
}

#[tokio::test]
async fn a_pool_without_connections_is_refused() {
    let error = refused(builder().pool_size(0).max_overflow(0).build());
    assert!(matches!(error, Error::Config { .. }));
    assert!(error.to_string().contains("give pool_size at least 1"));
}

#[tokio::test]
async fn a_closed_engine_lends_nothing() {
    let engine = builder().connect().await.unwrap();
    engine.close();
    let error = refused(engine.acquire().await);
    assert!(matches!(error, Error::Connection { .. }), "{error}");
    assert!(
        error
            .to_string()
            .contains("was closed and lends no connections"),
        "{error}"
    );
}

#[tokio::test]
async fn old_connections_are_not_lent_again() {
    let engine = builder()
        .pool_recycle(Duration::ZERO)
        .connect()
        .await
        .unwrap();
    let first = backend(&mut engine.acquire().await.unwrap()).await;
    let second = backend(&mut engine.acquire().await.unwrap()).await;
    assert_ne!(first, second);
    assert_eq!(engine.pool_status().open, 1);
}

#[tokio::test]
async fn pre_ping_passes_over_the_dead() {
    let engine = builder().pool_pre_ping(true).connect().await.unwrap();
    let pid = backend(&mut engine.acquire().await.unwrap()).await;
    let keeper = engine.acquire().await.unwrap();
    terminate(&engine, pid).await;
    drop(keeper);
    for _ in 0..3 {
        let mut conn = engine.acquire().await.unwrap();
        assert_ne!(backend(&mut conn).await, pid);
    }
}

#[tokio::test]
async fn a_connection_that_dies_in_the_middle_does_not_come_back() {
    let engine = builder().connect().await.unwrap();
    let mut conn = engine.acquire().await.unwrap();
    let pid = backend(&mut conn).await;
    let (answer, ()) = future::join(conn.execute("SELECT pg_sleep(60)"), async {
        eventually("the statement runs", async || {
            let mut other = engine.acquire().await.unwrap();
            let state: Option<(String,)> = orm_core::engine::sql(
                "SELECT state FROM pg_stat_activity WHERE pid = :pid AND query LIKE '%pg_sleep%'",
            )
            .bind("pid", pid)
            .optional(&mut other)
            .await
            .unwrap();
            state.is_some_and(|(state,)| state == "active")
        })
        .await;
        terminate(&engine, pid).await;
    })
    .await;
    let error = refused(answer);
    assert!(matches!(error, Error::Connection { .. }), "{error:?}");
    let text = error.to_string();
    assert!(
        text.contains("closed the connection: terminating connection due to administrator command"),
        "{text}"
    );
    assert!(conn.is_closed());

    let again = refused(conn.execute("SELECT 1").await);
    assert!(matches!(again, Error::Connection { .. }), "{again:?}");
    drop(conn);
    assert_eq!(engine.pool_status().open, 1, "only the one that ended it");
}

#[tokio::test]
async fn a_discarded_connection_is_closed() {
    let engine = builder().connect().await.unwrap();
    engine.acquire().await.unwrap().discard();
    assert_eq!(engine.pool_status().open, 0);
}

#[tokio::test]
async fn a_connection_comes_back_without_its_transaction() {
    let log = StatementLog::new();
    let engine = builder()
        .pool_size(1)
        .max_overflow(0)
        .observe(Arc::new(log.clone()))
        .connect()
        .await
        .unwrap();
    for open_one in ["BEGIN", "-- a comment\nSTART TRANSACTION"] {
        let mut conn = engine.acquire().await.unwrap();
        conn.execute(open_one).await.unwrap();
        conn.execute("CREATE TEMP TABLE left_over (id int)")
            .await
            .unwrap();
        drop(conn);
        let mut conn = engine.acquire().await.unwrap();
        let left: Option<String> = conn
            .fetch_scalar("SELECT to_regclass('left_over')::text")
            .await
            .unwrap();
        assert_eq!(left, None);
        assert!(log.take().contains(&"ROLLBACK".to_owned()));
    }

    let mut conn = engine.acquire().await.unwrap();
    conn.execute_script("SELECT 1; BEGIN; CREATE TEMP TABLE left_over (id int)")
        .await
        .unwrap();
    drop(conn);
    let mut conn = engine.acquire().await.unwrap();
    let left: Option<String> = conn
        .fetch_scalar("SELECT to_regclass('left_over')::text")
        .await
        .unwrap();
    assert_eq!(left, None);
}

#[tokio::test]
async fn a_clean_connection_comes_back_without_a_statement() {
    let log = StatementLog::new();
    let engine = builder()
        .observe(Arc::new(log.clone()))
        .connect()
        .await
        .unwrap();
    let mut conn = engine.acquire().await.unwrap();
    let mut transaction = conn.begin().await.unwrap();
    transaction.execute("SELECT 1").await.unwrap();
    transaction.commit().await.unwrap();
    drop(conn);
    assert_eq!(engine.pool_status().idle, 1);
    assert_eq!(log.take(), ["BEGIN", "SELECT 1", "COMMIT"]);
}

#[test]
fn a_connection_that_outlives_its_runtime_is_closed() {
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
    };
    let (first, second) = (runtime(), runtime());
    let engine = builder().build().unwrap();
    let conn = first.block_on(async {
        let mut conn = engine.acquire().await.unwrap();
        conn.execute("BEGIN").await.unwrap();
        conn
    });
    drop(first);
    assert_eq!(engine.pool_status().open, 1);
    second.block_on(async { drop(conn) });
    assert_eq!(engine.pool_status().open, 0);
}

#[tokio::test]
async fn the_name_of_the_program_is_told() {
    let engine = builder()
        .application_name("the till")
        .connect()
        .await
        .unwrap();
    let mut conn = engine.acquire().await.unwrap();
    let name: String = conn.fetch_scalar("SHOW application_name").await.unwrap();
    assert_eq!(name, "the till");
}
