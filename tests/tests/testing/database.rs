//! A database is one's own, and is dropped, whatever happens to its test.

use orm_core::error::Result;
use orm_core::testing::TestDb;

use crate::support::{block_on, connect, execute, exists};

#[tokio::test]
async fn two_databases_are_isolated() -> Result<()> {
    let (one, two) = (TestDb::new().await?, TestDb::new().await?);
    execute(
        one.url(),
        "create table t (id int); insert into t values (1)",
    )
    .await?;
    execute(two.url(), "create table t (name text)").await?;

    let rows = connect(two.url())
        .await
        .query("select name from t", &[])
        .await
        .expect("it has the column");
    assert!(rows.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_new_database_is_empty_and_knows_unicode() -> Result<()> {
    let db = TestDb::new().await?;
    let client = connect(db.url()).await;
    let row = client
        .query_one(
            "select current_database(), (select count(*) from pg_tables where schemaname = 'public'), upper('äß')",
            &[],
        )
        .await
        .expect("it answers");
    assert_eq!(row.get::<_, String>(0), db.name());
    assert_eq!(row.get::<_, i64>(1), 0);
    assert!(row.get::<_, String>(2).starts_with('Ä'));
    Ok(())
}

#[tokio::test]
async fn a_dropped_database_is_gone_although_a_connection_was_open() -> Result<()> {
    let db = TestDb::new().await?;
    let name = db.name().to_owned();
    let client = connect(db.url()).await;
    assert!(exists(&name).await);
    drop(db);
    assert!(!exists(&name).await);
    assert!(client.simple_query("select 1").await.is_err());
    Ok(())
}

#[tokio::test]
async fn a_prepared_transaction_does_not_keep_a_database() -> Result<()> {
    let db = TestDb::new().await?;
    let name = db.name().to_owned();
    let prepared = execute(
        db.url(),
        "create table t (id int); begin; insert into t values (1); prepare transaction 'it''s left';",
    );
    if let Err(error) = prepared.await {
        // Servers have it switched off by default; the throw-away one has it on.
        assert!(std::env::var_os("DATABASE_URL").is_some(), "{error}");
    }
    drop(db);
    assert!(!exists(&name).await);
    Ok(())
}

#[test]
fn the_database_of_a_test_that_panics_is_dropped() {
    let (sender, name) = std::sync::mpsc::channel();
    let outcome = std::thread::spawn(move || {
        block_on(async {
            let db = TestDb::new().await.expect("a database");
            let _client = connect(db.url()).await;
            sender
                .send(db.name().to_owned())
                .expect("the test waits for it");
            panic!("on purpose");
        })
    })
    .join();
    assert!(outcome.is_err());

    assert!(!block_on(exists(
        &name.recv().expect("it got as far as that")
    )));
}

#[tokio::test(flavor = "multi_thread")]
async fn both_ways_to_a_database_can_be_spawned() -> Result<()> {
    let table = "create table spawned (id int)".to_owned();
    let task = tokio::spawn(async move {
        let _empty = TestDb::new().await?;
        let db = TestDb::from_template("spawned", async |url| execute(url, &table).await).await?;
        execute(db.url(), "insert into spawned values (1)").await
    });
    task.await.expect("it does not panic")
}
