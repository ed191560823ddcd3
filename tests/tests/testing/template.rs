//! One template for many tests, whatever happens to the one that builds it.

use std::sync::atomic::{AtomicUsize, Ordering};

use orm_core::error::{Error, Result};
use orm_core::testing::TestDb;

use crate::support::{block_on, connect, execute, exists};

#[test]
fn forty_tests_at_once_clone_one_template() {
    static BUILT: AtomicUsize = AtomicUsize::new(0);

    // As the test harness does it: a thread and a runtime for each.
    let tests: Vec<_> = (0..40)
        .map(|number| {
            std::thread::spawn(move || {
                block_on(async move {
                    let db = TestDb::from_template("forty", async |url| {
                        BUILT.fetch_add(1, Ordering::SeqCst);
                        let tables: String = (0..20)
                            .map(|t| {
                                format!("create table t{t} (id int primary key, name text unique);")
                            })
                            .collect();
                        execute(url, &tables).await?;
                        execute(url, "insert into t0 values (0, 'from the template')").await
                    })
                    .await
                    .expect("a clone");
                    let client = connect(db.url()).await;
                    client
                        .execute("insert into t0 values ($1, 'mine')", &[&(number + 1)])
                        .await
                        .expect("it inserts");
                    let row = client
                        .query_one("select count(*), max(id) from t0", &[])
                        .await
                        .expect("it counts");
                    assert_eq!(
                        (row.get::<_, i64>(0), row.get::<_, i32>(1)),
                        (2, number + 1)
                    );
                });
            })
        })
        .collect();
    for test in tests {
        test.join().expect("it passes");
    }
    assert_eq!(BUILT.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn keys_that_read_alike_are_different_templates() -> Result<()> {
    let a = TestDb::from_template("alike, a'\"b", async |url| {
        execute(url, "create table a ()").await
    })
    .await?;
    let b = TestDb::from_template("alike, a\"'b", async |url| {
        execute(url, "create table b ()").await
    })
    .await?;
    execute(a.url(), "table a").await?;
    execute(b.url(), "table b").await
}

#[tokio::test]
async fn a_connection_left_open_by_the_setup_does_not_hinder_clones() -> Result<()> {
    let mut left_open = None;
    let _db = TestDb::from_template("left open", async |url| {
        left_open = Some(connect(url).await);
        Ok(())
    })
    .await?;
    let client = left_open.expect("the setup ran");
    assert!(client.simple_query("select 1").await.is_err());
    Ok(())
}

#[tokio::test]
async fn after_a_setup_that_fails_the_next_one_builds() -> Result<()> {
    let mut half_made = String::new();
    let outcome = TestDb::from_template("fails once", async |url| {
        half_made = connect(url)
            .await
            .query_one("select current_database()", &[])
            .await
            .expect("it answers")
            .get(0);
        Err(Error::config("on purpose"))
    })
    .await;
    let error = outcome.expect_err("the setup's own error").to_string();
    assert!(error.contains("on purpose"), "{error}");
    assert!(!exists(&half_made).await);

    let db = TestDb::from_template("fails once", async |url| {
        execute(url, "create table t ()").await
    })
    .await?;
    execute(db.url(), "table t").await
}

#[test]
fn a_builder_whose_runtime_goes_away_wedges_nobody() {
    let key = "runtime goes away";
    let (started, has_started) = std::sync::mpsc::channel();
    let builder = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    builder.spawn(TestDb::from_template(key, async move |_: &str| {
        started.send(()).expect("the test waits for it");
        std::future::pending().await
    }));
    has_started.recv().expect("the first one builds");

    let waiter = std::thread::spawn(move || {
        block_on(async {
            let db =
                TestDb::from_template(key, async |url| execute(url, "create table t ()").await)
                    .await?;
            execute(db.url(), "table t").await
        })
    });
    drop(builder);
    waiter
        .join()
        .expect("it does not panic")
        .expect("the second one builds in its place");
}
